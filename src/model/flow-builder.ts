import type { FlowBatch } from './batches.ts'
import type { Column, ColumnKind } from './columns.ts'
import { DictionaryBuilder } from './dictionary.ts'
import { flowField, type FlowFieldName, type flowFields } from './fields.ts'
import { GrowingList } from './growing-list.ts'

interface ItemsOf {
  u8: Uint8Array
  u16: Uint16Array
  u32: Uint32Array
  u64: Uint32Array
  i32: Int32Array
  f64: Float64Array
  ip: Uint32Array
  mac: Uint32Array
  time: Float64Array
  dict: Uint32Array
  json: Uint32Array
}
type FixedKind = keyof ItemsOf
type Items = ItemsOf[FixedKind]
type KindOf<Name extends FlowFieldName> = Extract<(typeof flowFields)[number], { readonly name: Name }>['kind']

export type ListFieldName = Extract<(typeof flowFields)[number], { readonly kind: 'list<u8>' | 'list<dict>' }>['name']

type FieldItems<Name extends FlowFieldName> = KindOf<Name> extends FixedKind ? ItemsOf[KindOf<Name>] : never

/** A codec writes `items[row * width …]` of reserved rows, then marks them present. Growth replaces `items`. */
export class GrowingColumn<T extends Items = Items> {
  readonly kind: FixedKind
  readonly width: number
  items: T
  /** Rows before this one are present; `#bits` covers the rest. */
  #dense = 0
  #sparse = false
  #bits: Uint8Array

  constructor(kind: FixedKind, capacity: number) {
    this.kind = kind
    this.width = widthOf(kind)
    this.items = makeItems(kind, capacity * this.width) as T
    this.#bits = new Uint8Array((capacity + 7) >> 3)
  }

  get used(): boolean {
    return this.#dense > 0 || this.#sparse
  }

  mark(row: number): void {
    if (row === this.#dense) {
      this.#dense = row + 1
      return
    }
    this.#sparse = true
    const byte = row >> 3
    this.#bits[byte] = (this.#bits[byte] ?? 0) | (1 << (row & 7))
  }

  markRows(from: number, to: number): void {
    if (from === this.#dense) {
      this.#dense = to
      return
    }
    if (from >= to) return
    this.#sparse = true
    const bits = this.#bits,
      first = from >> 3,
      last = to >> 3
    if (first === last) {
      bits[first] = bits[first]! | ((0xff << (from & 7)) & ~(0xff << (to & 7)))
      return
    }
    bits[first] = bits[first]! | (0xff << (from & 7))
    bits.fill(0xff, first + 1, last)
    if ((to & 7) !== 0) bits[last] = bits[last]! | ~(0xff << (to & 7))
  }

  fill(value: number, from: number, to: number): void {
    this.items.fill(value, from, to)
    this.markRows(from, to)
  }

  grow(capacity: number): void {
    const larger = makeItems(this.kind, capacity * this.width) as T
    larger.set(this.items as never)
    this.items = larger
    const bits = new Uint8Array((capacity + 7) >> 3)
    bits.set(this.#bits)
    this.#bits = bits
  }

  /** A view of the first `count` rows; undefined if all are absent. Valid until the next write, growth or reset. */
  view(count: number): Column | undefined {
    if (!this.used) return undefined
    const items = this.items.subarray(0, count * this.width)
    if (this.kind === 'dict' || this.kind === 'json') return { kind: this.kind, codes: items } as Column
    const words = this.kind === 'ip' || this.kind === 'u64' || this.kind === 'mac'
    const shape = words ? { kind: this.kind, words: items } : { kind: this.kind, values: items }
    return (this.#dense >= count ? shape : { ...shape, valid: this.#valid(count) }) as Column
  }

  reset(count: number): void {
    // Unmarked rows are zero.
    if (!this.used) return
    this.items.fill(0, 0, count * this.width)
    this.#bits.fill(0, 0, (count + 7) >> 3)
    this.#dense = 0
    this.#sparse = false
  }

  shrink(capacity: number): void {
    this.items = makeItems(this.kind, capacity * this.width) as T
    this.#bits = new Uint8Array((capacity + 7) >> 3)
    this.#dense = 0
    this.#sparse = false
  }

  #valid(count: number): Uint8Array {
    const valid = this.#bits.subarray(0, (count + 7) >> 3)
    const whole = this.#dense >> 3
    valid.fill(0xff, 0, whole)
    if ((this.#dense & 7) !== 0) valid[whole] = (valid[whole] ?? 0) | ((1 << (this.#dense & 7)) - 1)
    return valid
  }
}

/** A datagram of tiny records may need many times as many rows, once. */
const maxCapacity = 32_768

/**
 * All codecs of one batch share it. A codec calls `reserve(n)`, writes and marks rows `count` … `count + n - 1` of its
 * columns, then `commit(n)`. Nothing is allocated per row. Fields of list kinds are written through {@link list}, all
 * others through {@link column}.
 */
export class FlowBuilder {
  #count = 0
  #capacity: number
  #dictionary = new DictionaryBuilder()
  #textBytes = 0
  #generation = 0
  readonly #columns = new Map<FlowFieldName, GrowingColumn>()
  readonly #lists = new Map<ListFieldName, GrowingList>()

  constructor(capacity = 1024) {
    this.#capacity = capacity
  }

  get count(): number {
    return this.#count
  }

  get generation(): number {
    return this.#generation
  }

  /** Upper bound of the encoded size of all rows, without compression. */
  get bytes(): number {
    let bytes = this.#textBytes
    for (const column of this.#columns.values()) {
      if (column.used) bytes += this.#count * column.width * column.items.BYTES_PER_ELEMENT + ((this.#count + 7) >> 3)
    }
    if (this.#count > 0) for (const list of this.#lists.values()) bytes += 4 * (this.#count + 1) + list.itemBytes
    return bytes
  }

  column<Name extends FlowFieldName>(name: Name): GrowingColumn<FieldItems<Name>> {
    let column = this.#columns.get(name)
    if (column === undefined) {
      const kind = flowField(name)?.kind
      if (kind === undefined || !isFixed(kind))
        throw new Error(`${name} is of kind ${kind}: lists have their own builder`)
      column = new GrowingColumn(kind, this.#capacity)
      this.#columns.set(name, column)
    }
    return column as unknown as GrowingColumn<FieldItems<Name>>
  }

  list<Name extends ListFieldName>(
    name: Name,
  ): GrowingList<KindOf<Name> extends 'list<u8>' ? Uint8Array : Uint32Array> {
    let list = this.#lists.get(name)
    if (list === undefined) {
      list = new GrowingList(flowField(name)?.kind === 'list<u8>' ? 'list<u8>' : 'list<dict>', this.#capacity)
      this.#lists.set(name, list)
    }
    return list as unknown as GrowingList<KindOf<Name> extends 'list<u8>' ? Uint8Array : Uint32Array>
  }

  code(text: string): number {
    const length = this.#dictionary.strings.length
    const code = this.#dictionary.code(text)
    // A UTF-16 unit takes at most three bytes, and each string an offset.
    if (code === length) this.#textBytes += 3 * text.length + 4
    return code
  }

  /** Reserves `rows` more rows. May invalidate arrays obtained from columns before. */
  reserve(rows: number): void {
    const needed = this.#count + rows
    if (needed <= this.#capacity) return
    this.#capacity = Math.max(needed, this.#capacity * 2)
    for (const column of this.#columns.values()) column.grow(this.#capacity)
    for (const list of this.#lists.values()) list.grow(this.#capacity)
  }

  commit(rows: number): void {
    this.#count += rows
  }

  batch(): FlowBatch {
    const columns: Record<string, Column> = {}
    for (const [name, column] of this.#columns) {
      const view = column.view(this.#count)
      if (view !== undefined) columns[name] = view
    }
    for (const [name, list] of this.#lists) {
      const view = list.view(this.#count)
      if (view !== undefined) columns[name] = view
    }
    return { kind: 'flows', count: this.#count, dictionary: this.#dictionary.strings, columns }
  }

  reset(): void {
    if (this.#capacity > maxCapacity) {
      this.#capacity = maxCapacity
      for (const column of this.#columns.values()) column.shrink(maxCapacity)
      for (const list of this.#lists.values()) list.shrink(maxCapacity)
    }
    for (const column of this.#columns.values()) column.reset(this.#count)
    for (const list of this.#lists.values()) list.reset()
    this.#count = 0
    this.#textBytes = 0
    this.#generation++
    this.#dictionary = new DictionaryBuilder()
  }
}

function isFixed(kind: ColumnKind): kind is FixedKind {
  return kind !== 'list<u8>' && kind !== 'list<dict>'
}

function widthOf(kind: FixedKind): number {
  return kind === 'ip' ? 4 : kind === 'u64' || kind === 'mac' ? 2 : 1
}

function makeItems(kind: FixedKind, length: number): Items {
  switch (kind) {
    case 'u8':
      return new Uint8Array(length)
    case 'u16':
      return new Uint16Array(length)
    case 'i32':
      return new Int32Array(length)
    case 'f64':
    case 'time':
      return new Float64Array(length)
    default:
      return new Uint32Array(length)
  }
}
