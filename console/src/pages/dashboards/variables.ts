import { dashboardsText } from './text.ts'
import type { Variable } from './definition.ts'

type SqlValue = string | number | readonly string[] | readonly number[]

/** Items in quotes are texts also if they look like numbers. */
const listItem = /\s*(?:"((?:\\.|[^"\\])*)"|([^",][^,]*?|))\s*(?:,|$)/y

export function itemsOf(value: string): readonly string[] | readonly number[] {
  if (value.trim() === '') return []
  const items: { text: string; isNumber: boolean }[] = []
  for (let at = 0; at <= value.length;) {
    listItem.lastIndex = at
    const match = listItem.exec(value)
    if (match === null) throw new Error(dashboardsText.openQuote(value))
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
  if (!isNumber(value)) throw new Error(dashboardsText.notANumber(name))
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
