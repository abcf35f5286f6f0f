import type { Host } from '../host/index.ts'
import { PollError } from './poll-error.ts'

const usualTries = 6
const [firstWaitMs, longestWaitMs] = [500, 30_000]

export interface RetryLimits {
  readonly host: Pick<Host, 'timers' | 'random'>
  readonly signal: AbortSignal
  /** Which failures are worth another try; left out: those that say so. */
  readonly passes?: (error: PollError) => boolean
  /** How often it is asked at most. */
  readonly tries?: number
  /** It is asked again, and this is why. */
  readonly retried: (why: string) => void
}

/** Asks again, each time after a longer while, and never sooner than the other side wants, as long as that may help. */
export async function withRetries<T>({ host, signal, tries = usualTries, passes = ({ mayPass }) => mayPass, retried }: RetryLimits, ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof PollError) || !passes(error) || attempt >= tries || signal.aborted) throw error
      retried(error.message)
      const most = Math.min(longestWaitMs, firstWaitMs * 2 ** attempt)
      // A part is random, so that many do not come at once.
      await host.timers.sleep(error.afterMs + most / 2 + host.random.next() * most / 2, signal)
      if (signal.aborted) throw error
    }
  }
}
