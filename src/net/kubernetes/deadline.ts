import type { Timers } from '../../host/index.ts'

export async function withDeadline<T>(
  signal: AbortSignal,
  { timers, ms }: { timers: Timers; ms: number },
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const timer = timers.after(ms, () => {
    late.abort(new Error('the server does not respond'))
  })
  try {
    return await act(AbortSignal.any([signal, late.signal]))
  } catch (error) {
    throw late.signal.aborted ? late.signal.reason : error
  } finally {
    timer.cancel()
  }
}
