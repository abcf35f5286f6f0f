import type { Timer } from './real.ts'

/** Intervals that are due so soon run too. */
const slackMs = 5

type Interval = { readonly ms: number; readonly act: () => void; readonly repeats: boolean; at: number }

/** Long intervals of a thread at multiples of their length, with one timer: together they wake it once. */
export class Intervals {
  readonly #all = new Set<Interval>()
  #timer: NodeJS.Timeout | undefined

  every(ms: number, act: () => void): Timer {
    return this.#add({ ms, act, repeats: true, at: next(ms) })
  }

  once(ms: number, act: () => void): Timer {
    return this.#add({ ms, act, repeats: false, at: next(ms) })
  }

  #add(interval: Interval): Timer {
    this.#all.add(interval)
    this.#start()
    return {
      cancel: () => {
        this.#all.delete(interval)
        if (this.#all.size === 0) clearTimeout(this.#timer)
      },
    }
  }

  #start() {
    clearTimeout(this.#timer)
    const first = Math.min(...[...this.#all].map(({ at }) => at))
    if (first === Infinity) return
    this.#timer = setTimeout(() => this.#run(), Math.max(0, first - performance.now()))
    this.#timer.unref()
  }

  #run() {
    const now = performance.now() + slackMs
    const due = [...this.#all].filter(({ at }) => at <= now)
    for (const interval of due) interval.at = interval.repeats ? next(interval.ms) : Infinity
    this.#start()
    for (const interval of due) {
      if (!this.#all.has(interval)) continue
      if (!interval.repeats) this.#all.delete(interval)
      interval.act()
    }
  }
}

function next(ms: number): number {
  return ms * Math.floor((performance.now() + slackMs) / ms + 1)
}
