import { eventLog, flowLogs, type FlowLogOptions } from '../../codecs/otlp/index.ts'
import type { SinkBatch, SinkPiece } from '../../engine/contracts.ts'
import { noFlows, sinkRows } from '../../engine/delivery/rows.ts'
import { messageOf } from '../../model/errors.ts'
import { stableId } from '../../model/positions.ts'

type LogRow = Readonly<{
  index: number
  key: string | undefined
  encode: () => Uint8Array | Readonly<{ is: 'reject'; reason: string }>
}>

/** Lazy; `encode` may be called until the next row is taken. */
export function* logRows(batch: SinkBatch, options: FlowLogOptions): Generator<LogRow> {
  let index = 0
  for (const piece of batch.pieces) {
    if (piece.batch.kind === 'flows') yield* flowRows(piece, index, options)
    else
      for (const row of sinkRows({ ...batch, pieces: [piece] }, noFlows))
        yield {
          index: index + row.index,
          key: row.key,
          encode: () => attempting(() => eventLog(row.event, piece.header.received)),
        }
    index += piece.rows.length
  }
}

function* flowRows(
  { header, batch, rows, firstRow }: SinkPiece,
  first: number,
  options: FlowLogOptions,
): Generator<LogRow> {
  if (batch.kind !== 'flows') return
  const { source, epoch, sourceSequence, received } = header
  const encode = flowLogs(batch, received, options)
  let index = first
  for (const row of rows)
    yield {
      index: index++,
      key: undefined,
      encode: () => attempting(() => encode(row, stableId(source, epoch, sourceSequence, firstRow + row))),
    }
}

function attempting(make: () => Uint8Array): Uint8Array | Readonly<{ is: 'reject'; reason: string }> {
  try {
    return make()
  } catch (error) {
    return { is: 'reject', reason: `can't be written as a log record: ${messageOf(error)}` }
  }
}
