import type { Clock, Host, Timer, Timers } from '../index.ts'
import { MemoryBudget } from '../memory-budget.ts'
import { ForgetfulDisk } from './disk.ts'
import { SeededRandom } from './random.ts'

/** Start time of the simulated clock. */
export const startOfTime = Date.UTC(2026, 0, 1)

class SimulatedClock implements Clock {
  #now = startOfTime
  #monotonic = 0

  now(): number {
    return this.#now
  }
  monotonic(): number {
    return this.#monotonic
  }
  pass(ms: number): void {
    this.#now += ms
    this.#monotonic += ms
  }
  /** Sets the wall clock; durations do not change. */
  jump(ms: number): void {
    this.#now += ms
  }
}

interface Waiting {
  at: number
  readonly order: number
  readonly everyMs: number | undefined
  readonly act: () => void
}

class SimulatedTimers implements Timers {
  readonly #clock: SimulatedClock
  #waiting: Waiting[] = []
  #orders = 0
  #dead = false
  yields = 0

  constructor(clock: SimulatedClock) {
    this.#clock = clock
  }

  get pending(): number {
    return this.#waiting.length
  }

  after(ms: number, act: () => void): Timer {
    return this.#add(ms, undefined, act)
  }
  every(ms: number, act: () => void): Timer {
    return this.#add(ms, Math.max(1, ms), act)
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve()
      const timer = this.#add(ms, undefined, () => {
        signal?.removeEventListener('abort', aborted)
        resolve()
      })
      const aborted = (): void => {
        timer.cancel()
        resolve()
      }
      signal?.addEventListener('abort', aborted, { once: true })
    })
  }
  tick(ms: number, signal: AbortSignal): Promise<void> {
    return this.sleep(ms, signal)
  }
  yield(): Promise<void> {
    this.yields++
    return new Promise((resolve) =>
      setImmediate(() => {
        this.yields--
        if (!this.#dead) resolve()
      }),
    )
  }

  /** Removes the next timer that is due by `until` and sets the clock to its time. */
  due(until: number): (() => void) | undefined {
    const next = this.#waiting.reduce<Waiting | undefined>(
      (first, candidate) =>
        first === undefined || candidate.at < first.at || (candidate.at === first.at && candidate.order < first.order)
          ? candidate
          : first,
      undefined,
    )
    if (next === undefined || next.at > until) return undefined
    this.#clock.pass(Math.max(0, next.at - this.#clock.monotonic()))
    if (next.everyMs === undefined) this.#remove(next)
    else next.at += next.everyMs
    return next.act
  }

  /** Ends the process: its timers never fire. */
  die(): void {
    this.#dead = true
    this.#waiting = []
  }

  #add(ms: number, everyMs: number | undefined, act: () => void): Timer {
    const waiting: Waiting = { at: this.#clock.monotonic() + Math.max(0, ms), order: this.#orders++, everyMs, act }
    if (!this.#dead) this.#waiting.push(waiting)
    return { cancel: () => this.#remove(waiting) }
  }

  #remove(waiting: Waiting): void {
    this.#waiting = this.#waiting.filter((next) => next !== waiting)
  }
}

export interface SimulatedHost extends Host {
  readonly disk: ForgetfulDisk
  readonly random: SeededRandom
  /** Advances the clock; timers run in order, and the effects of each settle before the next. */
  advance(ms: number): Promise<void>
  /** Waits until all work that takes no time is done. */
  settle(): Promise<void>
  /** Sets the wall clock. */
  jump(ms: number): void
  readonly timersPending: number
  /**
   * Power loss and restart: returns the new machine. Timers of the old one never fire, and its disk rejects every call.
   */
  crash(): SimulatedHost
  /** Kills and restarts the process: like a crash, but the disk keeps everything. */
  kill(): SimulatedHost
}

function assemble(clock: SimulatedClock, random: SeededRandom, disk: ForgetfulDisk): SimulatedHost {
  const timers = new SimulatedTimers(clock)
  const settle = async (): Promise<void> => {
    // Each turn of the event loop runs all ready promises. The limit ends a loop that yields forever.
    for (let turn = 0, quiet = 0; quiet < 3 && turn < 2000; turn++) {
      quiet = timers.yields === 0 ? quiet + 1 : 0
      const before = disk.calls
      await new Promise((resolve) => setImmediate(resolve))
      if (disk.calls !== before) quiet = 0
    }
  }
  const again = (by: 'crash' | 'kill'): SimulatedHost => {
    timers.die()
    return assemble(clock, random.fork(), disk.succeed(by))
  }
  return {
    clock,
    disk,
    timers,
    random,
    memory: new MemoryBudget(),
    settle,
    jump: (ms) => clock.jump(ms),
    get timersPending() {
      return timers.pending
    },
    async advance(ms) {
      const until = clock.monotonic() + ms
      await settle()
      for (let act = timers.due(until); act !== undefined; act = timers.due(until)) {
        act()
        await settle()
      }
      clock.pass(Math.max(0, until - clock.monotonic()))
    },
    crash: () => again('crash'),
    kill: () => again('kill'),
  }
}

/** A deterministic machine in memory with a simulated clock. */
export function simulatedHost(seed: number, options: { readonly jitter?: boolean } = {}): SimulatedHost {
  const random = new SeededRandom(seed)
  const clock = new SimulatedClock()
  const disk = new ForgetfulDisk(random.fork(), { now: () => clock.now(), ...options })
  return assemble(clock, random.fork(), disk)
}
