import type { Attempt } from '../engine/delivery/in-order.ts'
import type { Timers } from '../host/index.ts'
import { withTimeoutUntil } from '../host/with-timeout.ts'
import { messageOf } from '../model/errors.ts'

type SinkLimit = Readonly<{
  timers: Timers
  ms: number
  late?: string
}>

/** Rejects at the time limit, or when the sink stops. The work continues; its later failure is ignored. */
export function withSinkTimeout<T>(
  work: Promise<T>,
  { timers, ms, late = `no response within ${ms} ms` }: SinkLimit,
  signal: AbortSignal,
): Promise<T> {
  return withTimeoutUntil(work, { timers, ms, late }, signal, 'the sink is stopping')
}

export function problemWithTimeout(
  problem: Promise<string | undefined>,
  limit: SinkLimit,
  signal: AbortSignal,
): Promise<string | undefined> {
  return withSinkTimeout(problem, limit, signal).catch(messageOf)
}

export function unavailable(reason: string): Attempt {
  return { is: 'retry', reason, away: true }
}
