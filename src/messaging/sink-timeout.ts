import type { Timers } from '../host/index.ts'
import { withTimeoutUntil } from '../host/with-timeout.ts'
import { messageOf } from '../model/errors.ts'

interface SinkLimit {
  readonly timers: Timers
  readonly ms: number
  readonly late?: string
}

/**
 * Rejects if the work takes longer, or when the sink stops. The work itself continues; its later failure is ignored.
 */
export function withSinkTimeout<T>(
  work: Promise<T>,
  { timers, ms, late = `no answer within ${ms} ms` }: SinkLimit,
  signal: AbortSignal,
): Promise<T> {
  return withTimeoutUntil(work, { timers, ms, late }, signal, 'the sink is stopping')
}

/** The problem of a sink, undefined if it has none; `late` if it is not known in time. */
export function problemWithTimeout(
  problem: Promise<string | undefined>,
  limit: SinkLimit,
  signal: AbortSignal,
): Promise<string | undefined> {
  return withSinkTimeout(problem, limit, signal).catch(messageOf)
}
