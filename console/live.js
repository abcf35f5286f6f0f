import { ask, Refused } from './session.js'

/**
 * @typedef {{ view: string, cols: string[], rows: unknown[][], matched: number, shown: number, snapshot?: boolean }} Rows
 * @typedef {{ rate: number, matched: number, new: number, droppedByLimit: number, ringFrom: number, lagMs: number | null, paused: boolean,
 *   views: Record<string, { matched: number, shown: number, new: number }> }} Stat
 * @typedef {{ view: string, fromSeq: number, toSeq: number, reason: string }} Gap
 * @typedef {{ state: 'connecting' | 'live' | 'waiting' | 'refused', detail?: string, retryMs?: number, status?: number }} Link
 */

const sid = crypto.randomUUID()
const shortest = 500
const longest = 30_000
/** The server says something at least every second; this long a silence means that the line is dead. */
const silence = 20_000

/**
 * One stream for the page. Read by fetch, not EventSource, so that a token can be sent and an error be read.
 * It reconnects by itself, going on from the last event it saw.
 */
export class Live {
  #lastId = ''
  #failures = 0
  #paused = false
  #views
  #on
  #stop = new AbortController()

  /**
   * @param {unknown[]} views
   * @param {{ rows(rows: Rows): void, stat(stat: Stat): void, gap(gap: Gap): void, link(link: Link): void }} on
   */
  constructor(views, on) {
    this.#views = views
    this.#on = on
  }

  /** Runs until the page goes. */
  async run() {
    while (!this.#stop.signal.aborted) {
      const wait = await this.#once()
      await this.#sleep(wait)
    }
  }

  /** @param {boolean} paused @param {'catch-up' | 'now'} resume */
  async pause(paused, resume = 'catch-up') {
    this.#paused = paused
    await this.#put(resume)
  }

  /** Tries again at once. */
  #wake = () => {}
  retry() {
    this.#failures = 0
    this.#wake()
  }

  #put(resume = 'catch-up') {
    return ask(`/api/v1/live/${sid}`, { method: 'PUT', body: { views: this.#views, paused: this.#paused, resume } })
  }

  /** One connection, to its end. Answers how long to wait before the next. */
  async #once() {
    const line = new AbortController()
    let watchdog = 0
    try {
      this.#on.link({ state: 'connecting' })
      await this.#put()
      const answer = await ask(`/api/v1/live?sid=${sid}`, { signal: line.signal, headers: this.#lastId === '' ? {} : { 'last-event-id': this.#lastId } })
      this.#on.link({ state: 'live' })
      const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).pipeThrough(new TextDecoderStream()).getReader()
      let rest = ''
      for (;;) {
        clearTimeout(watchdog)
        watchdog = setTimeout(() => line.abort(), silence)
        const { done, value } = await reader.read()
        if (done) break
        const blocks = (rest + value).split('\n\n')
        rest = blocks.pop() ?? ''
        for (const block of blocks) this.#take(block)
      }
      return this.#later('The server closed the stream.')
    } catch (error) {
      if (error instanceof Refused && error.status === 401) {
        this.#on.link({ state: 'refused', detail: error.message, status: 401 })
        return Infinity
      }
      return this.#later(error instanceof Refused ? error.message : 'The server does not answer.', error instanceof Refused ? error.retryAfter * 1000 : 0)
    } finally {
      clearTimeout(watchdog)
    }
  }

  /** @param {string} detail @param {number} [least] ms */
  #later(detail, least = 0) {
    const step = Math.min(longest, shortest * 2 ** this.#failures++)
    const retryMs = Math.max(least, step * (0.75 + Math.random() / 2))
    this.#on.link({ state: 'waiting', detail, retryMs })
    return retryMs
  }

  /** @param {number} ms */
  #sleep(ms) {
    return new Promise((resolve) => {
      const timer = ms === Infinity ? 0 : setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve(undefined)
      }
    })
  }

  /** @param {string} block one event of the stream */
  #take(block) {
    let event = ''
    let data = ''
    for (const line of block.split('\n')) {
      if (line.startsWith('event: ')) event = line.slice(7)
      else if (line.startsWith('data: ')) data = line.slice(6)
      else if (line.startsWith('id: ')) this.#lastId = line.slice(4)
    }
    if (data === '') return
    const value = JSON.parse(data)
    this.#failures = 0
    if (event === 'rows') this.#on.rows(value)
    else if (event === 'stat') this.#on.stat(value)
    else if (event === 'gap') this.#on.gap(value)
  }
}
