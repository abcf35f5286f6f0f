import type { Context } from '../../engine/contracts.ts'
import type { Failure } from '../../model/outcome.ts'
import type { LokiClient } from './client.ts'
import type { LokiConfig } from './config.ts'
import { culprits, halves, type Push } from './map-answer.ts'
import type { Entries } from './map-entries.ts'
import type { Streams } from './map-labels.ts'
import { pushBody } from './map-push.ts'
import type { Isolation } from './sink-isolation.ts'

type DeliveryOptions = Readonly<{
  config: LokiConfig
  context: Context
  client: LokiClient
  isolation: Isolation
  entries: Entries
  streams: Streams
  signal: AbortSignal
}>

type Retry = Extract<Push, { is: 'retry' }>

const lineOverhead = 24
const concurrency = 4

/** Loki may store entries of a push that it rejects; it drops the duplicates when the rest is sent again. */
export class Delivery {
  readonly failures: Failure[] = []
  readonly #options: DeliveryOptions
  readonly #deadline: number
  #trouble: Retry | undefined

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#deadline = options.context.host.clock.monotonic() + options.config.timeout
  }

  async deliver(): Promise<void> {
    const groups = this.#groups()
    let next = 0
    const work = async () => {
      for (let group = groups[next++]; group !== undefined; group = groups[next++])
        await this.#inOrder(this.#parts(group))
    }
    await Promise.all(Array.from({ length: concurrency }, work))
  }

  #groups(): Uint32Array[] {
    const { entries, streams, isolation } = this.#options
    const rows = entries.sorted()
    const groups: Uint32Array[] = []
    const common: Uint32Array[] = []
    for (let from = 0; from < rows.length;) {
      const first = rows[from] ?? 0
      let [to, bytes] = [from, 0]
      for (; to < rows.length && entries.stream[rows[to] ?? 0] === entries.stream[first]; to++)
        bytes += entries.size(rows[to] ?? 0)
      const labels = streams.texts[entries.stream[first] ?? 0] ?? ''
      const isAlone = isolation.needs(labels, entries.ms[first] ?? 0, bytes)
      ;(isAlone ? groups : common).push(rows.subarray(from, to))
      from = to
    }
    if (common.length > 0) groups.push(joined(common))
    return groups
  }

  /** Cuts at the limit of a request; a larger line is a separate part. */
  #parts(rows: Uint32Array): Uint32Array[] {
    const { entries, config } = this.#options
    const numberses: Uint32Array[] = []
    let [from, bytes] = [0, 0]
    for (let at = 0; at < rows.length; at++) {
      const size = entries.size(rows[at] ?? 0) + lineOverhead
      if (at > from && bytes + size > config.request_bytes) {
        numberses.push(rows.subarray(from, at))
        ;[from, bytes] = [at, 0]
      }
      bytes += size
    }
    numberses.push(rows.subarray(from))
    return numberses
  }

  async #inOrder(parts: readonly Uint32Array[]) {
    const stack = [...parts].reverse()
    for (let rows = stack.pop(); rows !== undefined; rows = stack.pop()) {
      const push = this.#blocked() ?? (await this.#push(rows))
      if (push === undefined) this.#stored(rows)
      else if (push.is === 'retry') this.#retry(rows, push)
      else stack.push(...this.#withoutRejected(rows, push))
    }
  }

  #withoutRejected(rows: Uint32Array, push: Exclude<Push, undefined | Retry>): Uint32Array[] {
    const { entries, streams } = this.#options
    const bad =
      rows.length === 1 ? rows : push.is === 'reject' ? culprits(push.text, entries, streams, rows) : new Uint32Array(0)
    if (bad.length === 0) return [...halves(entries, rows)].reverse()
    for (const row of bad) this.failures.push({ index: entries.index[row] ?? 0, is: 'reject', reason: push.reason })
    if (bad.length === rows.length) return []
    const rejected = new Set(bad)
    return [rows.filter((row) => !rejected.has(row))]
  }

  #push(rows: Uint32Array): Promise<Push> {
    const { config, client, entries, streams, signal } = this.#options
    return client.push(pushBody(config.encoding, entries, streams, rows), signal)
  }

  #stored(rows: Uint32Array) {
    const { isolation, entries, streams } = this.#options
    for (let from = 0; from < rows.length;) {
      const stream = entries.stream[rows[from] ?? 0] ?? 0
      let [to, bytes] = [from, 0]
      for (; to < rows.length && entries.stream[rows[to] ?? 0] === stream; to++) bytes += entries.size(rows[to] ?? 0)
      isolation.stored(streams.texts[stream] ?? '', bytes)
      from = to
    }
  }

  #blocked(): Retry | undefined {
    const { signal, context } = this.#options
    if (signal.aborted) return { is: 'retry', reason: 'not sent: the sink is stopping' }
    if (this.#trouble !== undefined) return this.#trouble
    return context.host.clock.monotonic() > this.#deadline
      ? { is: 'retry', reason: 'not sent: the time limit of this batch is reached; the next batch continues' }
      : undefined
  }

  #retry(rows: Uint32Array, push: Retry) {
    this.#trouble ??= push
    const { reason, afterMs } = push
    for (const row of rows) {
      const index = this.#options.entries.index[row] ?? 0
      this.failures.push({ index, is: 'retry', reason, ...(afterMs === undefined ? {} : { afterMs }) })
    }
  }
}

function joined(groups: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(groups.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const rows of groups) {
    all.set(rows, at)
    at += rows.length
  }
  return all
}
