import type { Frame } from '../../journal/types.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { macsBeside, networksBeside, eventTimeOf, eventTimesOf } from '../../model/event-time.ts'
import { directionColumn } from '../../model/flow-nodes.ts'
import type { AddressMeaning, Endpoints } from './endpoints.ts'
import { dictionaryFields } from '../schema.ts'
import type { FlowRows, RowOrigin } from '../table-writer.ts'

export class StringDictionary {
  readonly strings: string[]
  readonly #numbers: Map<string, number>

  constructor(strings: readonly string[]) {
    this.strings = [...strings]
    this.#numbers = new Map(strings.map((text, number) => [text, number]))
  }

  of(batch: FlowBatch): Uint32Array {
    const table = new Uint32Array(batch.dictionary.length)
    for (const field of dictionaryFields) {
      const column = batch.columns[field]
      if (column?.kind !== 'dict') continue
      let before = 0
      for (const code of column.codes) {
        if (code === before || code === 0) continue
        before = code
        if (table[code] === 0) table[code] = this.#number(batch.dictionary[code] ?? '')
      }
    }
    return table
  }

  #number(text: string): number {
    const existing = this.#numbers.get(text)
    if (existing !== undefined && existing > 0) return existing
    const number = this.strings.length
    this.strings.push(text)
    this.#numbers.set(text, number)
    return number
  }
}

export function flowRows(
  batch: FlowBatch,
  frame: Frame,
  { day, source }: Readonly<{ day: number; source: number }>,
  endpoints: Endpoints,
  words: StringDictionary,
): FlowRows {
  const { header } = frame
  const origin: RowOrigin = { source, epoch: header.epoch, sequence: header.sourceSequence, received: header.received }
  const numbers = words.of(batch)
  const scope = batch.columns['scope']
  const scopes = scope?.kind === 'dict' ? scope.codes.map((code) => numbers[code] ?? 0) : undefined
  let times: Float64Array | undefined
  const meaning: AddressMeaning = {
    unnamed: batch.derived === true,
    scopes,
    received: header.received,
    scopeName: (number) => words.strings[number] ?? '',
    timeOf: (row) => eventTimeOf(batch, row, header.received),
    times: () => (times ??= eventTimesOf(batch, header.received)),
    macs: (column) => macsBeside(batch, column),
    networks: () => networksBeside(batch),
  }
  const ids: Record<string, Float64Array> = {}
  for (const [name, column] of Object.entries(batch.columns)) {
    if (column.kind === 'ip') ids[name] = endpoints.ids(day, column, batch.count, meaning)
  }
  return {
    stream: 'flows',
    batch: withDirection(batch, ids, endpoints),
    origin,
    endpoints: ids,
    words: numbers,
    release: () => endpoints.recycle(Object.values(ids)),
  }
}

/** The direction is a number of the flow, which rollups also have; nodes are joined on reading. */
function withDirection(batch: FlowBatch, ids: Readonly<Record<string, Float64Array>>, endpoints: Endpoints): FlowBatch {
  if (!endpoints.hasNodes || batch.derived === true) return batch
  const { count } = batch
  const [src, dst, exporter] = [ids['src_addr'], ids['dst_addr'], ids['exporter_addr']]
  const direction = directionColumn(
    batch,
    src && endpoints.nodeNumbers(src, count),
    dst && endpoints.nodeNumbers(dst, count),
    exporter && endpoints.addressNumbers(exporter, count),
  )
  if (direction === undefined || direction === batch.columns['node_direction']) return batch
  return { ...batch, columns: { ...batch.columns, node_direction: direction } }
}
