import { panelText } from './text.ts'
import type { Panel, Variable } from './definition.ts'

type SqlValue = string | number | readonly string[] | readonly number[]

/** Items in quotes are texts also if they look like numbers. */
const listItem = /\s*(?:"((?:\\.|[^"\\])*)"|([^",][^,]*?|))\s*(?:,|$)/y

export function itemsOf(value: string): readonly string[] | readonly number[] {
  if (value.trim() === '') return []
  const items: { text: string; isNumber: boolean }[] = []
  for (let at = 0; at <= value.length;) {
    listItem.lastIndex = at
    const match = listItem.exec(value)
    if (match === null) throw new Error(panelText.openQuote(value))
    const [whole, quoted, plain = ''] = match
    const text = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain
    items.push({ text, isNumber: quoted === undefined && isNumber(plain) })
    at += whole.length
    if (!whole.endsWith(',')) break
  }
  return items.every((item) => item.isNumber) ? items.map(({ text }) => Number(text)) : items.map(({ text }) => text)
}

function isNumber(text: string) {
  return text.trim() !== '' && Number.isFinite(Number(text))
}

function valueOf({ name, value, type }: Variable): SqlValue {
  if (type === 'string') return value
  if (type === 'list') return itemsOf(value)
  if (!isNumber(value)) throw new Error(panelText.notANumber(name))
  return Number(value)
}

/** Values of the variables that a statement names, for its parameters. Throws if one has another type. */
export function parametersOf(sql: string, variables: readonly Variable[]): Readonly<Record<string, SqlValue>> {
  const named = new Set([...sql.matchAll(/\$([a-zA-Z]\w*)/g)].map(([, name]) => name))
  return Object.fromEntries(
    variables.filter(({ name }) => named.has(name)).map((variable) => [variable.name, valueOf(variable)]),
  )
}

const quoted = (text: string | number) => `"${String(text).replaceAll(/[\\"]/g, '\\$&')}"`

/** `$name` becomes the value as quoted texts of the filter language; inside a quoted text it stays. */
export function withVariables(filter: string, variables: readonly Variable[]): string {
  const variableByName = new Map(variables.map((variable) => [variable.name, variable]))
  return filter.replaceAll(
    /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\$([a-zA-Z]\w*)/g,
    (whole, name: string | undefined) => {
      const variable = name === undefined ? undefined : variableByName.get(name)
      if (variable === undefined) return whole
      if (variable.type !== 'list') return quoted(variable.value)
      return `(${filterItems(variable.value).map(quoted).join(', ')})`
    },
  )
}

/** A list that can't be read is one text, so that the filter stays valid. */
function filterItems(value: string): readonly (string | number)[] {
  try {
    return itemsOf(value)
  } catch {
    return [value]
  }
}

const mark = /\$(?:\{(\w+)(?::(\w+))?\}|(\w+))|\[\[(\w+)(?::(\w+))?\]\]/g

/** Texts in place of `$name`, `${name:format}` and `[[name]]`; undefined: it stays. */
function filled(text: string, textOf: (name: string, format: string) => string | undefined): string {
  return text.replaceAll(mark, (whole, ...parts: (string | undefined)[]) => {
    const [braced, bracedFormat, plain, bracketed, bracketedFormat] = parts
    const name = braced ?? plain ?? bracketed ?? ''
    return textOf(name, bracedFormat ?? bracketedFormat ?? '') ?? whole
  })
}

/** Replaces variables in titles, Markdown and parameters. */
export function inText(text: string, variables: readonly Variable[], between = ', '): string {
  return filled(text, (name) => {
    const variable = variables.find((candidate) => candidate.name === name)
    return variable?.type === 'list' ? filterItems(variable.value).join(between) : variable?.value
  })
}

/** An item of a list, in quotes if it needs them. */
export function itemText(item: string): string {
  return /^[\w.:/-]+$/.test(item) ? item : quoted(item)
}

/** Further parameters of the panel, with the values of variables. */
export function selected({ panel, variables }: Readonly<{ panel: Panel; variables: readonly Variable[] }>) {
  return Object.fromEntries(Object.entries(panel.select).map(([name, value]) => [name, inText(value, variables, ',')]))
}

/** Unix seconds; the step in seconds. */
export type Steps = Readonly<{ start: number; end: number; step: number }>

const leastWindow = 60
const inRegex = (text: string) => text.replaceAll(/[$()*+./?[\\\]^{|}-]/g, '\\$&')
const inQuotes = (text: string) => text.replaceAll(/[\\"]/g, '\\$&')

/** PromQL or LogQL with the values of variables: a list is a regular expression of its items, or of any text. */
export function inExpression(expr: string, variables: readonly Variable[], steps: Steps): string {
  const times = timesOf(steps)
  return filled(expr, (name, format) => {
    const time = times[name]
    if (time !== undefined) return time
    const variable = variables.find((candidate) => candidate.name === name)
    if (variable === undefined) return undefined
    if (format === 'raw') return variable.value
    if (variable.type !== 'list' && format !== 'regex') return inQuotes(variable.value)
    const items = variable.type === 'list' ? filterItems(variable.value).map(String) : [variable.value]
    if (items.length === 0) return '.*'
    const joined = items.map(inRegex).join('|')
    return inQuotes(items.length === 1 ? joined : `(${joined})`)
  })
}

/** The built-in variables of Grafana. */
function timesOf({ start, end, step }: Steps): Readonly<Record<string, string>> {
  const range = Math.max(1, end - start)
  const window = `${Math.max(leastWindow, 4 * step)}s`
  return {
    __interval: `${step}s`,
    __interval_ms: String(step * 1000),
    __rate_interval: window,
    __auto: window,
    __range: `${range}s`,
    __range_s: String(range),
    __range_ms: String(range * 1000),
  }
}
