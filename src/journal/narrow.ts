/**
 * Narrower numbers of a column in a frame. The packing is stored in the flags of the column:
 *
 * 1 u8, 2 u16, 3 u32: low words of integers without higher bits; 4 ipv4: the last word of mapped addresses;
 * 5 and 6: times as f64 base · u16 or u32 milliseconds after it. Values of absent addresses and times become 0.
 */
import { isPresent, type Column, type IpColumn, type TimeColumn } from '../model/columns.ts'
import type { ByteReader, ByteWriter, Numbers } from './bytes.ts'

export const packings = { wide: 0, u8: 1, u16: 2, u32: 3, ipv4: 4, time16: 5, time32: 6 } as const
export type Packing = (typeof packings)[keyof typeof packings]

type Narrow = Readonly<{
  packing: Packing
  items: Uint8Array | Uint16Array | Uint32Array
  base?: number
}>

const mapped = 0xffff

let bytes = new ArrayBuffer(1 << 16)

/** Contents are valid until the next column. */
function room(count: number): ArrayBuffer {
  if (bytes.byteLength < 4 * count) bytes = new ArrayBuffer(8 * count)
  return bytes
}

/** The result is valid until the next call. Undefined if the column has no narrower form. */
export function narrowed(column: Column, count: number): Narrow | undefined {
  switch (column.kind) {
    case 'u16':
    case 'u32':
      return integers(column.values, 1, count)
    case 'dict':
    case 'json':
      return integers(column.codes, 1, count)
    case 'u64':
      return integers(column.words, 2, count)
    case 'ip':
      return addresses(column, count)
    case 'time':
      return times(column, count)
    default:
      return undefined
  }
}

function integers(items: Uint16Array | Uint32Array, width: 1 | 2, count: number): Narrow | undefined {
  let [low, high] = [0, 0]
  if (width === 1) for (let row = 0; row < count; row++) low |= items[row]!
  else
    for (let at = 0; at < 2 * count; at += 2) {
      low |= items[at]!
      high |= items[at + 1]!
    }
  if (high !== 0) return undefined
  const packing = low >>> 8 === 0 ? packings.u8 : low >>> 16 === 0 ? packings.u16 : packings.u32
  const size = packing === packings.u8 ? 1 : packing === packings.u16 ? 2 : 4
  if (size >= width * items.BYTES_PER_ELEMENT) return undefined
  const narrow = arrayOf(packing, room(count), count)
  if (width === 1) narrow.set(items)
  else for (let row = 0; row < count; row++) narrow[row] = items[2 * row]!
  return { packing, items: narrow }
}

function arrayOf(packing: Packing, buffer: ArrayBuffer, count: number): Narrow['items'] {
  if (packing === packings.u8) return new Uint8Array(buffer, 0, count)
  if (packing === packings.u16 || packing === packings.time16) return new Uint16Array(buffer, 0, count)
  return new Uint32Array(buffer, 0, count)
}

function addresses({ words, valid }: IpColumn, count: number): Narrow | undefined {
  const narrow = new Uint32Array(room(count), 0, count)
  let others = 0
  for (let row = 0; row < count; row++) {
    const at = 4 * row
    if (valid !== undefined && !isPresent(valid, row)) narrow[row] = 0
    else {
      others |= words[at]! | words[at + 1]! | (words[at + 2]! ^ mapped)
      narrow[row] = words[at + 3]!
    }
  }
  return others === 0 ? { packing: packings.ipv4, items: narrow } : undefined
}

function times({ values, valid }: TimeColumn, count: number): Narrow | undefined {
  let [base, last] = [Infinity, -Infinity]
  for (let row = 0; row < count; row++) {
    if (valid !== undefined && !isPresent(valid, row)) continue
    const value = values[row]!
    if (value < base) base = value
    if (value > last) last = value
  }
  if (!Number.isSafeInteger(base) || !Number.isSafeInteger(last)) return undefined
  const packing = last - base < 2 ** 16 ? packings.time16 : packings.time32
  const narrow = arrayOf(packing, room(count), count)
  let exact = true
  for (let row = 0; row < count; row++) {
    const isAbsent = valid !== undefined && !isPresent(valid, row)
    const after = isAbsent ? 0 : values[row]! - base
    narrow[row] = after
    if (narrow[row] !== after) exact = false
  }
  return exact ? { packing, items: narrow, base } : undefined
}

export function writeNarrow({ items, base }: Narrow, out: ByteWriter): void {
  if (base !== undefined) out.array(Float64Array.of(base))
  out.array(items)
}

function read(packing: number, from: ByteReader): Narrow['items'] {
  switch (packing) {
    case packings.u8:
      return from.u8s()
    case packings.u16:
    case packings.time16:
      return from.u16s()
    case packings.u32:
    case packings.ipv4:
    case packings.time32:
      return from.u32s()
    default:
      throw new Error(`unknown packing ${packing}`)
  }
}

/** Fills `wide` with `width` items per row. */
export function readNarrow<T extends Numbers>(
  packing: number,
  wide: T,
  width: number,
  valid: Uint8Array | undefined,
  from: ByteReader,
): T {
  const count = wide.length / width
  const base = packing === packings.time16 || packing === packings.time32 ? from.f64s()[0] : undefined
  const items = read(packing, from)
  if (items.length !== count) throw new Error(`${items.length} narrow values of ${count} rows`)
  if (packing === packings.ipv4) {
    for (let row = 0; row < count; row++) {
      const at = 4 * row
      wide[at] = 0
      wide[at + 1] = 0
      wide[at + 2] = valid === undefined || isPresent(valid, row) ? mapped : 0
      wide[at + 3] = items[row]!
    }
  } else if (base !== undefined) {
    for (let row = 0; row < count; row++)
      wide[row] = valid === undefined || isPresent(valid, row) ? base + items[row]! : 0
  } else if (width === 1) wide.set(items)
  else {
    for (let row = 0; row < count; row++) {
      wide[2 * row] = items[row]!
      wide[2 * row + 1] = 0
    }
  }
  return wide
}
