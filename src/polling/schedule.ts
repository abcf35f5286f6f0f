import type { Host } from '../host/index.ts'

/** Share of the interval: instances that start together do not poll together. */
const jitter = 0.1

type Schedule = Readonly<{
  host: Pick<Host, 'clock' | 'timers' | 'random'>
  /** From start to start, in ms; jitter shortens it. */
  every: number
}>

/** Polls until the signal aborts. `poll` resolves with the delay that the API requires, in ms. */
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
