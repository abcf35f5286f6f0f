import { setTimeout as sleep } from 'node:timers/promises'
import type { SeededRandom } from '../../kit/random.ts'
import type { WeirProcess } from '../../kit/weir-process.ts'

const events = 5
const eventBytes = 60_000
const pauseMs = 40
const retryMs = 50

/** Posts numbered events, each batch until it is accepted, and compares health with the responses. */
export class SteadyPoster {
  readonly tookMs: number[] = []
  readonly untrue: string[] = []
  accepted = 0
  refused = 0
  bytes = 0
  /** From the first attempt of a batch to its 200. */
  longestStopMs = 0
  /** Of a probe, which needs neither disk nor store: what the machine adds. */
  longestProbeMs = 0
  readonly #weir: WeirProcess
  readonly #random: SeededRandom

  constructor(weir: WeirProcess, random: SeededRandom) {
    this.#weir = weir
    this.#random = random
  }

  async post(): Promise<void> {
    const body = this.#batch()
    const before = await this.#health()
    const began = performance.now()
    let tookMs = 0
    for (;;) {
      const status = await this.#send(body)
      tookMs = performance.now() - began
      const after = await this.#health()
      if (status === 200) {
        if (before === '200 200' && after !== '200 200') this.untrue.push(`accepted, then ${after}`)
        break
      }
      this.refused++
      if (after === '200 200' && (await this.#send(body)) !== 200) this.untrue.push(`${status} while ${after}`)
      await sleep(retryMs)
    }
    this.tookMs.push(tookMs)
    this.longestStopMs = Math.max(this.longestStopMs, tookMs)
    this.accepted += events
    this.bytes += body.length
    await sleep(pauseMs)
  }

  async #send(body: string): Promise<number> {
    const answer = await fetch(`${this.#weir.url}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents-batch+json' },
      body,
    })
    await answer.text()
    return answer.status
  }

  /** Statuses of ready and accepting. */
  async #health(): Promise<string> {
    const began = performance.now()
    const statuses = ['ready', 'accepting'].map(async (what) => {
      const answer = await fetch(`${this.#weir.opsUrl}/healthz/${what}`)
      await answer.text()
      return answer.status
    })
    const both = (await Promise.all(statuses)).join(' ')
    this.longestProbeMs = Math.max(this.longestProbeMs, performance.now() - began)
    return both
  }

  #batch(): string {
    const data = (): string => Buffer.from(this.#random.bytes(eventBytes)).toString('base64')
    const all = Array.from({ length: events }, (_, at) => ({
      specversion: '1.0',
      id: String(this.accepted + at),
      source: '/small-disk',
      type: 'test.small-disk',
      data: data(),
    }))
    return JSON.stringify(all)
  }
}
