/** Values of templates and their text. Integers are `bigint`, floats are `number`, as in Go. */
import { formatGoTime } from './go-time.ts'

/** Ns since 1970. */
export type TemplateTime = Readonly<{ ns: bigint }>
export type TemplateValue =
  | string
  | bigint
  | number
  | boolean
  | null
  | undefined
  | TemplateTime
  | readonly TemplateValue[]
  | TemplateMap
export type TemplateMap = { readonly [name: string]: TemplateValue }

/** A value that a template cannot use. The line stays, with an error label. */
export class TemplateError extends Error {}

/** As the verb %v of Go. */
export function textOf(value: TemplateValue): string {
  if (value === undefined) return '<no value>'
  if (value === null) return '<nil>'
  if (typeof value === 'number') return floatText(value)
  if (typeof value !== 'object') return String(value)
  if (isTime(value)) return formatGoTime(value.ns, '2006-01-02 15:04:05.999999999 -0700 MST')
  if (Array.isArray(value)) return `[${value.map((item: TemplateValue) => textOf(item)).join(' ')}]`
  const entries = Object.entries(value as TemplateMap).sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[${entries.map(([name, entry]) => `${name}:${textOf(entry)}`).join(' ')}]`
}

export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [, digits = '', exponent = ''] = /^(.*)e([+-]\d+)$/.exec(value.toExponential()) ?? []
  const power = Number(exponent)
  if (power >= -4 && power < 6) return String(value)
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}

export function isTime(value: TemplateValue): value is TemplateTime {
  return typeof value === 'object' && value !== null && 'ns' in value && typeof value.ns === 'bigint'
}

/** Zero and empty values are false. */
export function isTrue(value: TemplateValue): boolean {
  if (typeof value !== 'object' || value === null) return Boolean(value)
  if (isTime(value)) return true
  return (Array.isArray(value) ? value : Object.keys(value)).length > 0
}

/** Verbs s, v, d, q, t, x, f, e and g with flags, width and precision. */
export function printed(format: string, ...values: TemplateValue[]): string {
  let at = 0
  return format.replace(
    /%([-+ 0#]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g,
    (_, flags: string, width: string, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%'
      if (at >= values.length) return `%!${verb}(MISSING)`
      const value = values[at++]
      let shown = verbText(verb, value, precision)
      if (flags.includes('+') && typeof value !== 'string' && !shown.startsWith('-')) shown = `+${shown}`
      const length = Math.min(Number(width), 10_000)
      if (flags.includes('-')) return shown.padEnd(length)
      if (!flags.includes('0') || typeof value === 'string') return shown.padStart(length)
      return /^[+-]/.test(shown) ? shown[0]! + shown.slice(1).padStart(length - 1, '0') : shown.padStart(length, '0')
    },
  )
}

function verbText(verb: string, value: TemplateValue, precision: string | undefined): string {
  if (verb === 'v') return textOf(value)
  if (verb === 's' && typeof value === 'string')
    return precision === undefined ? value : value.slice(0, Number(precision))
  if (verb === 'q' && typeof value === 'string') return JSON.stringify(value)
  if (verb === 't' && typeof value === 'boolean') return String(value)
  if (verb === 'd' && typeof value === 'bigint') return String(value)
  if (verb === 'x' && typeof value === 'bigint') return value.toString(16)
  if (verb === 'x' && typeof value === 'string') return Buffer.from(value).toString('hex')
  if (typeof value === 'number') {
    if (verb === 'f') return value.toFixed(Number(precision ?? 6))
    if (verb === 'g') return floatText(value)
    if (verb === 'e') return value.toExponential(Number(precision ?? 6)).replace(/e([+-])(\d)$/, 'e$10$2')
  }
  const type =
    typeof value === 'bigint'
      ? 'int'
      : typeof value === 'number'
        ? 'float64'
        : typeof value === 'boolean'
          ? 'bool'
          : typeof value
  return `%!${verb}(${type}=${textOf(value)})`
}
