import type { StoreReader } from '../../engine/control.ts'
import type { UsedValues } from './values.ts'

/** A result with fewer values is complete. */
export const mostValues = 1000
const [cacheMs, mostCached] = [15_000, 64]

interface CachedValues extends UsedValues {
  readonly whole: boolean
  /** A longer prefix selects among the values. */
  readonly textual: boolean
}

/** A complete result also serves longer prefixes. */
export class ValueCache {
  readonly #kept = new Map<
    string,
    { readonly prefix: string; readonly until: number; readonly answer: CachedValues }[]
  >()

  find(key: string, prefix: string, now: number): UsedValues | undefined {
    const typed = prefix.toLowerCase()
    return this.#kept.get(key)?.find(({ prefix: before, until, answer }) => {
      if (until < now) return false
      if (before === typed) return true
      return answer.whole && (before === '' || (answer.textual && typed.startsWith(before)))
    })?.answer
  }

  put(key: string, prefix: string, answer: CachedValues, now: number): void {
    const others = (this.#kept.get(key) ?? []).filter(({ until }) => until >= now).slice(-mostCached)
    this.#kept.delete(key)
    this.#kept.set(key, [...others, { prefix: prefix.toLowerCase(), until: now + cacheMs, answer }])
    for (const [old, answers] of this.#kept) {
      if (this.#kept.size <= mostCached && answers.some(({ until }) => until >= now)) continue
      if (old !== key) this.#kept.delete(old)
    }
  }
}

const ofStore = new WeakMap<StoreReader, ValueCache>()

export function valueCacheOf(store: StoreReader): ValueCache {
  let known = ofStore.get(store)
  if (known === undefined) ofStore.set(store, (known = new ValueCache()))
  return known
}
