import { trimOldest } from '../../model/trim-oldest.ts'

export type Gap = Readonly<{
  key: string
  /** First and last missing number. */
  from: number
  to: number
}>

const maxKeys = 1000

/** The last sequence number of each key, also across restarts. */
export class Sequences {
  readonly #last = new Map<string, number>()
  readonly #utf8 = new TextEncoder()

  constructor(cursor: Uint8Array | undefined) {
    for (const [key, last] of entriesOf(cursor)) this.#last.set(key, last)
  }

  /** A number that is not above the last one is a repetition or a new start of the feed, and no gap. */
  take(key: string, sequence: number): Gap | undefined {
    const last = this.#last.get(key)
    this.#last.delete(key)
    this.#last.set(key, sequence)
    trimOldest(this.#last, maxKeys)
    return last === undefined || sequence <= last + 1 ? undefined : { key, from: last + 1, to: sequence - 1 }
  }

  cursor(): Uint8Array {
    return this.#utf8.encode(JSON.stringify({ last: [...this.#last] }))
  }
}

function entriesOf(cursor: Uint8Array | undefined): readonly (readonly [string, number])[] {
  if (cursor === undefined) return []
  try {
    const { last } = JSON.parse(new TextDecoder().decode(cursor)) as { last?: unknown }
    return Array.isArray(last) ? (last as [string, number][]) : []
  } catch {
    return []
  }
}
