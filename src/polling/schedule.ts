import type { Host } from '../host/index.ts'

/** Share of the interval: instances that start together do not poll together. */
const jitter = 0.1

type Schedule = Readonly<{
  host: Pick<Host, 'clock' | 'timers' | 'random'>
  /** From start to start, in ms; jitter shortens it. */
  every: number
  /** Receives the time of the next poll, Unix ms. */
  scheduled?: (at: number) => void
}>

/** Polls until the signal aborts. `poll` resolves with the delay that the API requires, in ms. */
export async function pollOnSchedule(
  { host, every, scheduled }: Schedule,
  poll: (signal: AbortSignal) => Promise<number>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const began = host.clock.monotonic()
    const requiredMs = await poll(signal)
    const interval = every * (1 - jitter * host.random.next())
    const delay = Math.max(requiredMs, interval - (host.clock.monotonic() - began), 0)
    scheduled?.(host.clock.now() + delay)
    await host.timers.sleep(delay, signal)
  }
}
