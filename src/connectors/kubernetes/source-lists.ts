import type { Answer, Ask } from '../../net/kubernetes/types.ts'

/** Lets only so many lists at a time be under way: the others wait for their turn. */
export class Lists {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(most: number) {
    this.#free = most
  }

  /** Of one reader. */
  turn(): Turn {
    return new Turn(
      () => this.#take(),
      () => this.#give(),
    )
  }

  #take(): Promise<void> {
    if (this.#free > 0) {
      this.#free--
      return Promise.resolve()
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #give(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next()
  }
}

export class Turn {
  readonly #take: () => Promise<void>
  readonly #give: () => void
  #held = false

  constructor(take: () => Promise<void>, give: () => void) {
    this.#take = take
    this.#give = give
  }

  /** The list has come to its end, or will not. */
  done(): void {
    if (!this.#held) return
    this.#held = false
    this.#give()
  }

  /** Asks, but for a list only when it is its turn. It is over with the last page, with {@link done}, or when the answer ends. */
  limiting(ask: Ask): Ask {
    return async (path, query, signal) => {
      if (query['watch'] === 'true' && query['sendInitialEvents'] !== 'true') return ask(path, query, signal)
      if (!this.#held) {
        await this.#take()
        this.#held = true
      }
      try {
        const answer = await ask(path, query, signal)
        if (answer.status !== 200) this.done()
        return { ...answer, body: this.#until(answer), close: () => this.#closed(answer) }
      } catch (error) {
        this.done()
        throw error
      }
    }
  }

  #closed(answer: Answer): void {
    this.done()
    answer.close()
  }

  async *#until({ body }: Answer): AsyncGenerator<Uint8Array> {
    try {
      yield* body
    } finally {
      this.done()
    }
  }
}
