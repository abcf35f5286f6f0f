import { setTimeout as sleep } from 'node:timers/promises'
import type { Sink, SinkBatch } from '../../src/engine/contracts.ts'
import type { WeirEvent } from '../../src/model/events.ts'
import type { Failure } from '../../src/model/outcome.ts'
import { eventBatch } from './batches.ts'

export interface Sent {
  readonly failures: readonly Failure[]
}

/** One send. If it throws, every row is to be retried, as in the engine. */
export async function settle(sink: Sink, batch: SinkBatch, signal: AbortSignal): Promise<Sent> {
  try {
    return { failures: await sink.send(batch, signal) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { failures: Array.from({ length: batch.count }, (_, index) => ({ index, is: 'retry', reason })) }
  }
}

const patience = 100

/** Sends with retries, as the engine does. Rejects if a row is rejected or never delivered. */
export async function deliverAll(
  sink: Sink,
  events: readonly WeirEvent[],
  token = `token-${events[0]?.id ?? ''}`,
): Promise<void> {
  let left = events
  for (let attempt = 0; left.length > 0; attempt++) {
    const { failures } = await settle(sink, eventBatch(left, token), new AbortController().signal)
    const bad = failures.find((failure) => failure.is === 'reject')
    if (bad !== undefined) throw new Error(`rejected: ${bad.reason}`)
    if (failures.length > 0 && attempt >= patience) throw new Error(`never delivered: ${failures[0]?.reason ?? ''}`)
    const sent: readonly WeirEvent[] = left
    left = failures.flatMap(({ index }) => sent[index] ?? [])
    if (left.length > 0) await sleep(50)
  }
}

/** Whether the first arrivals of each key are in order. */
export function firstsInOrder(events: readonly WeirEvent[], received: readonly string[]): boolean {
  const place = new Map<string, number>()
  received.forEach((id, index) => {
    if (!place.has(id)) place.set(id, index)
  })
  const last = new Map<string, number>()
  return events.every(({ id, key }) => {
    const at = place.get(id)
    if (key === undefined || at === undefined) return true
    const before = last.get(key) ?? -1
    last.set(key, at)
    return at > before
  })
}
