import type { SinkBatch, SinkPiece } from '../engine/contracts.ts'
import type { Attempt } from '../engine/delivery/in-order.ts'
import type { Failure } from '../model/outcome.ts'
import { isTooLarge } from './oversize.ts'

type Subset = Readonly<{
  batch: SinkBatch
  indexes: Uint32Array
}>

type SendMessages = (batch: SinkBatch) => Promise<readonly Failure[]>

/** Flows that are too large for the bus are sent as messages, which may be split or stored elsewhere. */
export async function sendFlowsApart(
  batch: SinkBatch,
  publishFlows: (pieces: readonly SinkPiece[]) => Promise<readonly Attempt[]>,
  sendMessages: SendMessages,
): Promise<readonly Failure[]> {
  const failures: Failure[] = []
  const onlyFlows = batch.pieces.every((piece) => piece.batch.kind === 'flows')
  if (!onlyFlows)
    await send(
      subset(batch, (_, piece) => piece.batch.kind !== 'flows'),
      sendMessages,
      failures,
    )
  const flows = onlyFlows ? whole(batch) : subset(batch, (_, piece) => piece.batch.kind === 'flows')
  if (flows.indexes.length > 0) {
    const attempts = await publishFlows(flows.batch.pieces)
    attempts.forEach((attempt, at) => {
      if (attempt !== undefined && !isTooLarge(attempt)) failures.push(failureOf(flows.indexes[at] ?? 0, attempt))
    })
    if (attempts.some(isTooLarge)) {
      const large = subset(flows.batch, (index) => isTooLarge(attempts[index]))
      await send({ ...large, indexes: large.indexes.map((at) => flows.indexes[at] ?? 0) }, sendMessages, failures)
    }
  }
  return failures.sort((a, b) => a.index - b.index)
}

async function send({ batch, indexes }: Subset, messages: SendMessages, failures: Failure[]) {
  for (const failure of await messages(batch))
    failures.push('index' in failure ? { ...failure, index: indexes[failure.index] ?? 0 } : failure)
}

function whole(batch: SinkBatch): Subset {
  return { batch, indexes: new Uint32Array(batch.count).map((_, index) => index) }
}

function subset(batch: SinkBatch, takes: (index: number, piece: SinkPiece) => boolean): Subset {
  const pieces: SinkPiece[] = []
  const indexes: number[] = []
  let index = 0
  for (const piece of batch.pieces) {
    const rows = piece.rows.filter(() => {
      const taken = takes(index, piece)
      if (taken) indexes.push(index)
      index++
      return taken
    })
    if (rows.length > 0) pieces.push({ ...piece, rows })
  }
  return { batch: { ...batch, count: indexes.length, pieces }, indexes: Uint32Array.from(indexes) }
}

export function failureOf(index: number, attempt: Exclude<Attempt, undefined>): Failure {
  if (attempt.is === 'reject') return { index, is: 'reject', reason: attempt.reason }
  return {
    index,
    is: 'retry',
    reason: attempt.reason,
    ...(attempt.afterMs === undefined ? {} : { afterMs: attempt.afterMs }),
  }
}
