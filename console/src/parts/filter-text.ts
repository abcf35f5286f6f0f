/** Filters as text, as docs/explain/query.md has them. */
import type { Part } from '../state/codec.ts'
import { text as textPart } from '../state/parts.ts'

/** A value as a literal of the filter language. */
export function literal(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return `"${String(value).replaceAll(/["\\]/g, (sign) => `\\${sign}`)}"`
}

/** Plain words are found anywhere in a row, where its view has a `text`; what speaks the language stays as it is. */
export function foundIn(text: string): string {
  const words = text.trim()
  if (words === '' || /[=<>~()!]|\b(?:in|exists)\b/i.test(words)) return words
  const anyCase = /[^\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Common}]/u.test(words) ? '' : '(?i)'
  return `text ~ ${literal(anyCase + words.replaceAll(/[\\^$.*+?|[\]{}]/g, '\\$&'))}`
}

/** The filter in the URL. Older links contain plain words instead of a filter. */
export function filterPart(): Part<string> {
  return { ...textPart(), read: foundIn }
}

/** The filter that says all of these. */
export function allOf(filters: readonly string[]): string {
  const said = filters.map((filter) => filter.trim()).filter((filter) => filter !== '')
  return said.length < 2
    ? (said[0] ?? '')
    : said.map((filter) => (/\bor\b/i.test(filter) ? `(${filter})` : filter)).join(' and ')
}

/** The filter that also says this. What it says already is not said again. */
export function andFilter(filter: string, condition: string): string {
  const parts = filter.trim().split(/ and /i)
  // Where everything holds together, and no text has the word in it.
  const plain = !/\bor\b|\(/i.test(filter) && parts.every((part) => (part.split('"').length & 1) === 1)
  return plain && parts.includes(condition) ? filter : allOf([filter, condition])
}

/** Says of a field that it has this value, or that it has not. */
export function conditionFor(field: string, value: unknown, has = true): string {
  const absent = value === null || value === undefined
  return absent ? (has ? `not exists(${field})` : `exists(${field})`) : `${field} ${has ? '=' : '!='} ${literal(value)}`
}

/** Says of a field that it has one of these values. */
export function conditionAmong(field: string, values: readonly string[]): string {
  return values.length === 1 ? conditionFor(field, values[0]) : `${field} in (${values.map(literal).join(', ')})`
}

/** `src_port` → `any.port`: what either end may have; undefined for what is of no end. */
export function ofEitherEnd(field: string): string | undefined {
  const [, xlat = '', part] = /^(xlat_)?(?:src|dst)_(.+)$/.exec(field) ?? []
  return part === undefined ? undefined : `any.${xlat}${part}`
}

/** Says that either end has this value; undefined for a field that is of no end. */
export function eitherCondition(field: string, value: unknown): string | undefined {
  const either = ofEitherEnd(field)
  return either === undefined || value === null || value === undefined ? undefined : `${either} = ${literal(value)}`
}

/** What stands before the caret: the word that is being written, and whether it names a field or is a value of one. */
export interface Written {
  readonly from: number
  readonly word: string
  /** Field whose value is being written; undefined: a field is. */
  readonly field: string | undefined
}

const value = /([A-Za-z_][\w.]*)\s*(?:!=|>=|<=|=|>|<|!~|~|\bnot\s+in\s*\(|\bin\s*\()\s*(?:[^()"]*,\s*)?("?[^\s"(),]*)$/
const name = /(?:^|[\s(!])([A-Za-z_][\w.]*)$/

export function writtenBefore(text: string, caret: number): Written | undefined {
  const before = text.slice(0, caret)
  const asValue = value.exec(before)
  if (asValue !== null) {
    const word = asValue[2] ?? ''
    return { from: caret - word.length, word: word.replace(/^"/, ''), field: asValue[1] }
  }
  const word = name.exec(before)?.[1]
  if (word !== undefined) return { from: caret - word.length, word, field: undefined }
  return /(?:^|\(|\b(?:and|or|not)\s)\s*$/i.test(before) ? { from: caret, word: '', field: undefined } : undefined
}

/** What must hold besides the test that is being written at the caret: all that stands before it, joined by `and`. Empty: nothing. */
export function saidBefore(text: string, caret: number): string {
  const before = text.slice(0, caret)
  const start = value.exec(before)?.index ?? writtenBefore(text, caret)?.from ?? caret
  const said = /^([^]*\S)\s+and\s+(?:not\s+)?$/i.exec(before.slice(0, start))?.[1]?.trim() ?? ''
  const bare = said.replaceAll(/"[^"]*"/g, '""')
  let flat = bare
  while (/\([^()]*\)/.test(flat)) flat = flat.replaceAll(/\([^()]*\)/g, ' ')
  // Inside a parenthesis or beside an `or` it need not hold.
  return /[()]|\bor\b/i.test(flat) || bare.replaceAll('""', '').includes('"') ? '' : said
}
