/** Names rows by the row of the journal from which they were made, so that two configurations name them alike. */
import { encodeStructured } from '../../codecs/cloudevents/index.ts'
import { flowJson } from '../../codecs/flow-json/index.ts'
import type { SinkPiece } from '../../engine/contracts.ts'
import { murmur128 } from '../../engine/dedupe/murmur.ts'
import type { FrameHeader } from '../../journal/types.ts'
import type { Batch } from '../../model/batches.ts'
import { eventAt } from '../../model/events.ts'

/** A number: the row of the frame that is rehearsed. A text: the content, of rows that are made of several. */
export type RowKey = number | string

/** Undefined: row n has key n. */
export type RowKeys = readonly RowKey[] | undefined

/** Rows of one source, read or made. */
export type RowStream = Readonly<{
  header: FrameHeader
  batch: Batch
  keys: RowKeys
}>

export function keyAt(keys: RowKeys, row: number): RowKey {
  return keys === undefined ? row : (keys[row] ?? row)
}

const utf8 = new TextEncoder()

/** Keys of rows that no single row explains. `seen`: equal rows have different keys. */
export function contentKeys(batch: Batch, seen: Map<string, number>): readonly string[] {
  const write = batch.kind === 'flows' ? flowJson(batch) : (row: number) => encodeStructured(eventAt(batch, row))
  return Array.from({ length: batch.count }, (_, row) => {
    const written = write(row)
    const hash = murmur128([typeof written === 'string' ? utf8.encode(written) : written])
      .map((word) => word.toString(16).padStart(8, '0'))
      .join('')
    const before = seen.get(hash) ?? 0
    seen.set(hash, before + 1)
    return before === 0 ? hash : `${hash}#${before}`
  })
}

/** Stable ids follow the keys instead of the row numbers, which depend on the rows before. */
export function piecesOf({ header, batch, keys }: RowStream, rows: Uint32Array): readonly SinkPiece[] {
  if (keys === undefined) return [{ header, batch, rows, firstRow: 0 }]
  const pieces: SinkPiece[] = []
  let run: number[] = []
  let offset = 0
  const flush = () => {
    if (run.length > 0) pieces.push({ header, batch, rows: Uint32Array.from(run), firstRow: offset })
    run = []
  }
  for (const row of rows) {
    const key = keyAt(keys, row)
    if (typeof key === 'string') {
      flush()
      pieces.push(contentPiece({ header, batch, row }, key))
      continue
    }
    if (key - row !== offset) flush()
    offset = key - row
    run.push(row)
  }
  flush()
  return pieces
}

function contentPiece(
  { header, batch, row }: Readonly<{ header: FrameHeader; batch: Batch; row: number }>,
  key: string,
) {
  const sourceSequence = Number.parseInt(key.slice(0, 12), 16)
  const rows = Uint32Array.of(row)
  return { header: { ...header, sourceSequence }, batch, rows, firstRow: Number(key.split('#')[1] ?? 0) - row }
}
