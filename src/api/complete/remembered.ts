import type { StoreReader } from '../../engine/control.ts'
import type { UsedValues } from './values.ts'

/** Values that one answer of the store holds at most; an answer with fewer holds all there are. */
export const mostValues = 1000
const [keptMs, mostKept] = [15_000, 64]

interface Kept extends UsedValues {
  /** It holds every value that has the prefix in it. */
  readonly whole: boolean
  /** Values are found anywhere in by what was typed, so that more typed is found among what was found before. */
  readonly textual: boolean
}

/** What the store said of values a moment ago: who types on is answered from it, as long as it holds all there are. */
export class RememberedValues {
  readonly #kept = new Map<string, { readonly prefix: string; readonly until: number; readonly answer: Kept }[]>()

  find(key: string, prefix: string, now: number): UsedValues | undefined {
    const typed = prefix.toLowerCase()
    return this.#kept.get(key)?.find(({ prefix: before, until, answer }) => {
      if (until < now) return false
      if (before === typed) return true
      return answer.whole && (before === '' || (answer.textual && typed.startsWith(before)))
    })?.answer
  }

  put(key: string, prefix: string, answer: Kept, now: number): void {
    const others = (this.#kept.get(key) ?? []).filter(({ until }) => until >= now).slice(-mostKept)
    this.#kept.delete(key)
    this.#kept.set(key, [...others, { prefix: prefix.toLowerCase(), until: now + keptMs, answer }])
    for (const [old, answers] of this.#kept) {
      if (this.#kept.size <= mostKept && answers.some(({ until }) => until >= now)) continue
      if (old !== key) this.#kept.delete(old)
    }
  }
}

const ofStore = new WeakMap<StoreReader, RememberedValues>()

export function rememberedOf(store: StoreReader): RememberedValues {
  let known = ofStore.get(store)
  if (known === undefined) ofStore.set(store, (known = new RememberedValues()))
  return known
}
