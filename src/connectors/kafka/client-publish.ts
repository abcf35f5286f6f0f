import type { API, Base, Broker, Connection, CreateRecordsBatchOptions, MessageRecord } from '@platformatic/kafka'
import { behindKey, type Attempt } from '../../engine/delivery/in-order.ts'
import type { Clock } from '../../host/index.ts'
import type { Library } from './client-connect.ts'
import { fateOf, type Fate } from './client-errors.ts'
import type { Sequences } from './client-sequence.ts'
import type { KafkaConfig } from './config.ts'
import type { KafkaMessage } from './map.ts'
import { partitionOf } from './map-partition.ts'

interface ProduceResponse {
  readonly responses: readonly {
    readonly name: string
    readonly partitionResponses: readonly {
      readonly index: number
      readonly errorCode: number
      readonly errorMessage: string | null
    }[]
  }[]
}

export type ProduceApi = API<
  [acks: number, timeout: number, records: MessageRecord[], options: Partial<CreateRecordsBatchOptions>],
  ProduceResponse
>

export interface Live {
  readonly library: Library
  readonly base: Base
  readonly produce: ProduceApi
}

/** Leaders by partition, or the reason for having none. */
export type Topic = { readonly leaders: readonly number[] } | { readonly problem: string }

/** Maximum batch of one partition: below the default limit of brokers (1 MiB with overhead). */
const mostBatchBytes = 900_000
/** Maximum request to one broker. */
const mostRequestBytes = 4 * 2 ** 20
/** Overhead of a record beside key, value and headers. */
const recordBytes = 32
const everyReplica = -1

interface Item {
  readonly at: number
  readonly message: KafkaMessage
  /** Absent: not sendable now. */
  readonly place: { readonly leader: number; readonly record: MessageRecord; readonly bytes: number } | undefined
  /** Topic and partition. */
  readonly where: string
  readonly problem: string
}

type Answer =
  | { readonly code: number; readonly says: string | null }
  | { readonly lost: string; readonly unsure: boolean }

export interface PublishOptions {
  readonly config: Pick<KafkaConfig, 'partitioner' | 'compression' | 'concurrency' | 'timeout'>
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Rejects when the signal aborts. */
  readonly orStop: <T>(promise: Promise<T>) => Promise<T>
  /** Why a broker is unreachable or silent. */
  readonly whyLost: (error: unknown, broker: Broker | undefined) => string
}

/**
 * One call of `publishAll`. Messages of a key are in flight to one partition at a time, so that none is stored after a
 * failed one. A partition has one batch in flight, so that its number proves whether it was stored.
 */
export class Publishing {
  readonly #live: Live
  readonly #sequences: Sequences
  readonly #options: PublishOptions
  readonly #deadline: number
  readonly #attempts: Attempt[] = []
  readonly #failedKeys = new Set<string>()
  /** A broker closed the connection or did not respond. */
  lost = false

  constructor(live: Live, sequences: Sequences, options: PublishOptions) {
    this.#live = live
    this.#sequences = sequences
    this.#options = options
    this.#deadline = options.clock.monotonic() + options.config.timeout
  }

  async run(messages: readonly KafkaMessage[], topics: ReadonlyMap<string, Topic>): Promise<readonly Attempt[]> {
    this.#attempts.length = messages.length
    for (let left = messages.map((message, at) => this.#item(message, at, topics.get(message.topic))); left.length > 0;)
      left = await this.#round(left)
    return this.#attempts
  }

  #item(message: KafkaMessage, at: number, topic: Topic | undefined): Item {
    const nowhere = { at, message, place: undefined, where: `${message.topic}:` }
    if (topic === undefined || 'problem' in topic)
      return { ...nowhere, problem: topic?.problem ?? 'the sink is stopping' }
    const key = message.key === undefined ? undefined : Buffer.from(message.key)
    const partition = partitionOf(
      this.#options.config.partitioner,
      key ?? Buffer.from(message.id),
      topic.leaders.length,
    )
    const leader = topic.leaders[partition] ?? -1
    if (leader < 0)
      return { ...nowhere, problem: `partition ${partition} of topic ${message.topic} has no leader just now` }
    const headers = new Map(
      Object.entries(message.headers).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]),
    )
    const value = Buffer.from(message.value.buffer, message.value.byteOffset, message.value.byteLength)
    let bytes = recordBytes + value.length + (key?.length ?? 0)
    for (const [name, text] of headers) bytes += name.length + text.length + 4
    const record: MessageRecord = {
      topic: message.topic,
      partition,
      value,
      headers,
      ...(key === undefined ? {} : { key }),
    }
    return { at, message, place: { leader, record, bytes }, where: `${message.topic}:${partition}`, problem: '' }
  }

  /** Sends all messages that may be in flight together, and returns the rest for a later round. */
  async #round(left: readonly Item[]): Promise<Item[]> {
    const later: Item[] = []
    const leaders = new Map<number, Map<string, Item[]>>()
    const placeOf = new Map<string, string>()
    const held = new Set<string>()
    let count = 0
    for (const item of left) {
      const {
        message: { key },
        where,
        place,
      } = item
      if (key !== undefined && this.#failedKeys.has(key)) {
        this.#attempts[item.at] = { is: 'retry', reason: behindKey(key) }
      } else if (
        count >= this.#options.config.concurrency ||
        (key !== undefined && (held.has(key) || (placeOf.get(key) ?? where) !== where))
      ) {
        later.push(item)
        if (key !== undefined) held.add(key)
      } else if (place === undefined) {
        this.#fail(item, { is: 'retry', reason: item.problem })
      } else {
        count++
        if (key !== undefined) placeOf.set(key, where)
        const queues = leaders.get(place.leader) ?? new Map<string, Item[]>()
        leaders.set(place.leader, queues)
        const queue = queues.get(where)
        if (queue === undefined) queues.set(where, [item])
        else queue.push(item)
      }
    }
    await Promise.all([...leaders].map(([leader, queues]) => this.#toLeader(leader, queues)))
    return later
  }

  async #toLeader(leader: number, queues: Map<string, Item[]>): Promise<void> {
    /** Batch limits of partitions whose last batch was refused because of one message. */
    const limits = new Map<string, number>()
    while (queues.size > 0) {
      const chunks = new Map<string, Item[]>()
      let bytes = 0
      for (const [where, queue] of queues) {
        if (bytes >= mostRequestBytes) break
        const chunk = this.#chunk(where, queue, limits.get(where) ?? Number.POSITIVE_INFINITY)
        for (const { place } of chunk) bytes += place?.bytes ?? 0
        if (chunk.length > 0) chunks.set(where, chunk)
        else queues.delete(where)
      }
      const blocked = this.#blocked()
      if (blocked !== undefined) {
        for (const queue of queues.values())
          for (const item of queue) this.#fail(item, { is: 'retry', reason: blocked })
        return
      }
      if (chunks.size === 0) return
      const answers = await this.#send(leader, chunks)
      for (const [where, chunk] of chunks) {
        const rest = this.#settle(
          where,
          chunk,
          queues.get(where) ?? [],
          answers.get(where) ?? { lost: 'the broker said nothing of it', unsure: true },
          limits,
        )
        if (rest.length === 0) queues.delete(where)
        else queues.set(where, rest)
      }
    }
  }

  /** The next batch of a queue; messages after a failure are removed from the queue. */
  #chunk(where: string, queue: Item[], limit: number): Item[] {
    const free = queue.filter((item) => {
      const { key } = item.message
      if (key === undefined || !this.#failedKeys.has(key)) return true
      this.#attempts[item.at] = { is: 'retry', reason: behindKey(key) }
      return false
    })
    queue.splice(0, queue.length, ...free)
    const open = this.#sequences.open(where)
    if (open !== undefined && free.length > 0) {
      if (open.every((id, at) => free[at]?.message.id === id)) return free.slice(0, open.length)
      // Different messages under the same number would be taken for a repetition.
      this.#sequences.forget()
    }
    let bytes = 0
    const end = free.findIndex(
      (item, at) =>
        at > 0 && (at >= limit || (bytes += item.place?.bytes ?? 0) + (free[0]?.place?.bytes ?? 0) > mostBatchBytes),
    )
    return end < 0 ? free : free.slice(0, end)
  }

  #blocked(): string | undefined {
    const { signal, clock } = this.#options
    if (signal.aborted) return 'not sent: the sink is stopping'
    if (this.#sequences.producer === undefined) return 'not sent: batches are numbered anew'
    return clock.monotonic() > this.#deadline
      ? 'not sent: the time for this batch was used up; it goes on with the next'
      : undefined
  }

  async #send(leader: number, chunks: ReadonlyMap<string, readonly Item[]>): Promise<Map<string, Answer>> {
    const {
      orStop,
      whyLost,
      config: { timeout, compression },
      signal,
    } = this.#options
    const { base, library, produce } = this.#live
    const all = (answer: Answer): Map<string, Answer> => new Map([...chunks.keys()].map((where) => [where, answer]))
    const broker = base.currentMetadata?.brokers.get(leader)
    const lost = (error: unknown, unsure: boolean): Map<string, Answer> => {
      if (signal.aborted) return all({ lost: 'the sink is stopping', unsure })
      this.lost = true
      return all({ lost: whyLost(error, broker), unsure })
    }
    if (broker === undefined) return lost(new Error(`broker ${leader} is not known`), false)
    let connection: Connection
    try {
      connection = await orStop(base.connections.get(broker))
    } catch (error) {
      return lost(error, false)
    }
    const sequences = new library.NumericMap([...chunks.keys()].map((where) => [where, this.#sequences.next(where)]))
    const records = [...chunks.values()].flatMap((items) =>
      items.flatMap(({ place }) => (place === undefined ? [] : [place.record])),
    )
    let response: ProduceResponse
    try {
      response = await orStop(
        produce.async(connection, everyReplica, timeout, records, {
          compression,
          ...this.#sequences.producer,
          sequences,
        }),
      )
    } catch (error) {
      if (!(error instanceof library.ResponseError)) return lost(error, true)
      response = (error as unknown as { readonly response: ProduceResponse }).response
    }
    return new Map(
      response.responses.flatMap(({ name, partitionResponses }) =>
        partitionResponses.map(({ index, errorCode, errorMessage }) => [
          `${name}:${index}`,
          { code: errorCode, says: errorMessage },
        ]),
      ),
    )
  }

  /** The rest of the queue. */
  #settle(
    where: string,
    chunk: readonly Item[],
    queue: readonly Item[],
    answer: Answer,
    limits: Map<string, number>,
  ): Item[] {
    const [first] = chunk
    if (first === undefined) return []
    const fate: Fate =
      'lost' in answer
        ? { is: 'retry', reason: answer.lost, unsure: answer.unsure, stranger: false, stale: true }
        : fateOf(
            answer.code,
            this.#live.library.protocolErrorsCodesById[answer.code] ?? `error ${answer.code}`,
            answer.says,
            first.message.topic,
          )
    if (fate.is === 'stored') {
      this.#sequences.stored(where, chunk.length)
      return queue.slice(chunk.length)
    }
    if (fate.is === 'blame') {
      this.#sequences.refused(where)
      if (chunk.length > 1) {
        limits.set(where, Math.ceil(chunk.length / 2))
        return [...queue]
      }
      limits.delete(where)
      this.#fail(first, { is: 'reject', reason: fate.reason, ...(fate.tooLarge ? { tooLarge: true } : {}) })
      return queue.slice(1)
    }
    if (fate.unsure)
      this.#sequences.keep(
        where,
        chunk.map(({ message }) => message.id),
      )
    if (fate.stranger) this.#sequences.forget()
    if (fate.stale) this.#live.base.clearMetadata()
    for (const item of queue) this.#fail(item, { is: 'retry', reason: fate.reason })
    return []
  }

  #fail(item: Item, attempt: Attempt): void {
    this.#attempts[item.at] = attempt
    if (item.message.key !== undefined) this.#failedKeys.add(item.message.key)
  }
}
