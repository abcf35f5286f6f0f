import type { Host } from '../host/index.ts'

/**
 * Share of an interval that jitter takes at most, so that instances that were started together do not poll together.
 */
const jitter = 0.1

export interface Schedule {
  readonly host: Pick<Host, 'clock' | 'timers' | 'random'>
  /** From the start of a poll to the start of the next one, in ms; jitter shortens it. */
  readonly every: number
}

/**
 * Polls until the signal aborts. `poll` resolves with the wait that the API requires after it, in ms; a poll that takes
 * longer than the interval is followed at once.
 */
export async function pollOnSchedule(
  { host, every }: Schedule,
  poll: (signal: AbortSignal) => Promise<number>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const began = host.clock.monotonic()
    const requiredMs = await poll(signal)
    const interval = every * (1 - jitter * host.random.next())
    await host.timers.sleep(Math.max(requiredMs, interval - (host.clock.monotonic() - began)), signal)
  }
}
