import type { Host } from '../host/index.ts'

/**
 * Waits for an answer no longer than it may take: else resolves with `late`, and at once with a sentence when the signal aborts.
 * What was asked for goes on by itself.
 */
export async function soon(answer: Promise<string | undefined>, { timers, ms, late }: { readonly timers: Host['timers']; readonly ms: number; readonly late: string }, signal: AbortSignal): Promise<string | undefined> {
  const { promise: given, resolve } = Promise.withResolvers<string>()
  const timer = timers.after(ms, () => { resolve(late) })
  const abort = (): void => { resolve('the sink is stopping') }
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([answer, given])
  } finally {
    timer.cancel()
    signal.removeEventListener('abort', abort)
  }
}
