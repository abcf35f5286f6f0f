import type { Answer, Ask } from '../../net/kubernetes/types.ts'

export class Lists {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(max: number) {
    this.#free = max
  }

  slot(): ListSlot {
    return new ListSlot(
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

  #give() {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next()
  }
}

export class ListSlot {
  readonly #take: () => Promise<void>
  readonly #give: () => void
  #held = false

  constructor(take: () => Promise<void>, give: () => void) {
    this.#take = take
    this.#give = give
  }

  done(): void {
    if (!this.#held) return
    this.#held = false
    this.#give()
  }

  /** Limits lists only. The slot is released with the last page, {@link done}, or the end of the response. */
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

  #closed(answer: Answer) {
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
