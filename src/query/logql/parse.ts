import { aggregators, type Aggregator, type Grouping } from '../metrics/aggregate.ts'
import {
  comparisons,
  divisionOfLogql,
  isComparison,
  isSetOperator,
  scalarBinary,
  type Matching,
  type Operator,
} from '../metrics/binary.ts'
import { syntaxError, unsupported } from '../metrics/failure.ts'
import { labelReplaceOf } from '../metrics/label-replace.ts'
import type { LogqlNode, LogQuery, MetricNode } from './ast.ts'
import { StageReader } from './parse-stages.ts'

const precedence: ReadonlyMap<string, number> = new Map([
  ['or', 1],
  ['and', 2],
  ['unless', 2],
  ...comparisons.map((comparison): [string, number] => [comparison, 3]),
  ['+', 4],
  ['-', 4],
  ['*', 5],
  ['/', 5],
  ['%', 5],
  ['^', 6],
])

const rangeFunctions: ReadonlySet<string> = new Set(
  (
    'rate count_over_time bytes_rate bytes_over_time absent_over_time sum_over_time avg_over_time min_over_time ' +
    'max_over_time rate_counter first_over_time last_over_time stddev_over_time stdvar_over_time quantile_over_time'
  ).split(' '),
)
const plainFunctions: ReadonlySet<string> = new Set([
  'rate',
  'count_over_time',
  'bytes_rate',
  'bytes_over_time',
  'absent_over_time',
])
const ungrouped: ReadonlySet<string> = new Set(['sum_over_time', 'rate_counter'])
/** This function is an approximation in Loki, and exact here. */
const approximateTop = 'approx_topk'

export function parseLogql(text: string): LogqlNode {
  if (!text.isWellFormed()) throw syntaxError('invalid UTF-8 encoding')
  return new Parser(text).whole()
}

/** Value of an expression without lines and vectors. */
export function constantOf(node: LogqlNode): number | undefined {
  if (node.is === 'number') return node.value
  if (node.is !== 'binary') return undefined
  const [left, right] = [constantOf(node.left), constantOf(node.right)]
  return left === undefined || right === undefined ? undefined : scalarBinary(node.operator, left, right)
}

/** Parses a selector with a pipeline. */
export function parseLogs(text: string): LogQuery {
  const node = parseLogql(text)
  if (node.is !== 'logs') throw syntaxError('only label matchers and a pipeline are supported here')
  return node
}

class Parser extends StageReader {
  whole(): LogqlNode {
    const node = this.#selectorAhead() ? this.logs() : this.#expression(0)
    if (!this.isEnded) throw this.unexpected()
    if (node.is === 'logs' && node.stages.some(({ is }) => is === 'unwrap'))
      throw syntaxError('unwrap is only allowed in a metric query')
    return node
  }

  #selectorAhead(): boolean {
    let at = 0
    for (let token = this.ahead(at); token !== undefined && this.is('(', token); token = this.ahead(at)) at++
    const token = this.ahead(at)
    return token !== undefined && this.is('{', token)
  }

  #expression(least: number): MetricNode {
    return this.nested(() => this.#binary(least))
  }

  #binary(least: number): MetricNode {
    let leftOperand = this.#primary()
    for (;;) {
      const { kind, text } = this.token
      const binds = kind === 'word' || kind === 'sign' ? (precedence.get(text) ?? 0) : 0
      if (binds <= least) break
      this.next()
      this.countOperator()
      const operator = text === '/' ? divisionOfLogql : (text as Operator)
      const bool = this.takeWord('bool')
      if (bool && !isComparison(operator)) throw syntaxError('bool modifier can only be used on comparison operators')
      const matching = this.#matching(operator)
      const right = this.#expression(operator === '^' ? binds - 1 : binds)
      if (isSetOperator(operator))
        for (const [leg, node] of Object.entries({ left: leftOperand, right })) {
          const literal = constantOf(node)
          if (literal !== undefined)
            throw syntaxError(`unexpected literal for ${leg} leg of logical/set binary operation (${text}): ${literal}`)
        }
      leftOperand = { is: 'binary', operator, left: leftOperand, right, bool, matching }
    }
    return leftOperand
  }

  #matching(operator: Operator): Matching {
    const isOn = this.takeWord('on')
    if (!isOn && !this.takeWord('ignoring')) return { on: false, labels: [], include: [] }
    const labels = this.#labels()
    const isLeft = this.takeWord('group_left')
    if (!isLeft && !this.takeWord('group_right')) return { on: isOn, labels, include: [] }
    if (isSetOperator(operator)) throw syntaxError(`no grouping allowed for "${operator}" operation`)
    return { on: isOn, labels, group: isLeft ? 'left' : 'right', include: this.is('(') ? this.#labels() : [] }
  }

  #labels(): string[] {
    const labels: string[] = []
    this.need('(')
    while (!this.is(')')) {
      labels.push(this.needKind('word').text)
      if (!this.take(',')) break
    }
    this.need(')')
    return labels
  }

  #primary(): MetricNode {
    if (this.take('(')) {
      const inner = this.#expression(0)
      this.need(')')
      return inner
    }
    const isMinus = this.take('-')
    if (isMinus || this.take('+') || this.token.kind === 'number') {
      const { value } = this.needKind('number')
      return { is: 'number', value: isMinus ? -value : value }
    }
    const name = this.needKind('word').text
    if (name === 'vector') {
      this.need('(')
      const { value } = this.needKind('number')
      this.need(')')
      return { is: 'vector', value }
    }
    const aggregator = aggregators.find((candidate) => candidate === name)
    if (aggregator !== undefined || name === approximateTop) return this.#aggregate(aggregator ?? 'topk', name)
    if (rangeFunctions.has(name)) return this.#range(name)
    if (name === 'label_replace') return this.#labelReplace()
    if (name === 'sort' || name === 'sort_desc') {
      this.need('(')
      const operand = this.#expression(0)
      this.need(')')
      return { is: 'sort', descending: name === 'sort_desc', of: operand }
    }
    if (name === 'variants') throw unsupported(`The function ${name}`)
    throw syntaxError(`unknown function ${name}`)
  }

  #labelReplace(): MetricNode {
    this.need('(')
    const operand = this.#expression(0)
    const texts = Array.from({ length: 4 }, () => {
      this.need(',')
      return this.needKind('text').text
    })
    this.need(')')
    return { is: 'replace', replace: labelReplaceOf(...(texts as [string, string, string, string])), of: operand }
  }

  #grouping(): Grouping | undefined {
    const isWithout = this.takeWord('without')
    return isWithout || this.takeWord('by') ? { without: isWithout, labels: this.#labels() } : undefined
  }

  #aggregate(aggregator: Aggregator, name: string): MetricNode {
    if (['quantile', 'count_values', 'group'].includes(name)) throw syntaxError(`unknown aggregation ${name}`)
    let grouping = this.#grouping()
    this.need('(')
    const isTop = aggregator === 'topk' || aggregator === 'bottomk'
    const parameter = isTop ? this.needKind('number').value : 0
    if (!Number.isInteger(parameter)) throw syntaxError(`invalid parameter ${name}(${parameter},`)
    if (isTop && parameter <= 0) throw syntaxError(`invalid parameter (must be greater than 0) ${name}(${parameter}`)
    if (isTop) this.need(',')
    const operand = this.#expression(0)
    this.need(')')
    grouping ??= this.#grouping()
    const instant = name === approximateTop
    if (instant && grouping !== undefined) throw syntaxError(`grouping not allowed for ${name} aggregation`)
    return {
      is: 'aggregate',
      aggregator,
      grouping: grouping ?? { without: false, labels: [] },
      parameter,
      instant,
      of: operand,
    }
  }

  #range(name: string): MetricNode {
    this.need('(')
    const isQuantile = name === 'quantile_over_time'
    const parameter = isQuantile ? this.needKind('number').value : undefined
    if (isQuantile) this.need(',')
    const before = this.logs()
    this.need('[')
    const range = Math.round(this.needKind('duration').value)
    this.need(']')
    const after = this.stages()
    const offset = this.takeWord('offset') ? Math.round((this.take('-') ? -1 : 1) * this.needKind('duration').value) : 0
    this.need(')')
    const grouping = this.#grouping()
    const logs = { ...before, stages: [...before.stages, ...after] }
    const unwraps = logs.stages.filter(({ is }) => is === 'unwrap').length
    if (unwraps > 1) throw syntaxError('only one unwrap is allowed')
    if (unwraps === 0 && !plainFunctions.has(name)) throw syntaxError(`invalid aggregation ${name} without unwrap`)
    if (unwraps === 1 && plainFunctions.has(name) && name !== 'rate' && name !== 'absent_over_time')
      throw syntaxError(`invalid aggregation ${name} with unwrap`)
    if (grouping !== undefined && (plainFunctions.has(name) || ungrouped.has(name)))
      throw syntaxError(`grouping not allowed for ${name} aggregation`)
    return { is: 'range', name, logs, range, offset, grouping, parameter }
  }
}
