/** Values of expressions in Go source: texts, numbers, times and labels of Loki's tests. */
import type { GoExpression } from './go-expressions.ts'

type Names = ReadonlyMap<string, string | number>

/** Constants of Go and of Loki. Durations and times are in ns. */
const constants: Names = new Map<string, string | number>([
  ['time.Nanosecond', 1],
  ['time.Microsecond', 1e3],
  ['time.Millisecond', 1e6],
  ['time.Second', 1e9],
  ['time.Minute', 6e10],
  ['time.Hour', 3.6e12],
  ['math.MaxInt64', Number.MAX_SAFE_INTEGER],
  ['testSize', 300],
  ['logqlmodel.ErrorLabel', '__error__'],
  ['logqlmodel.ErrorDetailsLabel', '__error_details__'],
  ['logqlmodel.PreserveErrorLabel', '__preserve_error__'],
  ['errJSON', 'JSONParserErr'],
  ['errLogfmt', 'LogfmtParserErr'],
  ['errSampleExtraction', 'SampleExtractionErr'],
  ['errLabelFilter', 'LabelFilterErr'],
  ['errTemplateFormat', 'TemplateFormatErr'],
])

/** `name` of a call or a composite, or the name itself. */
export function nameOf(value: GoExpression): string {
  if (value.is === 'name') return value.name
  if (value.is === 'call') return nameOf(value.of)
  return value.is === 'composite' ? value.type : ''
}

export const isNil = (value: GoExpression): boolean => value.is === 'name' && value.name === 'nil'

export function listOf(value: GoExpression): readonly GoExpression[] {
  if (value.is === 'call') return value.list
  return value.is === 'composite' ? value.elements.map((element) => element.value) : []
}

/** The field of a literal with names, or by its place. */
export function memberOf(value: GoExpression, name: string, at = -1): GoExpression | undefined {
  if (value.is !== 'composite') return undefined
  const named = value.elements.find(({ key }) => key?.is === 'name' && key.name === name)
  return named?.value ?? (value.elements[at]?.key === undefined ? value.elements[at]?.value : undefined)
}

/** Undefined: the expression has no value that is known here. */
export function textOf(value: GoExpression): string | undefined {
  if (value.is === 'text') return value.text
  if (value.is === 'name') {
    const constant = constants.get(value.name)
    return typeof constant === 'string' ? constant : undefined
  }
  if (value.is === 'binary') {
    const [left, right] = [textOf(value.left), textOf(value.right)]
    return value.operator === '+' && left !== undefined && right !== undefined ? left + right : undefined
  }
  if (value.is === 'composite' && value.type === '[]byte') return bytesOf(value)
  if (value.is !== 'call') return undefined
  const [first] = value.list
  if (['[]byte', 'string'].includes(nameOf(value))) return first === undefined ? undefined : textOf(first)
  if (nameOf(value) === '.String') return timeTextOf(first!)
  return undefined
}

function bytesOf(value: GoExpression): string {
  return Buffer.from(listOf(value).map((goExpression) => numberOf(goExpression) ?? 0)).toString('utf8')
}

/** A time as Go prints it in UTC. */
function timeTextOf(value: GoExpression): string | undefined {
  const [first, second] = listOf(value).map(numberOf)
  const unit = { 'time.Unix': 1_000_000_000n, 'time.UnixMilli': 1_000_000n, 'time.UnixMicro': 1000n }[nameOf(value)]
  if (first === undefined || unit === undefined) return undefined
  const ns = BigInt(first) * unit + BigInt(second ?? 0)
  const rest = ns % 1_000_000_000n
  const digits = rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`
  return `${new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19).replace('T', ' ')}${digits} +0000 UTC`
}

export function numberOf(value: GoExpression): number | undefined {
  switch (value.is) {
    case 'number':
      return value.value
    case 'negative': {
      const inner = numberOf(value.of)
      return inner === undefined ? undefined : -inner
    }
    case 'name': {
      const constant = constants.get(value.name)
      return typeof constant === 'number' ? constant : undefined
    }
    case 'binary': {
      const [left, right] = [numberOf(value.left), numberOf(value.right)]
      if (left === undefined || right === undefined) return undefined
      if (value.operator === '*') return left * right
      if (value.operator === '/') return left / right
      return value.operator === '+' ? left + right : left - right
    }
    case 'call':
      return calledNumber(nameOf(value), value.list)
    default:
      return undefined
  }
}

function calledNumber(name: string, list: readonly GoExpression[]): number | undefined {
  const [first, second] = list.map(numberOf)
  switch (name) {
    case 'time.Unix':
      return first === undefined ? undefined : first * 1e9 + (second ?? 0)
    case 'time.UnixMilli':
      return first === undefined ? undefined : first * 1e6
    case 'time.UnixMicro':
      return first === undefined ? undefined : first * 1e3
    case 'math.NaN':
      return NaN
    case 'math.Inf':
      return first === undefined ? undefined : first * Infinity
    case 'math.Pow':
      return first === undefined || second === undefined ? undefined : first ** second
    case 'float64':
    case 'int64':
    case '.UnixNano':
      return first
    default:
      return undefined
  }
}

export function truthOf(value: GoExpression): boolean {
  return value.is === 'name' && value.name === 'true'
}

/** Labels in `labels.FromStrings(…)`, `labels.EmptyLabels()` or `map[string]string{…}`. */
export function labelsOf(value: GoExpression): Record<string, string> | undefined {
  const name = nameOf(value)
  if (isNil(value) || name === 'labels.EmptyLabels') return {}
  if (value.is === 'composite' && name.startsWith('map[string]string'))
    return labelsFrom(value.elements.flatMap((element) => [element.key, element.value]))
  return name === 'labels.FromStrings' ? labelsFrom(listOf(value)) : undefined
}

function labelsFrom(list: readonly (GoExpression | undefined)[]): Record<string, string> | undefined {
  const texts = list.map((goExpression) => (goExpression === undefined ? undefined : textOf(goExpression)))
  if (texts.some((text) => text === undefined)) return undefined
  return Object.fromEntries(texts.flatMap((text, at) => (at % 2 === 0 ? [[text, texts[at + 1]]] : []))) as Record<
    string,
    string
  >
}

/** Names replaced by the expressions of variables. */
export function resolved(value: GoExpression, variables: ReadonlyMap<string, GoExpression>): GoExpression {
  if (value.is === 'name') {
    const variable = variables.get(value.name)
    if (variable !== undefined) return variable
    const method = /^(\w+)\.(\w+)$/.exec(value.name)
    const of = method === null ? undefined : variables.get(method[1]!)
    return of === undefined ? value : { is: 'call', of: { is: 'name', name: `.${method![2]}` }, list: [of] }
  }
  if (value.is === 'call') {
    const of = resolved(value.of, variables)
    const isMethod = of.is === 'call' && of.list.length === 1 && value.list.length === 0
    return isMethod ? of : { ...value, of, list: value.list.map((goExpression) => resolved(goExpression, variables)) }
  }
  return value
}
