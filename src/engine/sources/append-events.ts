import { backoffMs } from '../../host/backoff.ts'
import { encodeEvents } from '../../journal/bodies.ts'
import type { Appended, Unit } from '../../journal/types.ts'
import type { EventBatch } from '../../model/batches.ts'
import { WeirError } from '../../model/errors.ts'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import type { SourceContext } from '../contracts.ts'
import { idHashes } from '../dedupe/id-hashes.ts'

type AppendEventsOptions = Readonly<{
  signal: AbortSignal
  cursor?: Uint8Array
  maxDelayMs?: number
  once?: boolean
  afterFailure?: () => Promise<unknown>
}>

const waits = { firstMs: 500, maxMs: 5000, jitter: 0 }

/**
 * Appends events as one unit, or a cursor alone. Resolves with the number of duplicates. Retries while the journal is
 * full.
 */
export async function appendEvents(
  context: Pick<SourceContext, 'id' | 'host' | 'log' | 'append' | 'appendOnce'>,
  events: readonly WeirEvent[] | EventBatch,
  options: AppendEventsOptions,
): Promise<Appended & { readonly duplicates?: number }> {
  const { id, host, log, appendOnce } = context
  const { signal, once = false, afterFailure } = options
  for (let failed = 0; ; failed++) {
    try {
      const unit = eventUnit(id, events, host.clock.now(), options)
      return await (once && appendOnce !== undefined ? appendOnce(unit) : context.append(unit, objectsOf(events)))
    } catch (error) {
      if (!(error instanceof WeirError) || !error.retry || signal.aborted) throw error
      if (failed === 0) log.warn('The journal accepts no data now; events wait.', { source: id, error: error.message })
      const ready = afterFailure?.()
      await host.timers.sleep(backoffMs(waits, failed, 0), signal)
      await ready
    }
  }
}

/** The journal takes over the unit's buffer: each attempt needs a new unit. */
export function eventUnit(
  stream: string,
  events: readonly WeirEvent[] | EventBatch,
  received: number,
  { cursor, maxDelayMs, once }: Pick<AppendEventsOptions, 'cursor' | 'maxDelayMs' | 'once'>,
): Omit<Unit, 'source'> {
  let hashes: Uint32Array | undefined
  const read = once === true ? (batch: EventBatch): void => void (hashes = idHashes(batch)) : undefined
  const count = 'kind' in events ? events.count : events.length
  const body =
    count === 0
      ? ({ kind: 'empty', raw: new Uint8Array(0), timeMin: Number.NaN, timeMax: Number.NaN } as const)
      : ({ kind: 'events', ...encodeEvents(events, read) } as const)
  return {
    stream,
    count,
    received,
    ...body,
    ...(hashes === undefined ? {} : { hashes }),
    ...(cursor === undefined ? {} : { cursor }),
    ...(maxDelayMs === undefined ? {} : { maxDelayMs }),
  }
}

function objectsOf(events: readonly WeirEvent[] | EventBatch): readonly WeirEvent[] {
  return 'kind' in events ? Array.from({ length: events.count }, (_, row) => eventAt(events, row)) : events
}
