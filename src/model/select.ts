import type { Batch, EventBatch, FlowBatch, Heap } from './batches.ts'
import { isPresent, type Column } from './columns.ts'

export function selectRows(batch: Batch, rows: Uint32Array): Batch {
  return batch.kind === 'flows' ? selectFlows(batch, rows) : selectEvents(batch, rows)
}

type Words = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array

function pick<T extends Words>(from: T, rows: Uint32Array, width: number): T {
  const to = new (from.constructor as new (length: number) => T)(rows.length * width)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0
    for (let word = 0; word < width; word++) to[i * width + word] = from[row * width + word] ?? 0
  }
  return to
}

function pickValid(valid: Uint8Array | undefined, rows: Uint32Array): { valid?: Uint8Array } {
  if (valid === undefined) return {}
  const to = new Uint8Array((rows.length + 7) >> 3)
  rows.forEach((row, i) => {
    if (isPresent(valid, row)) to[i >> 3] = (to[i >> 3] ?? 0) | (1 << (i & 7))
  })
  return { valid: to }
}

function pickList<T extends Uint8Array | Uint32Array>(
  offsets: Uint32Array,
  items: T,
  rows: Uint32Array,
): { offsets: Uint32Array; items: T } {
  const ends = new Uint32Array(rows.length + 1)
  rows.forEach((row, i) => {
    ends[i + 1] = (ends[i] ?? 0) + (offsets[row + 1] ?? 0) - (offsets[row] ?? 0)
  })
  const to = new (items.constructor as new (length: number) => T)(ends[rows.length] ?? 0)
  rows.forEach((row, i) => to.set(items.subarray(offsets[row], offsets[row + 1]) as never, ends[i]))
  return { offsets: ends, items: to }
}

function selectColumn(column: Column, rows: Uint32Array): Column {
  switch (column.kind) {
    case 'u64':
    case 'mac':
      return { ...column, words: pick(column.words, rows, 2), ...pickValid(column.valid, rows) }
    case 'ip':
      return { ...column, words: pick(column.words, rows, 4), ...pickValid(column.valid, rows) }
    case 'dict':
    case 'json':
      return { kind: column.kind, codes: pick(column.codes, rows, 1) }
    case 'list<u8>':
      return { kind: column.kind, ...pickList(column.offsets, column.items, rows) }
    case 'list<dict>':
      return { kind: column.kind, ...pickList(column.offsets, column.items, rows) }
    default:
      return { ...column, values: pick(column.values as never, rows, 1), ...pickValid(column.valid, rows) }
  }
}

function selectFlows(batch: FlowBatch, rows: Uint32Array): FlowBatch {
  const columns: Record<string, Column> = {}
  for (const [name, column] of Object.entries(batch.columns)) columns[name] = selectColumn(column, rows)
  return { ...batch, count: rows.length, columns }
}

function pickHeap(heap: Heap, rows: Uint32Array): Heap {
  const { offsets, items } = pickList(heap.offsets, heap.bytes, rows)
  return { offsets, bytes: items }
}

function selectEvents(batch: EventBatch, rows: Uint32Array): EventBatch {
  const codes = (from: Uint32Array) => pick(from, rows, 1)
  return {
    kind: 'events',
    count: rows.length,
    dictionary: batch.dictionary,
    id: pickHeap(batch.id, rows),
    source: codes(batch.source),
    type: codes(batch.type),
    subject: codes(batch.subject),
    datacontenttype: codes(batch.datacontenttype),
    dataschema: codes(batch.dataschema),
    extensions: codes(batch.extensions),
    time: pick(batch.time, rows, 1),
    family: codes(batch.family),
    key: codes(batch.key),
    ref: codes(batch.ref),
    encoding: pick(batch.encoding, rows, 1),
    data: pickHeap(batch.data, rows),
  }
}

export function oneRow(batch: Batch, row: number): Batch {
  const picked = selectRows(batch, Uint32Array.of(row))
  const strings: string[] = ['']
  const codes = new Map<number, number>()
  const renumber = (from: Uint32Array): Uint32Array =>
    from.map((code) => {
      if (code === 0) return 0
      const existing = codes.get(code)
      if (existing !== undefined) return existing
      strings.push(picked.dictionary[code] ?? '')
      codes.set(code, strings.length - 1)
      return strings.length - 1
    })
  if (picked.kind === 'events') {
    const { source, type, subject, datacontenttype, dataschema, extensions, family, key, ref } = picked
    const all = { source, type, subject, datacontenttype, dataschema, extensions, family, key, ref }
    const small = Object.fromEntries(Object.entries(all).map(([name, from]) => [name, renumber(from)])) as typeof all
    return { ...picked, ...small, dictionary: strings }
  }
  const columns: Record<string, Column> = {}
  for (const [name, column] of Object.entries(picked.columns)) {
    if (column.kind === 'dict' || column.kind === 'json')
      columns[name] = { kind: column.kind, codes: renumber(column.codes) }
    else if (column.kind === 'list<dict>') columns[name] = { ...column, items: renumber(column.items) }
    else columns[name] = column
  }
  return { ...picked, columns, dictionary: strings }
}
