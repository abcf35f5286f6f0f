import { setTimeout as sleep } from 'node:timers/promises'

const [batch, pauseMs] = [5, 25]

/** Posts new events one batch at a time, and notes those that were acknowledged. */
export class Poster {
  readonly acknowledged: string[] = []
  readonly #url: string
  readonly #name: string
  #stopped = false
  #posts = 0

  constructor(url: string, name: string) {
    this.#url = url
    this.#name = name
  }

  async run(): Promise<void> {
    for (; !this.#stopped; await sleep(pauseMs)) {
      const post = this.#posts + 1
      const ids = Array.from({ length: batch }, (_, at) => `${this.#name}-${post}-${at}`)
      const isAccepted = await fetch(`${this.#url}/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/cloudevents-batch+json' },
        body: JSON.stringify(ids.map((id) => ({ specversion: '1.0', id, source: '/orders', type: 'order' }))),
      }).then(
        async (response) => (await response.text(), response.status === 200),
        () => false,
      )
      if (isAccepted) this.acknowledged.push(...ids)
      this.#posts = post
    }
  }

  stop(): void {
    this.#stopped = true
  }

  async reaches(count: number): Promise<void> {
    while (this.acknowledged.length < count && !this.#stopped) await sleep(pauseMs)
  }

  /** Acknowledged events when the post in progress has ended. */
  async next(): Promise<number> {
    for (const post = this.#posts; this.#posts === post && !this.#stopped;) await sleep(1)
    return this.acknowledged.length
  }
}
