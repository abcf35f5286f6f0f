import { decodeBatch } from '../../journal/bodies.ts'
import { frameHeader } from '../../journal/frame-header.ts'
import { stableId } from '../../model/positions.ts'
import type { SinkPiece } from '../contracts.ts'
import type { DeadLetters, StoredDeadLetter } from './dead-letters.ts'
import { sendAll, type Sender } from './send.ts'

const perRound = 100

export async function redeliver(
  letters: DeadLetters,
  sender: Sender,
  withRetries: (act: () => Promise<unknown>) => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const waiting = letters.retrying(perRound)
    if (waiting.length === 0 || signal.aborted) return
    const report = await sendAll(sender, waiting.map(pieceOf), sender.settings().batch.events, signal, 'retried')
    const refused = new Map(report.rejected.map(({ piece, reason }) => [idOf(piece), reason]))
    const dropped = new Set(report.dropped.map(({ piece }) => idOf(piece)))
    const unsettled = new Set(report.unsettled.map(idOf))
    const delivered = waiting
      .map(({ id }) => id)
      .filter((id) => !refused.has(id) && !dropped.has(id) && !unsettled.has(id))
    await withRetries(() => letters.mark(delivered, 'delivered'))
    await withRetries(() => letters.mark([...dropped], 'dropped'))
    for (const [id, reason] of refused) await withRetries(() => letters.mark([id], 'open', reason))
    if (unsettled.size > 0) return
  }
}

function pieceOf(letter: StoredDeadLetter): SinkPiece {
  const batch = decodeBatch(letter.kind, new Uint8Array(Buffer.from(letter.body, 'base64')))
  const { sequence, kind, source, epoch, sourceSequence, received } = letter
  const header = frameHeader({ sequence, kind, source, epoch, sourceSequence, received, count: 1 })
  return { header, batch, rows: Uint32Array.of(0), firstRow: letter.row }
}

function idOf({ header, firstRow }: SinkPiece) {
  return stableId(header.source, header.epoch, header.sourceSequence, firstRow)
}
