import { isPresent } from '../../model/columns.ts'
import type { NativeColumn } from './block.ts'
import type { BlockTexts } from './texts.ts'

export type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array

export function bytesOf({ buffer, byteOffset, byteLength }: Numbers | BigUint64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

export function copyRows<T extends Numbers>(from: T, rows: Uint32Array, width: number, into: T, at: number): void {
  const first = rows[0] ?? 0
  // Rows are ascending, so that these bounds mean a run without gaps.
  if ((rows[rows.length - 1] ?? 0) - first === rows.length - 1) {
    into.set(from.subarray(first * width, (first + rows.length) * width) as never, at * width)
    return
  }
  if (width === 1) {
    for (let i = 0; i < rows.length; i++) into[at + i] = from[rows[i]!]!
    return
  }
  for (let i = 0, to = at * width; i < rows.length; i++) {
    const start = rows[i]! * width
    for (let word = 0; word < width; word++) into[to++] = from[start + word]!
  }
}

export function copyNulls(valid: Uint8Array | undefined, rows: Uint32Array, into: Uint8Array, at: number): void {
  if (valid === undefined) return
  for (let i = 0; i < rows.length; i++) if (!isPresent(valid, rows[i]!)) into[at + i] = 1
}

/** The state and the flags of LowCardinality: keys of this block only. */
const sharedKeys = 1
const ownKeys = 0x600

/** Whether a column has NULL values. */
export type ColumnNulls = 'nullable' | 'required'

/** `numbers`: texts by row. Number 0 is NULL if nullable; otherwise it must not occur. */
export function lowCardinality(numbers: Uint32Array, texts: BlockTexts, nulls: ColumnNulls): Uint8Array[] {
  return [bytesOf(BigUint64Array.of(BigInt(sharedKeys))), ...lowCardinalityRows(numbers, texts, nulls)]
}

/** Without the state, which precedes the ends of an array. */
function lowCardinalityRows(numbers: Uint32Array, texts: BlockTexts, nulls: ColumnNulls): Uint8Array[] {
  if (numbers.length === 0) return []
  const slots = new Uint32Array(texts.count)
  const indexes = new Uint32Array(numbers.length)
  const keys: Uint8Array[] = nulls === 'nullable' ? [texts.encoded(0)] : []
  for (let row = 0; row < numbers.length; row++) {
    const number = numbers[row]!
    if (number === 0 && nulls === 'nullable') continue
    let slot = slots[number]!
    if (slot === 0) slots[number] = slot = keys.push(texts.encoded(number))
    indexes[row] = slot - 1
  }
  const [kind, packed] =
    keys.length <= 0x100
      ? [0, Uint8Array.from(indexes)]
      : keys.length <= 0x10000
        ? [1, Uint16Array.from(indexes)]
        : [2, indexes]
  return [
    bytesOf(BigUint64Array.of(BigInt(ownKeys | kind), BigInt(keys.length))),
    ...keys,
    bytesOf(BigUint64Array.of(BigInt(numbers.length))),
    bytesOf(packed),
  ]
}

/** Plain texts. Number 0 is an empty text, and NULL if nullable. */
export function plainTexts(numbers: Uint32Array, texts: BlockTexts, nulls: ColumnNulls): Uint8Array[] {
  let total = 0
  const isNull = new Uint8Array(nulls === 'nullable' ? numbers.length : 0)
  for (let row = 0; row < numbers.length; row++) {
    const number = numbers[row]!
    total += texts.encoded(number).length
    if (nulls === 'nullable' && number === 0) isNull[row] = 1
  }
  const bytes = new Uint8Array(total)
  let at = 0
  for (let row = 0; row < numbers.length; row++) {
    const encoded = texts.encoded(numbers[row]!)
    bytes.set(encoded, at)
    at += encoded.length
  }
  return nulls === 'nullable' ? [isNull, bytes] : [bytes]
}

/** Ends of lists, by row. */
export function endsOf(lengths: Uint32Array): Readonly<{ bytes: Uint8Array; total: number }> {
  const ends = new Uint32Array(2 * lengths.length)
  let total = 0
  for (let row = 0; row < lengths.length; row++) {
    total += lengths[row]!
    ends[2 * row] = total
  }
  return { bytes: bytesOf(ends), total }
}

/** Array(LowCardinality(String)). */
export function textLists(lengths: Uint32Array, items: Uint32Array, texts: BlockTexts): Uint8Array[] {
  return [
    bytesOf(BigUint64Array.of(BigInt(sharedKeys))),
    endsOf(lengths).bytes,
    ...lowCardinalityRows(items, texts, 'required'),
  ]
}

/** Unix ms in units of 10^-`digits` seconds (3 or 6). Times that are no numbers become NULL. */
export function timeWords(times: Float64Array, nulls: Uint8Array, digits: 3 | 6): Uint32Array {
  const words = new Uint32Array(2 * times.length)
  const factor = digits === 6 ? 1000 : 1
  for (let row = 0; row < times.length; row++) {
    const time = Math.round(times[row]! * factor)
    if (!Number.isFinite(time)) {
      nulls[row] = 1
      continue
    }
    if (nulls[row] === 1) continue
    const high = Math.floor(time / 2 ** 32)
    words[2 * row] = time - high * 2 ** 32
    words[2 * row + 1] = high
  }
  return words
}

export function nullable(name: string, type: string, nulls: Uint8Array, data: Uint8Array): NativeColumn {
  return { name, type: `Nullable(${type})`, data: [nulls, data] }
}
