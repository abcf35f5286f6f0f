import type { Context, Preview, Sink, SinkBatch } from '../../engine/contracts.ts'
import { behindKey } from '../../engine/delivery/in-order.ts'
import { defineSink } from '../../engine/define.ts'
import type { Failure } from '../../model/outcome.ts'
import { LokiClient } from './client.ts'
import type { LokiConfig, lokiSchema } from './config.ts'
import { mapBatches, type MapBatch } from './map.ts'
import { culprits, halves, type Push } from './map-answer.ts'
import type { Entries } from './map-entries.ts'
import type { Streams } from './map-labels.ts'
import { pushBody } from './map-push.ts'

export const sink = defineSink<typeof lokiSchema>('loki', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  build: openLoki,
})

export async function openLoki(config: LokiConfig, context: Context): Promise<Sink> {
  const client = await LokiClient.open(config, context)
  const map = mapBatches(config)
  return {
    async send(batch, signal) {
      const { entries, streams, failures } = map(batch)
      const delivery = new Delivery(config, context, client, { entries, streams }, signal)
      await delivery.deliver(parts(entries, entries.sorted(), config.request_bytes))
      return withKeys(batch, [...failures, ...delivery.failures])
    },
    probe: (signal) => client.probe(signal),
    preview: (batch) => previewOf(client.url, map, batch),
    close: () => Promise.resolve(client.close()),
  }
}

/** Protobuf around a line. */
const lineOverhead = 24

/** Cuts at the limit; a larger line is a part of its own. */
function parts(entries: Entries, rows: Uint32Array, limit: number): Uint32Array[] {
  const found: Uint32Array[] = []
  let [from, bytes] = [0, 0]
  for (let at = 0; at < rows.length; at++) {
    const size = entries.size(rows[at] ?? 0) + lineOverhead
    if (at > from && bytes + size > limit) {
      found.push(rows.subarray(from, at))
      ;[from, bytes] = [at, 0]
    }
    bytes += size
  }
  if (from < rows.length) found.push(rows.subarray(from))
  return found
}

interface Content {
  readonly entries: Entries
  readonly streams: Streams
}

/**
 * Pushes parts one after the other. Loki may store entries of a push that it rejects; it drops the duplicates when the
 * rest is sent again.
 */
class Delivery {
  readonly failures: Failure[] = []
  readonly #config: LokiConfig
  readonly #client: LokiClient
  readonly #content: Content
  readonly #context: Context
  readonly #signal: AbortSignal
  readonly #deadline: number
  #trouble: Extract<Push, { is: 'retry' }> | undefined

  constructor(config: LokiConfig, context: Context, client: LokiClient, content: Content, signal: AbortSignal) {
    this.#config = config
    this.#client = client
    this.#content = content
    this.#context = context
    this.#signal = signal
    this.#deadline = context.host.clock.monotonic() + config.timeout
  }

  async deliver(waiting: readonly Uint32Array[]): Promise<void> {
    const stack = [...waiting].reverse()
    for (let rows = stack.pop(); rows !== undefined; rows = stack.pop()) {
      const push = this.#blocked() ?? (await this.#push(rows))
      if (push === undefined) continue
      if (push.is === 'retry') this.#retry(rows, push)
      else stack.push(...this.#withoutRejected(rows, push))
    }
  }

  /** The parts to send next, in reverse order. */
  #withoutRejected(rows: Uint32Array, push: Exclude<Push, undefined | { is: 'retry' }>): Uint32Array[] {
    const { entries, streams } = this.#content
    const bad =
      rows.length === 1 ? rows : push.is === 'reject' ? culprits(push.text, entries, streams, rows) : new Uint32Array(0)
    if (bad.length === 0) return [...halves(entries, rows)].reverse()
    for (const row of bad) this.failures.push({ index: entries.index[row] ?? 0, is: 'reject', reason: push.reason })
    if (bad.length === rows.length) return []
    const rejected = new Set(bad)
    return [rows.filter((row) => !rejected.has(row))]
  }

  #push(rows: Uint32Array): Promise<Push> {
    const { entries, streams } = this.#content
    return this.#client.push(pushBody(this.#config.encoding, entries, streams, rows), this.#signal)
  }

  #blocked(): Extract<Push, { is: 'retry' }> | undefined {
    if (this.#signal.aborted) return { is: 'retry', reason: 'not sent: the sink is stopping' }
    if (this.#trouble !== undefined) return this.#trouble
    return this.#context.host.clock.monotonic() > this.#deadline
      ? { is: 'retry', reason: 'not sent: the time limit of this batch is reached; the next batch continues' }
      : undefined
  }

  #retry(rows: Uint32Array, push: Extract<Push, { is: 'retry' }>): void {
    this.#trouble ??= push
    const { reason, afterMs } = push
    for (const row of rows) {
      const index = this.#content.entries.index[row] ?? 0
      this.failures.push({ index, is: 'retry', reason, ...(afterMs === undefined ? {} : { afterMs }) })
    }
  }
}

/** Later events of a failed key are sent again; Loki drops those that it has. */
function withKeys({ pieces }: SinkBatch, failures: readonly Failure[]): Failure[] {
  const all = [...failures].sort((a, b) => a.index - b.index)
  if (all.length === 0) return all
  const failed = new Map(all.map((failure) => [failure.index, failure]))
  const keys = new Set<string>()
  let index = 0
  for (const { batch, rows } of pieces) {
    for (const row of rows) {
      const at = index++
      const key = batch.kind === 'events' ? (batch.dictionary[batch.key[row] ?? 0] ?? '') : ''
      if (key === '') continue
      if (failed.has(at)) keys.add(key)
      else if (keys.has(key)) all.push({ index: at, is: 'retry', reason: behindKey(key) })
    }
  }
  return all.sort((a, b) => a.index - b.index)
}

function* previewOf(url: string, map: MapBatch, batch: SinkBatch): Generator<Preview> {
  const { entries, streams, failures } = map(batch)
  const problems = new Map(failures.map((failure) => [failure.index, failure.reason]))
  const rowOf = new Map(Array.from({ length: entries.count }, (_, row) => [entries.index[row] ?? 0, row]))
  for (let index = 0; index < batch.count; index++) {
    const row = rowOf.get(index)
    yield row === undefined
      ? { problem: problems.get(index) ?? 'no line' }
      : {
          to: url,
          headers: { stream: streams.texts[entries.stream[row] ?? 0] ?? '' },
          body: Buffer.from(entries.line(row)),
        }
  }
}
