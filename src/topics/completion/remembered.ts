import type { StoreReader } from '../../engine/control.ts'
import type { UsedValues } from './values.ts'

export const maxValues = 1000
const [cacheMs, maxCached] = [15_000, 64]

interface CachedValues extends UsedValues {
  readonly whole: boolean
  readonly textual: boolean
}

/** A complete result also serves longer prefixes. */
export class ValueCache {
  readonly #entries = new Map<string, Readonly<{ prefix: string; until: number; answer: CachedValues }>[]>()

  find(key: string, prefix: string, now: number): UsedValues | undefined {
    const typed = prefix.toLowerCase()
    return this.#entries.get(key)?.find(({ prefix: before, until, answer }) => {
      if (until < now) return false
      if (before === typed) return true
      return answer.whole && (before === '' || (answer.textual && typed.startsWith(before)))
    })?.answer
  }

  put(key: string, prefix: string, answer: CachedValues, now: number): void {
    const others = (this.#entries.get(key) ?? []).filter(({ until }) => until >= now).slice(-maxCached)
    this.#entries.delete(key)
    this.#entries.set(key, [...others, { prefix: prefix.toLowerCase(), until: now + cacheMs, answer }])
    for (const [old, answers] of this.#entries) {
      if (this.#entries.size <= maxCached && answers.some(({ until }) => until >= now)) continue
      if (old !== key) this.#entries.delete(old)
    }
  }
}

const ofStore = new WeakMap<StoreReader, ValueCache>()

export function valueCacheOf(store: StoreReader): ValueCache {
  let cache = ofStore.get(store)
  if (cache === undefined) ofStore.set(store, (cache = new ValueCache()))
  return cache
}
