import type { Entry } from '../../codecs/remote-write/index.ts'
import type { Refused } from './sink-isolate.ts'

export type KnownRefusal = Readonly<{
  reason: string
  isolated: boolean
  until: number
  at: number
}>

/** Time until a refused series is pushed again. A series refused for the time of its sample is in the next push. */
const waitMs = 60_000

export class Refusals {
  readonly #byMetric = new Map<string, Map<string, KnownRefusal>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  of(metric: string): ReadonlyMap<string, KnownRefusal> | undefined {
    return this.#byMetric.get(metric)
  }

  add({ entry, reason, outOfTime, isolated }: Refused, now: number): void {
    const { name } = entry.family
    let cached = this.#byMetric.get(name)
    if (cached === undefined) this.#byMetric.set(name, (cached = new Map<string, KnownRefusal>()))
    const key = keyOf(entry)
    const before = cached.get(key)
    if (before === undefined) this.#size++
    const until = outOfTime || !isolated ? now : now + waitMs
    // The reason of a series alone is more exact.
    const better = before?.isolated === true && !isolated ? before : { reason, isolated }
    cached.set(key, { reason: better.reason, isolated: better.isolated, until, at: now })
  }

  accept(entries: readonly Entry[]): boolean {
    let any = false
    if (this.#size > 0)
      for (const entry of entries)
        if (this.#byMetric.get(entry.family.name)?.delete(keyOf(entry)) === true) {
          any = true
          this.#size--
        }
    return any
  }

  prune(before: number): void {
    for (const [metric, known] of this.#byMetric) {
      for (const [key, { at }] of known)
        if (at < before) {
          known.delete(key)
          this.#size--
        }
      if (known.size === 0) this.#byMetric.delete(metric)
    }
  }
}

export function keyOf({ family, set }: Entry): string {
  return family.valuesOf(set).join('\u0000')
}
