import { encodeEvents } from '../../journal/bodies.ts'
import type { Appended, Unit } from '../../journal/types.ts'
import type { EventBatch } from '../../model/batches.ts'
import { WeirError } from '../../model/errors.ts'
import type { WeirEvent } from '../../model/events.ts'
import type { SourceContext } from '../contracts.ts'
import { idHashes } from '../dedupe/id-hashes.ts'

export interface AppendEventsOptions {
  /** Ends the retries. If it has aborted already, there is one attempt. */
  readonly signal: AbortSignal
  /** Position of the source after these events. */
  readonly cursor?: Uint8Array
  /** The unit may wait this long for others, in ms; it then shares their sync. */
  readonly maxDelayMs?: number
  /** Events that the journal remembers are left out, and counted as duplicates. */
  readonly once?: boolean
  /** Called as soon as an attempt fails that is followed by another one, which waits for the promise. */
  readonly afterFailure?: () => Promise<unknown>
}

/** Waits between attempts, in ms: the first, and the longest. */
const [firstWaitMs, maxWaitMs] = [500, 5000]

/**
 * Appends events as one unit, which may hold a cursor alone. Resolves when it is synced, with the number of duplicates.
 * While the journal is full or its disk fails, it is tried again. Rejects when the journal accepts nothing more, or
 * when it fails after the signal aborted.
 */
export async function appendEvents(
  context: Pick<SourceContext, 'id' | 'host' | 'log' | 'append' | 'appendOnce'>,
  events: readonly WeirEvent[],
  options: AppendEventsOptions,
): Promise<Appended & { readonly duplicates?: number }> {
  const { id, host, log, appendOnce } = context
  const { signal, once = false, afterFailure } = options
  for (let failed = 0; ; failed++) {
    try {
      const unit = eventUnit(id, events, host.clock.now(), options)
      return await (once && appendOnce !== undefined ? appendOnce(unit) : context.append(unit, events))
    } catch (error) {
      if (!(error instanceof WeirError) || !error.retry || signal.aborted) throw error
      if (failed === 0) log.warn('The journal accepts no data now; events wait.', { source: id, error: error.message })
      const ready = afterFailure?.()
      await host.timers.sleep(Math.min(firstWaitMs * 2 ** failed, maxWaitMs), signal)
      await ready
    }
  }
}

/**
 * A unit of events, or of a cursor alone. The journal takes over its buffer, so that each attempt needs another one.
 */
export function eventUnit(
  stream: string,
  events: readonly WeirEvent[],
  received: number,
  { cursor, maxDelayMs, once }: Pick<AppendEventsOptions, 'cursor' | 'maxDelayMs' | 'once'>,
): Omit<Unit, 'source'> {
  let hashes: Uint32Array | undefined
  const read = once === true ? (batch: EventBatch): void => void (hashes = idHashes(batch)) : undefined
  const body =
    events.length === 0
      ? ({ kind: 'empty', raw: new Uint8Array(0), timeMin: Number.NaN, timeMax: Number.NaN } as const)
      : ({ kind: 'events', ...encodeEvents(events, read) } as const)
  return {
    stream,
    count: events.length,
    received,
    ...body,
    ...(hashes === undefined ? {} : { hashes }),
    ...(cursor === undefined ? {} : { cursor }),
    ...(maxDelayMs === undefined ? {} : { maxDelayMs }),
  }
}
