import type { Permits } from '../../../host/permits.ts'
import type { Answer, Ask } from '../../../net/kubernetes/types.ts'

export class ListSlot {
  readonly #permits: Permits
  #held = false

  constructor(permits: Permits) {
    this.#permits = permits
  }

  done(): void {
    if (!this.#held) return
    this.#held = false
    this.#permits.release()
  }

  /** Limits lists only. The slot is released with the last page, {@link done}, or the end of the response. */
  limiting(ask: Ask): Ask {
    return async (path, query, signal) => {
      if (query['watch'] === 'true' && query['sendInitialEvents'] !== 'true') return ask(path, query, signal)
      if (!this.#held) {
        await this.#permits.take()
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
