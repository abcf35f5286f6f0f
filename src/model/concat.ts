import { eventCodes, type Batch, type EventBatch, type FlowBatch, type Heap } from './batches.ts'
import { isPresent, type Column, type ColumnKind } from './columns.ts'
import { DictionaryBuilder } from './dictionary.ts'

export function concatBatches(batches: readonly Batch[]): Batch {
  const [first, ...rest] = batches
  if (first === undefined) throw new Error('no batch')
  if (rest.length === 0) return first
  return first.kind === 'flows'
    ? concatFlows(batches.filter((batch) => batch.kind === 'flows'))
    : concatEvents(batches.filter((batch) => batch.kind === 'events'))
}

type Words = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array

function joined<T extends Words>(arrays: readonly T[], make: (length: number) => T): T {
  const all = make(arrays.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const array of arrays) {
    all.set(array as never, at)
    at += array.length
  }
  return all
}

function recoder(words: DictionaryBuilder, dictionary: readonly string[]): (codes: Uint32Array) => Uint32Array {
  const codeBySource = new Int32Array(dictionary.length).fill(-1)
  codeBySource[0] = 0
  return (codes) =>
    codes.map((code) => {
      let to = codeBySource[code] ?? 0
      if (to < 0) codeBySource[code] = to = words.code(dictionary[code])
      return to
    })
}

function joinHeaps(heaps: readonly Heap[]): Heap {
  const bounds = ({ offsets }: Heap) => [offsets[0] ?? 0, offsets[offsets.length - 1] ?? 0] as const
  const bytes = new Uint8Array(heaps.reduce((sum, heap) => sum + bounds(heap)[1] - bounds(heap)[0], 0))
  let at = 0
  for (const heap of heaps) {
    const [start, end] = bounds(heap)
    const isWhole = start === 0 && end === heap.bytes.length
    bytes.set(isWhole ? heap.bytes : heap.bytes.subarray(start, end), at)
    at += end - start
  }
  return { offsets: joinOffsets(heaps.map(({ offsets }) => offsets)), bytes }
}

function joinOffsets(all: readonly Uint32Array[]): Uint32Array {
  const offsets = new Uint32Array(all.reduce((sum, { length }) => sum + length - 1, 1))
  let [at, base] = [0, 0]
  for (const numbers of all) {
    const first = numbers[0] ?? 0
    for (let row = 0; row < numbers.length; row++) offsets[at + row] = base + (numbers[row] ?? 0) - first
    at += numbers.length - 1
    base = offsets[at] ?? 0
  }
  return offsets
}

function concatEvents(batches: readonly EventBatch[]): EventBatch {
  const count = batches.reduce((sum, { count: rows }) => sum + rows, 0)
  const { dictionary, codes } = joinCodes(batches, count)
  return {
    kind: 'events',
    count,
    id: joinHeaps(batches.map(({ id }) => id)),
    ...codes,
    time: joined(
      batches.map(({ time }) => time),
      (length) => new Float64Array(length),
    ),
    encoding: joined(
      batches.map(({ encoding }) => encoding),
      (length) => new Uint8Array(length),
    ),
    data: joinHeaps(batches.map(({ data }) => data)),
    dictionary,
  }
}

/** Many batches of one row: without an array for each. */
function joinCodes(batches: readonly EventBatch[], count: number) {
  const words = new DictionaryBuilder()
  const columns = eventCodes.map((name) => [name, new Uint32Array(count)] as const)
  let at = 0
  for (const batch of batches) {
    const offsets: number[] = [0]
    for (const [name, to] of columns) {
      const from = batch[name]
      for (let row = 0; row < batch.count; row++) {
        const code = from[row]!
        to[at + row] = offsets[code] ??= words.code(batch.dictionary[code])
      }
    }
    at += batch.count
  }
  const codes = Object.fromEntries(columns) as Record<(typeof eventCodes)[number], Uint32Array>
  return { dictionary: words.strings, codes }
}

function concatFlows(batches: readonly FlowBatch[]): FlowBatch {
  const words = new DictionaryBuilder()
  const recoders = batches.map(({ dictionary }) => recoder(words, dictionary))
  const count = batches.reduce((sum, batch) => sum + batch.count, 0)
  const names = new Set(batches.flatMap(({ columns }) => Object.keys(columns)))
  const columns: Record<string, Column> = {}
  for (const name of names) {
    const kind = batches.map((batch) => batch.columns[name]?.kind).find((value) => value !== undefined)
    if (kind !== undefined) columns[name] = joinColumns(kind, name, batches, recoders, count)
  }
  return { kind: 'flows', count, dictionary: words.strings, columns }
}

const widths: Readonly<Partial<Record<ColumnKind, number>>> = { u64: 2, mac: 2, ip: 4 }
const makers: Readonly<Record<string, (length: number) => Words>> = {
  u8: (length) => new Uint8Array(length),
  u16: (length) => new Uint16Array(length),
  i32: (length) => new Int32Array(length),
  f64: (length) => new Float64Array(length),
  time: (length) => new Float64Array(length),
}

function joinColumns(
  kind: ColumnKind,
  name: string,
  batches: readonly FlowBatch[],
  recoders: readonly ((codes: Uint32Array) => Uint32Array)[],
  count: number,
): Column {
  if (kind === 'list<u8>' || kind === 'list<dict>') return joinLists(kind, name, batches, recoders)
  const width = widths[kind] ?? 1
  const items = (makers[kind] ?? ((length: number): Words => new Uint32Array(length)))(count * width)
  const valid = new Uint8Array((count + 7) >> 3)
  let [from, missing] = [0, false]
  batches.forEach((batch, index) => {
    const column = batch.columns[name]
    if (column !== undefined && 'values' in column) items.set(column.values as never, from)
    else if (column !== undefined && 'words' in column) items.set(column.words as never, from * width)
    else if (column !== undefined && 'codes' in column) items.set(recoders[index]?.(column.codes) as never, from)
    const bits = column !== undefined && 'valid' in column ? column.valid : undefined
    if (column === undefined || bits !== undefined) missing = true
    if (column !== undefined)
      for (let row = 0; row < batch.count; row++)
        if (isPresent(bits, row)) valid[(from + row) >> 3] = (valid[(from + row) >> 3] ?? 0) | (1 << ((from + row) & 7))
    from += batch.count
  })
  if (kind === 'dict' || kind === 'json') return { kind, codes: items as Uint32Array }
  return { kind, [width > 1 ? 'words' : 'values']: items, ...(missing ? { valid } : {}) } as unknown as Column
}

function joinLists(
  kind: 'list<u8>' | 'list<dict>',
  name: string,
  batches: readonly FlowBatch[],
  recoders: readonly ((codes: Uint32Array) => Uint32Array)[],
): Column {
  const lists = batches.map((batch, index) => {
    const column = batch.columns[name]
    if (column?.kind !== 'list<u8>' && column?.kind !== 'list<dict>')
      return { offsets: new Uint32Array(batch.count + 1), items: new Uint32Array(0) as Uint8Array | Uint32Array }
    const items = column.items.subarray(column.offsets[0], column.offsets[batch.count])
    const offsets = column.offsets.subarray(0, batch.count + 1)
    return { offsets, items: kind === 'list<dict>' ? (recoders[index]?.(items as Uint32Array) ?? items) : items }
  })
  const offsets = joinOffsets(lists.map((list) => list.offsets))
  const length = offsets.at(-1) ?? 0
  const items = kind === 'list<u8>' ? new Uint8Array(length) : new Uint32Array(length)
  let at = 0
  for (const list of lists) {
    items.set(list.items as never, at)
    at += list.items.length
  }
  return { kind, offsets, items } as Column
}
