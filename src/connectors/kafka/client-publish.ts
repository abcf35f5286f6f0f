import type { API, Base, Broker, Connection, CreateRecordsBatchOptions, MessageRecord } from '@platformatic/kafka'
import { behindKey, type Attempt } from '../../engine/delivery/in-order.ts'
import type { Clock } from '../../host/index.ts'
import type { Library } from './client-connect.ts'
import { batchOutcome, type BatchOutcome } from './client-errors.ts'
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

export type Topic = { readonly leaders: readonly number[] } | { readonly problem: string }

/** Below the default broker limit of 1 MiB. */
const maxBatchBytes = 900_000
const maxRequestBytes = 4 * 2 ** 20
/** Overhead of a record beyond key, value and headers. */
const recordBytes = 32
const everyReplica = -1

interface Item {
  readonly index: number
  readonly message: KafkaMessage
  readonly target: { readonly leader: number; readonly record: MessageRecord; readonly bytes: number } | undefined
  readonly partitionId: string
  readonly problem: string
}

type BatchResponse =
  | { readonly code: number; readonly message: string | null }
  | { readonly lost: string; readonly maybeStored: boolean }

export interface PublishOptions {
  readonly config: Pick<KafkaConfig, 'partitioner' | 'compression' | 'concurrency' | 'timeout'>
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly orStop: <T>(promise: Promise<T>) => Promise<T>
  readonly whyLost: (error: unknown, broker: Broker | undefined) => string
}

/**
 * One call of `publishAll`. Messages of a key are in flight to one partition at a time, so that none is stored after a
 * failed one. A partition has one batch in flight, so that its sequence number shows whether it was stored.
 */
export class Publishing {
  readonly #live: Live
  readonly #sequences: Sequences
  readonly #options: PublishOptions
  readonly #deadline: number
  readonly #attempts: Attempt[] = []
  readonly #failedKeys = new Set<string>()
  lost = false

  constructor(live: Live, sequences: Sequences, options: PublishOptions) {
    this.#live = live
    this.#sequences = sequences
    this.#options = options
    this.#deadline = options.clock.monotonic() + options.config.timeout
  }

  async run(messages: readonly KafkaMessage[], topics: ReadonlyMap<string, Topic>): Promise<readonly Attempt[]> {
    this.#attempts.length = messages.length
    for (
      let remaining = messages.map((message, at) => this.#item(message, at, topics.get(message.topic)));
      remaining.length > 0;
    )
      remaining = await this.#round(remaining)
    return this.#attempts
  }

  #item(message: KafkaMessage, index: number, topic: Topic | undefined): Item {
    const unroutable = { index, message, target: undefined, partitionId: `${message.topic}:` }
    if (topic === undefined || 'problem' in topic)
      return { ...unroutable, problem: topic?.problem ?? 'the sink is stopping' }
    const key = message.key === undefined ? message.flowKey : Buffer.from(message.key)
    const partition = partitionOf(
      this.#options.config.partitioner,
      key ?? Buffer.from(message.id),
      topic.leaders.length,
    )
    const leader = topic.leaders[partition] ?? -1
    if (leader < 0) return { ...unroutable, problem: `partition ${partition} of topic ${message.topic} has no leader` }
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
      ...(key === undefined ? {} : { key: Buffer.from(key.buffer, key.byteOffset, key.byteLength) }),
    }
    return {
      index,
      message,
      target: { leader, record, bytes },
      partitionId: `${message.topic}:${partition}`,
      problem: '',
    }
  }

  /** Returns the messages that must wait. */
  async #round(remaining: readonly Item[]): Promise<Item[]> {
    const deferred: Item[] = []
    const leaders = new Map<number, Map<string, Item[]>>()
    const partitionByKey = new Map<string, string>()
    const heldKeys = new Set<string>()
    let count = 0
    for (const item of remaining) {
      const {
        message: { key },
        partitionId,
        target,
      } = item
      if (key !== undefined && this.#failedKeys.has(key)) {
        this.#attempts[item.index] = { is: 'retry', reason: behindKey(key) }
      } else if (
        count >= this.#options.config.concurrency ||
        (key !== undefined && (heldKeys.has(key) || (partitionByKey.get(key) ?? partitionId) !== partitionId))
      ) {
        deferred.push(item)
        if (key !== undefined) heldKeys.add(key)
      } else if (target === undefined) {
        this.#fail(item, { is: 'retry', reason: item.problem })
      } else {
        count++
        if (key !== undefined) partitionByKey.set(key, partitionId)
        const queues = leaders.get(target.leader) ?? new Map<string, Item[]>()
        leaders.set(target.leader, queues)
        const queue = queues.get(partitionId)
        if (queue === undefined) queues.set(partitionId, [item])
        else queue.push(item)
      }
    }
    await Promise.all([...leaders].map(([leader, queues]) => this.#toLeader(leader, queues)))
    return deferred
  }

  async #toLeader(leader: number, queues: Map<string, Item[]>): Promise<void> {
    const batchLimits = new Map<string, number>()
    while (queues.size > 0) {
      const batches = new Map<string, Item[]>()
      let bytes = 0
      for (const [partitionId, queue] of queues) {
        if (bytes >= maxRequestBytes) break
        const batch = this.#nextBatch(partitionId, queue, batchLimits.get(partitionId) ?? Number.POSITIVE_INFINITY)
        for (const { target } of batch) bytes += target?.bytes ?? 0
        if (batch.length > 0) batches.set(partitionId, batch)
        else queues.delete(partitionId)
      }
      const blocked = this.#blocked()
      if (blocked !== undefined) {
        for (const queue of queues.values())
          for (const item of queue) this.#fail(item, { is: 'retry', reason: blocked })
        return
      }
      if (batches.size === 0) return
      const responses = await this.#send(leader, batches)
      for (const [partitionId, batch] of batches) {
        const rest = this.#settle(
          partitionId,
          batch,
          queues.get(partitionId) ?? [],
          responses.get(partitionId) ?? { lost: 'the broker returned no result', maybeStored: true },
          batchLimits,
        )
        if (rest.length === 0) queues.delete(partitionId)
        else queues.set(partitionId, rest)
      }
    }
  }

  #nextBatch(partitionId: string, queue: Item[], limit: number): Item[] {
    const sendable = queue.filter((item) => {
      const { key } = item.message
      if (key === undefined || !this.#failedKeys.has(key)) return true
      this.#attempts[item.index] = { is: 'retry', reason: behindKey(key) }
      return false
    })
    queue.splice(0, queue.length, ...sendable)
    const unconfirmed = this.#sequences.unconfirmed(partitionId)
    if (unconfirmed !== undefined && sendable.length > 0) {
      if (unconfirmed.every((id, at) => sendable[at]?.message.id === id)) return sendable.slice(0, unconfirmed.length)
      // Different messages with the same number would count as a repetition.
      this.#sequences.reset()
    }
    let bytes = 0
    const end = sendable.findIndex(
      (item, at) =>
        at > 0 &&
        (at >= limit || (bytes += item.target?.bytes ?? 0) + (sendable[0]?.target?.bytes ?? 0) > maxBatchBytes),
    )
    return end < 0 ? sendable : sendable.slice(0, end)
  }

  #blocked(): string | undefined {
    const { signal, clock } = this.#options
    if (signal.aborted) return 'not sent: the sink is stopping'
    if (this.#sequences.producer === undefined) return 'not sent: sequence numbers restart'
    return clock.monotonic() > this.#deadline
      ? 'not sent: the timeout of this send expired; the next send continues'
      : undefined
  }

  async #send(leader: number, chunks: ReadonlyMap<string, readonly Item[]>): Promise<Map<string, BatchResponse>> {
    const {
      orStop,
      whyLost,
      config: { timeout, compression },
      signal,
    } = this.#options
    const { base, library, produce } = this.#live
    const all = (response: BatchResponse): Map<string, BatchResponse> =>
      new Map([...chunks.keys()].map((partitionId) => [partitionId, response]))
    const broker = base.currentMetadata?.brokers.get(leader)
    const lost = (error: unknown, maybeStored: boolean): Map<string, BatchResponse> => {
      if (signal.aborted) return all({ lost: 'the sink is stopping', maybeStored })
      this.lost = true
      return all({ lost: whyLost(error, broker), maybeStored })
    }
    if (broker === undefined) return lost(new Error(`unknown broker ${leader}`), false)
    let connection: Connection
    try {
      connection = await orStop(base.connections.get(broker))
    } catch (error) {
      return lost(error, false)
    }
    const sequences = new library.NumericMap(
      [...chunks.keys()].map((partitionId) => [partitionId, this.#sequences.next(partitionId)]),
    )
    const records = [...chunks.values()].flatMap((items) =>
      items.flatMap(({ target }) => (target === undefined ? [] : [target.record])),
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
          { code: errorCode, message: errorMessage },
        ]),
      ),
    )
  }

  #settle(
    partitionId: string,
    batch: readonly Item[],
    queue: readonly Item[],
    response: BatchResponse,
    batchLimits: Map<string, number>,
  ): Item[] {
    const [first] = batch
    if (first === undefined) return []
    const outcome: BatchOutcome =
      'lost' in response
        ? {
            is: 'retry',
            reason: response.lost,
            maybeStored: response.maybeStored,
            unknownProducer: false,
            staleMetadata: true,
          }
        : batchOutcome(
            response.code,
            this.#live.library.protocolErrorsCodesById[response.code] ?? `error ${response.code}`,
            response.message,
            first.message.topic,
          )
    if (outcome.is === 'stored') {
      this.#sequences.stored(partitionId, batch.length)
      return queue.slice(batch.length)
    }
    if (outcome.is === 'invalid') {
      this.#sequences.rejected(partitionId)
      if (batch.length > 1) {
        batchLimits.set(partitionId, Math.ceil(batch.length / 2))
        return [...queue]
      }
      batchLimits.delete(partitionId)
      this.#fail(first, { is: 'reject', reason: outcome.reason, ...(outcome.tooLarge ? { tooLarge: true } : {}) })
      return queue.slice(1)
    }
    if (outcome.maybeStored)
      this.#sequences.markUnconfirmed(
        partitionId,
        batch.map(({ message }) => message.id),
      )
    if (outcome.unknownProducer) this.#sequences.reset()
    if (outcome.staleMetadata) this.#live.base.clearMetadata()
    for (const item of queue) this.#fail(item, { is: 'retry', reason: outcome.reason })
    return []
  }

  #fail(item: Item, attempt: Attempt): void {
    this.#attempts[item.index] = attempt
    if (item.message.key !== undefined) this.#failedKeys.add(item.message.key)
  }
}
