import { fragmentOf, type ByteBuffer, type Fragment } from '../../model/byte-buffer.ts'
import { digitKind, numberText, safeDigits } from '../../model/json-number.ts'
import { fieldName, isReservedField, type FieldType } from './map-line.ts'

/** Measurement and tags by the members before the fields; undefined if a value of them is dropped. */
export type SeriesOf = (members: string) => string | undefined

type Series = Readonly<{ key: Uint8Array; head: Fragment }>
type Field = { readonly name: Uint8Array; readonly head: Fragment; readonly type: FieldType | undefined; row: number }

const maxSeries = 10_000
const maxFields = 64
const [quote, backslash, comma, colon, minus, close] = [34, 92, 44, 58, 45, 125]
const ascii = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
/** A member `fields` of labels would be a text, and a quote in a text has a backslash. */
const beforeFields = ascii(',"fields":{')
const [begin, end, endOfArrival, yes, no] = ['{"name":', '}', ',"arrival":true}', 'true', 'false'].map(ascii) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
]

/** Copies points in JSON to lines, without objects. */
export class PointBytes {
  readonly #types: ReadonlyMap<string, FieldType>
  readonly #seriesOf: SeriesOf
  readonly #series = new Map<number, Series>()
  readonly #fields: Field[] = []
  #next = 0
  #row = 0

  constructor(types: ReadonlyMap<string, FieldType>, seriesOf: SeriesOf) {
    this.#types = types
    this.#seriesOf = seriesOf
  }

  /** Measurement, tags and fields; false: nothing is written, and the content needs the general way. */
  append(bytes: Uint8Array, from: number, to: number, out: ByteBuffer): boolean {
    if (!isAt(begin, bytes, from)) return false
    const fields = indexOf(beforeFields, bytes, from, to)
    const series = fields < 0 ? undefined : this.#head(bytes, from, fields)
    if (series === undefined) return false
    const start = out.at
    out.fragment(series)
    out.byte(32)
    const after = this.#values(bytes, fields + beforeFields.length, to, out)
    const isWhole =
      after > 0 &&
      ((after + end.length === to && isAt(end, bytes, after)) ||
        (after + endOfArrival.length === to && isAt(endOfArrival, bytes, after)))
    if (!isWhole) out.at = start
    return isWhole
  }

  /** The position after the closing brace; -1: a field needs the general way. */
  #values(bytes: Uint8Array, from: number, to: number, out: ByteBuffer): number {
    this.#row++
    this.#next = 0
    for (let at = from; ; at++) {
      if (bytes[at] !== quote) return -1
      const nameEnd = textEnd(bytes, at + 1, to)
      const field = nameEnd < 0 ? undefined : this.#field(bytes, at + 1, nameEnd)
      if (field === undefined || field.row === this.#row || bytes[nameEnd + 1] !== colon) return -1
      field.row = this.#row
      if (at > from) out.byte(comma)
      out.fragment(field.head)
      at = value(bytes, nameEnd + 2, to, field.type, out)
      if (at < 0) return -1
      if (bytes[at] === close) return at + 1
      if (bytes[at] !== comma) return -1
    }
  }

  /** Points of one kind have their fields in the same order. */
  #field(bytes: Uint8Array, from: number, to: number): Field | undefined {
    const fields = this.#fields
    for (let tried = 0; tried < fields.length; tried++) {
      const index = this.#next < fields.length ? this.#next : 0
      this.#next = index + 1
      const field = fields[index]!
      if (field.name.length === to - from && isAt(field.name, bytes, from)) return field
    }
    const name = Buffer.from(bytes.subarray(from, to)).toString()
    // An object has such names first.
    if (fields.length === maxFields || /^\d+$/.test(name) || name === '__proto__' || isReservedField(name))
      return undefined
    const head = fragmentOf(`${fieldName(name, () => undefined)}=`)
    const field = { name: bytes.slice(from, to), head, type: this.#types.get(name), row: 0 }
    fields.push(field)
    return field
  }

  #head(bytes: Uint8Array, from: number, to: number): Fragment | undefined {
    let hash = 0
    for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0
    const existing = this.#series.get(hash)
    if (existing !== undefined && existing.key.length === to - from && isAt(existing.key, bytes, from))
      return existing.head
    const text = this.#seriesOf(Buffer.from(bytes.subarray(from, to)).toString())
    if (text === undefined) return undefined
    if (this.#series.size >= maxSeries) this.#series.clear()
    const head = fragmentOf(text)
    this.#series.set(hash, { key: bytes.slice(from, to), head })
    return head
  }
}

/** The position after the value; -1: it needs the general way. */
function value(bytes: Uint8Array, from: number, to: number, type: FieldType | undefined, out: ByteBuffer): number {
  const first = bytes[from]
  if (first === quote) {
    const last = textEnd(bytes, from + 1, to)
    if (last < 0 || (type !== undefined && type !== 'text')) return -1
    out.range(bytes, from, last + 1)
    return last + 1
  }
  for (const word of [yes, no]) {
    if (first !== word[0]) continue
    if (!isAt(word, bytes, from) || (type !== undefined && type !== 'bool')) return -1
    out.range(word, 0, word.length)
    return from + word.length
  }
  let at = from
  while (at < to && bytes[at] !== comma && bytes[at] !== close) at++
  const digits = digitKind(bytes, from, at)
  if (type === undefined || type === 'float') {
    const text = digits === 'other' ? numberText(bytes, from, at) : ''
    if (text === undefined) return -1
    if (text === '') out.range(bytes, from, at)
    else out.utf8(text)
    return at
  }
  const isSafe = digits === 'integer' && at - from <= safeDigits
  if (!isSafe || (type !== 'int' && (type !== 'uint' || first === minus))) return -1
  out.range(bytes, from, at)
  out.byte(type === 'int' ? 0x69 : 0x75)
  return at
}

/** The position of the closing quote; -1: the text has escapes. */
function textEnd(bytes: Uint8Array, from: number, to: number) {
  for (let at = from; at < to; at++) {
    if (bytes[at] === quote) return at
    if (bytes[at] === backslash) return -1
  }
  return -1
}

function isAt(part: Uint8Array, bytes: Uint8Array, from: number) {
  for (let index = 0; index < part.length; index++) if (bytes[from + index] !== part[index]) return false
  return true
}

function indexOf(part: Uint8Array, bytes: Uint8Array, from: number, to: number) {
  for (let at = from; at < to; at++) if (bytes[at] === comma && isAt(part, bytes, at)) return at
  return -1
}
