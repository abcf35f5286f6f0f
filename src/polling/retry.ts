import type { Host } from '../host/index.ts'
import { PollError } from './poll-error.ts'

const defaultTries = 6
const [firstWaitMs, longestWaitMs] = [500, 30_000]

export interface RetryLimits {
  readonly host: Pick<Host, 'timers' | 'random'>
  readonly signal: AbortSignal
  /** Failures that are retried; default: those that state it. */
  readonly passes?: (error: PollError) => boolean
  /** Limit of attempts. */
  readonly tries?: number
  /** Called before a retry, with the reason. */
  readonly retried: (why: string) => void
}

/** Retries with exponential backoff and jitter, at least for the wait that the API requires. */
export async function withRetries<T>(
  { host, signal, tries = defaultTries, passes = ({ mayPass }) => mayPass, retried }: RetryLimits,
  request: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await request()
    } catch (error) {
      if (!(error instanceof PollError) || !passes(error) || attempt >= tries || signal.aborted) throw error
      retried(error.message)
      const most = Math.min(longestWaitMs, firstWaitMs * 2 ** attempt)
      // Jitter spreads the retries of many clients.
      await host.timers.sleep(error.afterMs + most / 2 + (host.random.next() * most) / 2, signal)
      if (signal.aborted) throw error
    }
  }
}
