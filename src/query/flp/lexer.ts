import { FlpQueryProblem } from './tree.ts'

export type FlpToken = Readonly<{
  kind: 'name' | 'string' | 'number' | 'sign' | 'end'
  /** Text of the token; of a string without quotes and escapes. */
  text: string
  /** From 1, in UTF-16 units. */
  position: number
}>

const blanks = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/uy
const name = /[\p{L}_][\p{L}\p{Nd}_]*/uy
const digits = /\d[\w.]*/y
const sign = /=~|!=|!~|>=|<=|[=><()]/y
const raw = /`([^`]*)`/y
const quoted = /"((?:[^"\\\n]|\\.)*)"/y
const escaped = /\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.?))/gs
const controls: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}

/** Tokens of Go's text/scanner, as far as the language uses them. Throws FlpQueryProblem. */
export function flpTokens(query: string): readonly FlpToken[] {
  const results: FlpToken[] = []
  let at = 0
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at
    const match = pattern.exec(query) ?? undefined
    if (match !== undefined) at = pattern.lastIndex
    return match
  }
  for (;;) {
    take(blanks)
    const position = at + 1
    const push = (kind: FlpToken['kind'], text: string): void => void results.push({ kind, text, position })
    if (at >= query.length) {
      push('end', '')
      return results
    }
    const word = take(name)
    if (word !== undefined) {
      push('name', word[0])
      continue
    }
    const number = take(digits)
    if (number !== undefined) {
      if (!/^\d+$/.test(number[0]))
        throw new FlpQueryProblem(`position ${position}: ${number[0]} is not a decimal integer`)
      push('number', number[0])
      continue
    }
    const operator = take(sign)
    if (operator !== undefined) {
      push('sign', operator[0])
      continue
    }
    const plain = take(raw)
    if (plain !== undefined) {
      push('string', (plain[1] ?? '').replaceAll('\r', ''))
      continue
    }
    const text = take(quoted)
    if (text !== undefined) {
      push('string', unescaped(text[1] ?? '', position))
      continue
    }
    const character = String.fromCodePoint(query.codePointAt(at) ?? 0)
    throw new FlpQueryProblem(
      character === '"' || character === '`'
        ? `position ${position}: the string is not closed`
        : `position ${position}: ${character} is not part of the language${hintOf(character)}`,
    )
  }
}

function hintOf(character: string): string {
  if (character === "'") return '; write strings in double quotes'
  if (character === '-') return '; numbers are not negative'
  return character === '&' || character === '|' ? '; write `and` or `or`' : ''
}

function unescaped(text: string, position: number): string {
  return text.replace(escaped, (written, ...groups: readonly (string | undefined)[]) => {
    const [control, hex, short, long, octal] = groups
    if (control !== undefined) return controls[control] ?? ''
    const code = octal === undefined ? Number.parseInt(hex ?? short ?? long ?? '', 16) : Number.parseInt(octal, 8)
    // Escapes of single bytes above 0x7f would make the string invalid UTF-8.
    const limit = hex !== undefined || octal !== undefined ? 0x7f : 0x10ffff
    if (!(code <= limit) || (code >= 0xd800 && code <= 0xdfff))
      throw new FlpQueryProblem(
        `position ${position}: ${written} is not an escape; write the string in back quotes, or the backslash twice`,
      )
    return String.fromCodePoint(code)
  })
}
