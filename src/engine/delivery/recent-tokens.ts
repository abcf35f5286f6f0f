import { trimOldest } from '../../model/trim-oldest.ts'

/** Tokens of the last batches that a sink counted, so that a repeated one is not counted twice. */
export class RecentTokens {
  readonly #limit: number
  readonly #tokens = new Set<string>()

  constructor(limit = 10_000) {
    this.#limit = limit
  }

  has(token: string): boolean {
    return this.#tokens.has(token)
  }

  add(token: string): void {
    this.#tokens.add(token)
    trimOldest(this.#tokens, this.#limit)
  }
}
