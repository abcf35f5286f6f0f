import { backoffMs } from '../host/backoff.ts'
import type { Host } from '../host/index.ts'
import { PollError } from './poll-error.ts'

const defaultTries = 6
const backoff = { firstMs: 1000, maxMs: 30_000 }

type RetryLimits = Readonly<{
  host: Pick<Host, 'timers' | 'random'>
  signal: AbortSignal
  /** Default: `mayPass`. */
  passes?: (error: PollError) => boolean
  tries?: number
  retried: (why: string) => void
}>

/** Retries with backoff, at least after the delay that the API requires. */
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
      await host.timers.sleep(error.afterMs + backoffMs(backoff, attempt - 1, host.random.next()), signal)
      if (signal.aborted) throw error
    }
  }
}
