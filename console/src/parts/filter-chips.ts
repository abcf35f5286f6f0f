/** A filter as conditions joined with `and`: the chips and the text of the filter box are two forms of it. */

export type Condition = Readonly<{
  /** In the filter: [from, to). */
  from: number
  to: number
  text: string
}>

type Word = Readonly<{ text: string; from: number; to: number; depth: number }>

/** Words outside quotes with the depth of parentheses; undefined: an open quote or parenthesis. */
function wordsOf(filter: string): readonly Word[] | undefined {
  const words: Word[] = []
  let depth = 0
  for (const { 0: text, index } of filter.matchAll(/(["'])(?:\\[^]|(?!\1)[^])*(\1|$)|[()]|[^\s()"']+/g)) {
    if (/^["']/.test(text) && (text.length === 1 || text.at(-1) !== text[0])) return undefined
    if (text === ')') depth--
    if (depth < 0) return undefined
    words.push({ text, from: index, to: index + text.length, depth })
    if (text === '(') depth++
  }
  return depth === 0 ? words : undefined
}

/** A filter with `or` outside parentheses, or an incomplete one, is a single condition. */
export function conditionsOf(filter: string): readonly Condition[] {
  const words = wordsOf(filter)
  const text = filter.trim()
  if (text === '') return []
  const from = filter.indexOf(text)
  const whole = [{ from, to: from + text.length, text }]
  const top = words?.filter(({ depth }) => depth === 0)
  if (words === undefined || top === undefined || top.some((word) => /^or$/i.test(word.text))) return whole
  const conditions: Condition[] = []
  let begin = from
  for (const word of [...top.filter(({ text: word }) => /^and$/i.test(word)), undefined]) {
    const part = filter.slice(begin, word?.from ?? from + text.length)
    const trimmed = part.trim()
    if (trimmed === '') return whole
    const start = begin + part.indexOf(trimmed)
    conditions.push({ from: start, to: start + trimmed.length, text: trimmed })
    begin = word?.to ?? begin
  }
  return conditions
}

export function replaced(filter: string, { from, to }: Condition, text: string): string {
  return filter.slice(0, from) + text + filter.slice(to)
}

export function without(filter: string, condition: Condition): string {
  return conditionsOf(filter)
    .filter(({ from }) => from !== condition.from)
    .map(({ text }) => text)
    .join(' and ')
}

const opposites: Readonly<Record<string, string>> = { '=': '!=', '!=': '=', '~': '!~', '!~': '~' }
const oneTest = /^([A-Za-z_][\w.]*)\s*(!=|!~|=|~)\s*([^<>=~!]|$)/

/** The rows that the condition does not select. */
export function inverted(text: string): string {
  const inner = /^not\s+([^]+)$/i.exec(text)?.[1]
  if (inner !== undefined && !hasOr(inner)) return withoutParentheses(inner)
  if (hasOr(text)) return `not (${text})`
  const [, name, operator = '', next] = oneTest.exec(text) ?? []
  const opposite = opposites[operator]
  if (name !== undefined && opposite !== undefined && next !== undefined)
    return `${name} ${opposite} ${text.slice(text.indexOf(operator) + operator.length).trimStart()}`
  return `not ${text}`
}

function hasOr(text: string) {
  return wordsOf(text)?.some(({ text: word, depth }) => depth === 0 && /^or$/i.test(word)) ?? true
}

function withoutParentheses(text: string) {
  if (!/^\([^]*\)$/.test(text)) return text
  const words = wordsOf(text) ?? []
  const isOne = words.slice(1, -1).every(({ depth }) => depth > 0)
  const inner = text.slice(1, -1).trim()
  return isOne && !words.some(({ text: word, depth }) => depth === 1 && /^(?:and|or)$/i.test(word)) ? inner : text
}

/** A condition in the terms of a reader; undefined: it has no shorter form. */
type ConditionTerms = Readonly<{
  is: 'address' | 'socket' | 'port' | 'protocol' | 'text' | 'value'
  value: string
  not: boolean
  end?: 'any' | 'src' | 'dst'
  field?: string
}>

const value = String.raw`("(?:\\.|[^"\\])*"|[^\s"'(),=!<>~*]+)`
const forms: readonly (readonly [RegExp, (found: readonly string[]) => Omit<ConditionTerms, 'not'>])[] = [
  [
    new RegExp(String.raw`^either\(\s*addr = ${value} and port = (\d+)\s*\)$`),
    ([, address = '', port = '']) => ({ is: 'socket', end: 'any', value: socket(address, port) }),
  ],
  [
    new RegExp(String.raw`^(any|src|dst)[._](addr|port)\s*=\s*${value}$`),
    ([, end, part, text = '']) => ({
      is: part === 'addr' ? 'address' : 'port',
      end: end as 'any',
      value: plain(text),
    }),
  ],
  [/^proto\s*=\s*(\w+)$/, ([, text = '']) => ({ is: 'protocol', value: text.toUpperCase() })],
  [/^text\s*~\s*"(?:\(\?i\))?((?:\\.|[^"\\])*)"$/, ([, text = '']) => ({ is: 'text', value: searched(text) })],
  [
    new RegExp(String.raw`^([A-Za-z_][\w.]*)\s*=\s*${value}$`),
    ([, field = '', text = '']) => ({ is: 'value', field, value: plain(text) }),
  ],
]

export function termsOf(text: string): ConditionTerms | undefined {
  const not = /^not\s/i.test(text) || /^[A-Za-z_][\w.]*\s*![=~]/.test(text)
  const positive = not ? inverted(text) : text
  for (const [form, read] of forms) {
    const match = form.exec(positive)
    if (match !== null) return { ...read([...match]), not }
  }
  return undefined
}

function plain(written: string) {
  return written.startsWith('"') ? written.slice(1, -1).replaceAll(/\\(["\\])/g, '$1') : written
}

/** The text of a search: the language quotes it, and the expression escapes its signs. */
function searched(pattern: string) {
  return plain(`"${pattern}"`)
    .replaceAll('\\b', '')
    .replaceAll(/\\([^\w])/g, '$1')
}

function socket(address: string, port: string) {
  const text = plain(address)
  return text.includes(':') ? `[${text}]:${port}` : `${text}:${port}`
}
