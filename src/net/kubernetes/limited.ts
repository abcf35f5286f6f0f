import type { Timers } from '../../host/index.ts'

/**
 * A connection that says nothing must not take all the time that there is: rejects then, and what was asked for is told
 * to end.
 */
export async function limited<T>(
  signal: AbortSignal,
  { timers, ms }: { readonly timers: Timers; readonly ms: number },
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const timer = timers.after(ms, () => {
    late.abort(new Error('the server does not answer'))
  })
  try {
    return await act(AbortSignal.any([signal, late.signal]))
  } catch (error) {
    throw late.signal.aborted ? late.signal.reason : error
  } finally {
    timer.cancel()
  }
}
