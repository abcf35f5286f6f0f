import type { Host } from '../../host/index.ts'

export async function answerWithin<T>(
  host: Host,
  ms: number,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const stop = new AbortController()
  const over = Promise.withResolvers<undefined>()
  const timer = host.timers.after(ms, () => {
    stop.abort()
    over.resolve(undefined)
  })
  try {
    return await Promise.race([act(stop.signal), over.promise])
  } finally {
    timer.cancel()
  }
}
