import type { Timers } from '../host/index.ts'

/** False: `done` continues in the background. */
export async function endsWithin(done: Promise<unknown>, ms: number, timers: Timers): Promise<boolean> {
  const ended = new AbortController()
  const late = timers.sleep(ms, ended.signal).then(() => false)
  try {
    return await Promise.race([done.then(() => true), late])
  } finally {
    ended.abort()
  }
}
