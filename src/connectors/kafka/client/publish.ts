import { behindKey, type Attempt } from '../../../engine/delivery/in-order.ts'
import { batchOutcome, type BatchOutcome } from './errors.ts'
import { Requests, type BatchResponse, type Live, type RequestOptions } from './requests.ts'
import type { Sequences } from './sequence.ts'
import type { Outbox } from '../map/outbox.ts'
import { partitionOfHash, type Partitioner } from '../map/partition.ts'

export type Topic = { readonly leaders: readonly number[] } | { readonly problem: string }

/** Below the default broker limit of 1 MiB. */
const maxBatchBytes = 900_000
const maxRequestBytes = 4 * 2 ** 20
/** Most overhead of a record beyond its key, value and headers. */
const recordBytes = 16

type Target = Readonly<{
  id: string
  topic: string
  partition: number
  leader: number
  problem?: string
}>

interface PublishOptions extends RequestOptions {
  readonly config: RequestOptions['config'] & Readonly<{ partitioner: Partitioner; concurrency: number }>
}

/**
 * Messages of a key are in flight to one partition at a time, so that none is stored after a failed one. A partition
 * has one batch in flight, so that its sequence number shows whether it was stored.
 */
export class Publishing {
  readonly #live: Live
  readonly #sequences: Sequences
  readonly #options: PublishOptions
  readonly #requests: Requests
  readonly #deadline: number
  readonly #failedKeys = new Set<string>()
  /** Reasons by partition. Its later messages wait, so that the next call begins with the batch that failed. */
  readonly #failedPartitions = new Map<string, string>()
  #outbox: Outbox
  #attempts: Attempt[] = []
  #targets: Target[] = []

  constructor(live: Live, sequences: Sequences, outbox: Outbox, options: PublishOptions) {
    this.#live = live
    this.#sequences = sequences
    this.#outbox = outbox
    this.#options = options
    this.#requests = new Requests(live, sequences, options)
    this.#deadline = options.clock.monotonic() + options.config.timeout
  }

  get lost(): boolean {
    return this.#requests.lost
  }

  async run(outbox: Outbox, topics: ReadonlyMap<string, Topic>): Promise<readonly Attempt[]> {
    const { count } = outbox.records
    this.#outbox = outbox
    this.#attempts = new Array<Attempt>(count).fill(undefined)
    this.#targets = this.#targetsOf(topics)
    for (let remaining = Array.from({ length: count }, (_, at) => at); remaining.length > 0;)
      remaining = await this.#round(remaining)
    return this.#attempts
  }

  #targetsOf(topics: ReadonlyMap<string, Topic>): Target[] {
    const cache = new Map<string, Target[]>()
    const { partitioner } = this.#options.config
    const { records } = this.#outbox
    const results: Target[] = []
    for (let at = 0; at < records.count; at++) {
      const name = this.#outbox.topic(at)
      let targets = cache.get(name)
      if (targets === undefined) cache.set(name, (targets = targetsOf(name, topics.get(name))))
      results.push(targets[partitionOfHash(partitioner, records.hash(at), targets.length)]!)
    }
    return results
  }

  async #round(remaining: readonly number[]): Promise<number[]> {
    const deferred: number[] = []
    const leaders = new Map<number, Map<string, number[]>>()
    const partitionByKey = new Map<string, string>()
    const heldKeys = new Set<string>()
    let count = 0
    for (const at of remaining) {
      const key = this.#outbox.key(at)
      const target = this.#targets[at]!
      const problem = target.problem ?? this.#failedPartitions.get(target.id)
      if (key !== undefined && this.#failedKeys.has(key)) {
        this.#attempts[at] = { is: 'retry', reason: behindKey(key) }
      } else if (
        count >= this.#options.config.concurrency ||
        (key !== undefined && (heldKeys.has(key) || (partitionByKey.get(key) ?? target.id) !== target.id))
      ) {
        deferred.push(at)
        if (key !== undefined) heldKeys.add(key)
      } else if (problem !== undefined) {
        this.#fail(at, { is: 'retry', reason: problem })
      } else {
        count++
        if (key !== undefined) partitionByKey.set(key, target.id)
        const queues = leaders.get(target.leader) ?? new Map<string, number[]>()
        leaders.set(target.leader, queues)
        const queue = queues.get(target.id)
        if (queue === undefined) queues.set(target.id, [at])
        else queue.push(at)
      }
    }
    await Promise.all([...leaders].map(([leader, queues]) => this.#toLeader(leader, queues)))
    return deferred
  }

  async #toLeader(leader: number, queues: Map<string, number[]>) {
    const batchLimits = new Map<string, number>()
    while (queues.size > 0) {
      const batches = new Map<string, number[]>()
      let bytes = 0
      for (const [partitionId, queue] of queues) {
        if (bytes >= maxRequestBytes) break
        const batch = this.#nextBatch(partitionId, queue, batchLimits.get(partitionId) ?? Number.POSITIVE_INFINITY)
        for (const at of batch) bytes += this.#bytes(at)
        if (batch.length > 0) batches.set(partitionId, batch)
        else queues.delete(partitionId)
      }
      const blocked = this.#blocked()
      if (blocked !== undefined) {
        for (const queue of queues.values()) for (const at of queue) this.#fail(at, { is: 'retry', reason: blocked })
        return
      }
      if (batches.size === 0) return
      const { records } = this.#outbox
      const responses = await this.#requests.send(
        leader,
        [...batches].map(([partitionId, chosen]) => {
          const { topic, partition } = this.#targets[chosen[0]!]!
          return { partitionId, topic, partition, records, chosen }
        }),
      )
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

  #nextBatch(partitionId: string, queue: number[], limit: number): number[] {
    const sendable = this.#withoutFailedKeys(queue)
    const unconfirmed = this.#sequences.unconfirmed(partitionId)
    if (unconfirmed !== undefined && sendable.length > 0) {
      if (unconfirmed.every((id, index) => index < sendable.length && this.#outbox.id(sendable[index]!) === id))
        return sendable.slice(0, unconfirmed.length)
      // Different messages with the same number would count as a repetition.
      this.#sequences.reset()
    }
    let bytes = 0
    const end = sendable.findIndex((at, index) => {
      bytes += this.#bytes(at)
      return index > 0 && (index >= limit || bytes > maxBatchBytes)
    })
    return sendable.slice(0, end < 0 ? sendable.length : end)
  }

  #withoutFailedKeys(queue: number[]): number[] {
    if (this.#failedKeys.size === 0) return queue
    const sendable = queue.filter((at) => {
      const key = this.#outbox.key(at)
      if (key === undefined || !this.#failedKeys.has(key)) return true
      this.#attempts[at] = { is: 'retry', reason: behindKey(key) }
      return false
    })
    queue.splice(0, queue.length, ...sendable)
    return sendable
  }

  #bytes(at: number) {
    return recordBytes + this.#outbox.records.size(at)
  }

  #blocked(): string | undefined {
    const { signal, clock } = this.#options
    if (signal.aborted) return 'not sent: the sink is stopping'
    if (this.#sequences.producer === undefined) return 'not sent: sequence numbers restart'
    return clock.monotonic() > this.#deadline
      ? 'not sent: the timeout of this send expired; the next send continues'
      : undefined
  }

  #settle(
    partitionId: string,
    batch: readonly number[],
    queue: readonly number[],
    response: BatchResponse,
    batchLimits: Map<string, number>,
  ): number[] {
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
            this.#targets[first]!.topic,
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
        batch.map((at) => this.#outbox.id(at)),
      )
    if (outcome.unknownProducer) this.#sequences.reset()
    if (outcome.staleMetadata) this.#live.base.clearMetadata()
    this.#failedPartitions.set(partitionId, outcome.reason)
    for (const at of queue) this.#fail(at, { is: 'retry', reason: outcome.reason })
    return []
  }

  #fail(at: number, attempt: Attempt) {
    this.#attempts[at] = attempt
    const key = this.#outbox.key(at)
    if (key !== undefined) this.#failedKeys.add(key)
  }
}

function targetsOf(topic: string, description: Topic | undefined): Target[] {
  const none = (problem: string): Target => ({ id: `${topic}:`, topic, partition: -1, leader: -1, problem })
  if (description === undefined || 'problem' in description)
    return [none(description?.problem ?? 'the sink is stopping')]
  if (description.leaders.length === 0) return [none(`topic ${topic} has no partition`)]
  return description.leaders.map((leader, partition) =>
    leader < 0
      ? none(`partition ${partition} of topic ${topic} has no leader`)
      : { id: `${topic}:${partition}`, topic, partition, leader },
  )
}
