import type { Host } from '../host/index.ts'
import { messageOf } from '../model/errors.ts'

export interface Limit {
  readonly timers: Host['timers']
  readonly ms: number
  /** What it rejects with, in words, when the time is over. */
  readonly late: string
  /** Aborts when an answer is worth nothing any more. */
  readonly until?: { readonly signal: AbortSignal; readonly says: string }
}

/** Waits for an answer no longer than it may take, and rejects else; what was asked for goes on by itself, and nobody hears of it. */
export async function within<T>(asked: Promise<T>, { timers, ms, late, until }: Limit): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>()
  const timer = timers.after(ms, () => {
    reject(new Error(late))
  })
  const end = (): void => {
    reject(new Error(until?.says))
  }
  if (until?.signal.aborted === true) end()
  until?.signal.addEventListener('abort', end, { once: true })
  try {
    return await Promise.race([asked, over])
  } finally {
    timer.cancel()
    until?.signal.removeEventListener('abort', end)
    // Somebody hears of it, whichever was first.
    for (const one of [asked, over]) one.catch(() => undefined)
  }
}

/** What is wrong with a sink, undefined when nothing is; `late` where there is no answer in time. */
export function problemWithin(
  problem: Promise<string | undefined>,
  limit: Omit<Limit, 'until'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  return within(problem, { ...limit, until: { signal, says: 'the sink is stopping' } }).catch(messageOf)
}
