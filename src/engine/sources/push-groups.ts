/** Rows of small requests share a frame: a message between threads, a frame and a sync cost more than a row. */
import type { Host, Timer } from '../../host/index.ts'
import type { EventBatch } from '../../model/batches.ts'
import { concatBatches } from '../../model/concat.ts'
import { PushPace } from './push-pace.ts'

type Counts = Readonly<{ accepted: number; duplicates: number }>

/** `seen`: rows that are duplicates, ascending. */
type Append = (batch: EventBatch) => Promise<Counts & Readonly<{ seen?: ArrayLike<number> }>>

type Waiting = Readonly<{
  batch: EventBatch
  resolve: (counts: Counts) => void
  reject: (reason: unknown) => void
}>

/** A larger request is a unit by itself. */
const small = { rows: 64, bytes: 32 * 1024 } as const
const groupBytes = 256 * 1024
const none: ArrayLike<number> = []

export class PushGroups {
  readonly #host: Host
  readonly #append: Append
  readonly #pace = new PushPace()
  #waiting: Waiting[] = []
  #bytes = 0
  #underWay = 0
  #timer: Timer | undefined
  #isPlanned = false

  constructor(host: Host, append: Append) {
    this.#host = host
    this.#append = append
  }

  /** Resolves when the rows are synced. */
  async take(batch: EventBatch): Promise<Counts> {
    const bytes = batch.data.bytes.length + batch.id.bytes.length
    if (batch.count > small.rows || bytes > small.bytes) {
      // Requests keep their order.
      this.#send()
      const { accepted, duplicates } = await this.#append(batch)
      return { accepted, duplicates }
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject })
      this.#bytes += bytes
      const now = this.#host.clock.monotonic()
      this.#pace.arrived(now)
      if (this.#bytes >= groupBytes) this.#send()
      else if (this.#underWay === 0) this.#plan(now)
    })
  }

  #plan(now: number) {
    const ms = this.#pace.rest(now)
    if (this.#isPlanned && ms > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
    this.#isPlanned = true
    const send = () => {
      if (this.#isPlanned) this.#send()
    }
    if (ms > 0) this.#timer = this.#host.timers.after(ms, send)
    else this.#host.timers.yield().then(send, () => {})
  }

  #send() {
    this.#flush().catch(() => {})
  }

  async #flush() {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#isPlanned = false
    const group = this.#waiting
    if (group.length === 0) return
    this.#waiting = []
    this.#bytes = 0
    this.#pace.sent()
    this.#underWay++
    try {
      const batch = concatBatches(group.map((push) => push.batch)) as EventBatch
      settle(group, (await this.#append(batch)).seen ?? none)
    } catch (error) {
      for (const { reject } of group) reject(error)
    } finally {
      this.#underWay--
      const now = this.#host.clock.monotonic()
      this.#pace.answered(now)
      if (this.#underWay === 0 && this.#waiting.length > 0) this.#plan(now)
    }
  }
}

function settle(group: readonly Waiting[], seen: ArrayLike<number>) {
  let [end, at] = [0, 0]
  for (const { batch, resolve } of group) {
    end += batch.count
    let duplicates = 0
    for (; at < seen.length && seen[at]! < end; at++) duplicates++
    resolve({ accepted: batch.count - duplicates, duplicates })
  }
}
