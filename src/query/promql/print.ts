/** PromQL as text in canonical form, and as the tree that Prometheus' API has. */
import { isComparison } from '../metrics/binary.ts'
import { metricName } from '../metrics/labels.ts'
import type { Matcher } from '../metrics/matchers.ts'
import { numberText } from '../metrics/values.ts'
import type { Aggregate, Binary, Node, Selector, Shift } from './ast.ts'
import { functions } from './signatures.ts'
import { typeOf } from './types.ts'

const quoted = (text: string): string => JSON.stringify(text)
const plainName = /^[a-zA-Z_:][\w:]*$/
const plainLabel = /^[a-zA-Z_]\w*$/
const labelText = (name: string): string => (plainLabel.test(name) ? name : quoted(name))
const listText = (names: readonly string[]): string => `(${names.map(labelText).join(', ')})`

const units = [
  ['y', 31_536_000_000],
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/** Text of a duration in ms; only exact multiples have years, weeks and days. */
function durationText(ms: number): string {
  let text = ms < 0 ? '-' : ''
  let rest = Math.abs(ms)
  if (rest === 0) return '0s'
  for (const [unit, size] of units) {
    const isExactOnly = unit === 'y' || unit === 'w' || unit === 'd'
    if (rest < size || (isExactOnly && rest % size !== 0)) continue
    text += `${Math.floor(rest / size)}${unit}`
    rest %= size
  }
  return text
}

function shiftText({ offset, at }: Shift): string {
  const moment = at === undefined ? '' : typeof at === 'number' ? ` @ ${(at / 1000).toFixed(3)}` : ` @ ${at}()`
  const shown = offset === 0 ? '' : ` offset ${durationText(offset)}`
  return moment + shown
}

function nameOf({ matchers }: Selector): string | undefined {
  const named = matchers.find(
    ({ name, operator, value }) => name === metricName && operator === '=' && plainName.test(value),
  )
  return named?.value
}

function selectorText(selector: Selector): string {
  const name = nameOf(selector)
  const others = selector.matchers.filter(
    ({ name: label, operator }) => name === undefined || label !== metricName || operator !== '=',
  )
  const texts = others.map(({ name: label, operator, value }) =>
    label === metricName && operator === '=' ? quoted(value) : `${labelText(label)}${operator}${quoted(value)}`,
  )
  return `${name ?? ''}${texts.length === 0 && name !== undefined ? '' : `{${texts.join(',')}}`}`
}

function matchingText({ matching: { on, labels, group, include }, bool }: Binary): string {
  const isShown = on || labels.length > 0 || group !== undefined
  const joined = isShown ? ` ${on ? 'on' : 'ignoring'} ${listText(labels)}` : ''
  const grouped = group === undefined ? '' : ` group_${group} ${listText(include)}`
  return `${bool ? ' bool' : ''}${joined}${grouped}`
}

function aggregateText({ aggregator, grouping: { without, labels }, parameter, of }: Aggregate): string {
  const grouping = without || labels.length > 0 ? ` ${without ? 'without' : 'by'} ${listText(labels)} ` : ''
  return `${aggregator}${grouping}(${parameter === undefined ? '' : `${printed(parameter)}, `}${printed(of)})`
}

export function printed(node: Node): string {
  switch (node.is) {
    case 'number':
      return numberText(node.value)
    case 'string':
      return quoted(node.value)
    case 'negative':
      return `-${printed(node.of)}`
    case 'group':
      return `(${printed(node.of)})`
    case 'selector':
      return selectorText(node) + shiftText(node)
    case 'range':
      return `${selectorText(node.selector)}[${durationText(node.range)}]${shiftText(node.selector)}`
    case 'subquery': {
      const step = node.step === undefined ? '' : durationText(node.step)
      return `${printed(node.of)}[${durationText(node.range)}:${step}]${shiftText(node)}`
    }
    case 'call':
      return `${node.name}(${node.parameters.map(printed).join(', ')})`
    case 'aggregate':
      return aggregateText(node)
    case 'binary':
      return `${printed(node.left)} ${node.operator}${matchingText(node)} ${printed(node.right)}`
  }
}

const shiftTree = ({ offset, at }: Shift): object => ({
  offset,
  timestamp: typeof at === 'number' ? at : null,
  startOrEnd: typeof at === 'string' ? at : null,
})

const matcherTree = ({ name, operator, value }: Matcher): object => ({ type: operator, name, value })

const selectorTree = (selector: Selector): object => ({
  name: nameOf(selector) ?? '',
  ...shiftTree(selector),
  matchers: selector.matchers.map(matcherTree),
})

function matchingTree({ left, right, operator, matching: { on, labels, group, include } }: Binary): object | null {
  if (typeOf(left) !== 'vector' || typeOf(right) !== 'vector') return null
  const isSet = ['and', 'or', 'unless'].includes(operator)
  const card = isSet
    ? 'many-to-many'
    : group === undefined
      ? 'one-to-one'
      : group === 'left'
        ? 'many-to-one'
        : 'one-to-many'
  return { card, labels, on, include, fillValues: { lhs: null, rhs: null } }
}

export function treeOf(node: Node): object {
  switch (node.is) {
    case 'number':
      return { type: 'numberLiteral', val: numberText(node.value) }
    case 'string':
      return { type: 'stringLiteral', val: node.value }
    case 'negative':
      return { type: 'unaryExpr', op: '-', expr: treeOf(node.of) }
    case 'group':
      return { type: 'parenExpr', expr: treeOf(node.of) }
    case 'selector':
      return { type: 'vectorSelector', ...selectorTree(node) }
    case 'range':
      return { type: 'matrixSelector', range: node.range, ...selectorTree(node.selector) }
    case 'subquery':
      return { type: 'subquery', expr: treeOf(node.of), range: node.range, step: node.step ?? 0, ...shiftTree(node) }
    case 'call': {
      const { parameters, optional = 0, more, returns } = functions.get(node.name)!
      const variadic = more === undefined ? optional : -1
      const func = { name: node.name, argTypes: parameters, variadic, returnType: returns }
      return { type: 'call', func, args: node.parameters.map(treeOf) }
    }
    case 'aggregate': {
      const { without, labels } = node.grouping
      const param = node.parameter === undefined ? null : treeOf(node.parameter)
      return { type: 'aggregation', op: node.aggregator, expr: treeOf(node.of), param, grouping: labels, without }
    }
    case 'binary': {
      const bool = node.bool && isComparison(node.operator)
      const sides = { lhs: treeOf(node.left), rhs: treeOf(node.right) }
      return { type: 'binaryExpr', op: node.operator, ...sides, matching: matchingTree(node), bool }
    }
  }
}
