import { randomBytes } from 'node:crypto'
import { Intervals } from './intervals.ts'

export interface Clock {
  /** Unix time in milliseconds; can jump. */
  now(): number
  /** Milliseconds from an arbitrary start; never decreases. For durations. */
  monotonic(): number
}

export interface Timer {
  cancel(): void
}

export interface Timers {
  after(ms: number, act: () => void): Timer
  every(ms: number, act: () => void): Timer
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** For loops: resolves at a multiple of `ms`, with other long intervals, or at once when the signal aborts. */
  tick(ms: number, signal: AbortSignal): Promise<void>
  /** Resolves in a later turn of the event loop, after pending input and output. */
  yield(): Promise<void>
}

export interface Random {
  next(): number
  bytes(count: number): Uint8Array
}

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}

/** From here on, intervals share a timer. */
const longMs = 500
const intervals = new Intervals()

export const realTimers: Timers = {
  after(ms, act) {
    const handle = setTimeout(act, ms)
    handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
  every(ms, act) {
    if (ms >= longMs) return intervals.every(ms, act)
    const handle = setInterval(act, ms)
    handle.unref()
    return { cancel: () => clearInterval(handle) }
  },
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = () => {
        clearTimeout(handle)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const handle = setTimeout(done, ms)
      signal?.addEventListener('abort', done, { once: true })
    })
  },
  tick(ms, signal) {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const done = () => {
        timer.cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = intervals.once(ms, done)
      signal.addEventListener('abort', done, { once: true })
    })
  },
  yield: () => new Promise((resolve) => setImmediate(resolve)),
}

export const realRandom: Random = {
  next: () => Math.random(),
  bytes: (count) => new Uint8Array(randomBytes(count)),
}
