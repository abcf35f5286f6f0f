import { frameBatch } from '../journal/shared-frames.ts'
import type { Frame, FrameHeader } from '../journal/types.ts'
import { WeirError } from '../model/errors.ts'
import type { TapTarget } from './control.ts'
import { storeSink } from './ledger/ledger.ts'
import type { SinkPiece } from './contracts.ts'
import type { SinkSet } from './delivery/sinks.ts'

/** Selects the target's rows of a frame. Throws for an unknown target. */
export function tapOf(
  target: TapTarget,
  { sinks, stored }: { sinks: SinkSet; stored: (header: FrameHeader) => boolean },
  sources: ReadonlySet<string>,
): (frame: Frame) => SinkPiece | undefined {
  if ('source' in target) {
    const { source } = target
    if (!sources.has(source))
      throw new WeirError('WEIR_SOURCE_UNKNOWN', `unknown source ${source}; known: ${[...sources].join(', ')}`)
    return (frame) => (frame.header.source === source ? whole(frame) : undefined)
  }
  const { sink } = target
  if (sink === storeSink) return (frame) => (stored(frame.header) ? whole(frame) : undefined)
  if (sinks.get(sink) === undefined)
    throw new WeirError(
      'WEIR_SINK_UNKNOWN',
      `unknown sink ${sink}; known: ${[storeSink, ...sinks.all().map(({ entry }) => entry.id)].join(', ')}`,
    )
  return (frame) => {
    const delivery = sinks.get(sink)
    if (delivery === undefined || !delivery.takes(frame.header.source)) return undefined
    const piece = whole(frame)
    if (piece === undefined) return undefined
    const { batch, rows } = delivery.select(piece.batch, frame.header)
    return rows.length === 0 ? undefined : { ...piece, batch, rows }
  }
}

function whole(frame: Frame): SinkPiece | undefined {
  const { header } = frame
  if (header.kind === 'empty' || header.count === 0) return undefined
  const batch = frameBatch(frame)
  return { header, batch, rows: Uint32Array.from({ length: batch.count }, (_, row) => row), firstRow: 0 }
}
