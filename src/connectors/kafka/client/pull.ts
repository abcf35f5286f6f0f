import type { Message } from '@platformatic/kafka'
import { Coalescer } from '../../../messaging/coalescer.ts'
import type { Pulled, Puller } from '../../../messaging/message-source.ts'
import type { SourceContext } from '../../../engine/contracts.ts'
import { ackSink, formatHostPort } from '../../../schema/values.ts'
import { whyNotConnected } from './errors.ts'
import { openGroup, type Group } from './group.ts'
import type { Assigned, GroupHooks, Offset } from './hooks.ts'
import type { KafkaSourceConfig } from '../config.ts'
import type { Positions } from '../map/positions.ts'
import { RecordReader, type KafkaRecord } from '../map/read.ts'

export interface PendingRecord {
  readonly queue: PartitionQueue
  readonly offset: bigint
  synced: boolean
}

/** A record is committed when it and all earlier ones are synced. */
type PartitionQueue = Readonly<{
  topic: string
  partition: number
  pending: PendingRecord[]
}>

/** Joins at the first pull, and again after a lost connection or changed topics. */
export class KafkaPuller implements Puller<PendingRecord> {
  readonly address: string
  readonly #config: KafkaSourceConfig
  readonly #context: SourceContext
  #group: Group | undefined
  readonly #reader = new RecordReader()
  #queues = new Map<string, PartitionQueue>()
  #missing = ''
  /** With positions: records that are not committed yet. */
  readonly #outstanding = new Set<PendingRecord>()
  #handedOut = false
  #settled = Promise.withResolvers<void>()
  readonly #positions: Positions | undefined
  readonly #commits = new Coalescer<PartitionQueue>((queues) => this.#commit(new Set(queues)))

  constructor(config: KafkaSourceConfig, context: SourceContext, positions?: Positions) {
    this.#positions = positions
    this.#config = config
    this.#context = context
    this.address = `${formatHostPort(config.brokers[0] ?? { host: '', port: 0 })}/${config.topics.join(',')}`
  }

  partitions(): Record<string, readonly number[]> {
    return this.#group?.partitions() ?? {}
  }

  async pull(signal: AbortSignal): Promise<readonly Pulled<PendingRecord>[]> {
    return (await this.pullRecords(signal)).map((record) => ({
      message: this.#reader.read(recordOf(record)),
      handle: this.track(record.topic, record.partition, record.offset),
    }))
  }

  /** As `pull`. The caller tracks the last record of each partition before it pulls again. */
  async pullRecords(signal: AbortSignal, maxRecords?: number): Promise<readonly Message[]> {
    this.#handedOut = false
    this.#settled.resolve()
    while (!signal.aborted) {
      const group = (this.#group ??= await this.#join(signal))
      const records = await group.next(signal, maxRecords).catch(async (error: unknown) => {
        await this.close()
        throw new Error(whyNotConnected(error, this.#config), { cause: error })
      })
      if (records !== undefined) {
        this.#handedOut = records.length > 0
        return records
      }
      if (!signal.aborted) await this.close()
    }
    return []
  }

  track(topic: string, partition: number, offset: bigint): PendingRecord {
    const partitionId = `${topic}:${partition}`
    let queue = this.#queues.get(partitionId)
    if (queue === undefined) this.#queues.set(partitionId, (queue = { topic, partition, pending: [] }))
    const handle: PendingRecord = { queue, offset, synced: false }
    queue.pending.push(handle)
    if (this.#positions !== undefined) this.#outstanding.add(handle)
    return handle
  }

  async ack(handles: readonly PendingRecord[]): Promise<void> {
    for (const handle of handles) handle.synced = true
    try {
      await this.#commits.add(handles.map(({ queue }) => queue))
    } finally {
      this.#settle(handles)
    }
  }

  release(handles: readonly PendingRecord[]): Promise<void> {
    this.#settle(handles)
    return Promise.resolve()
  }

  forget(handles: readonly PendingRecord[]): void {
    for (const { queue } of handles) this.#queues.delete(`${queue.topic}:${queue.partition}`)
  }

  async close(): Promise<void> {
    const group = this.#group
    this.#group = undefined
    if (this.#positions === undefined) this.#queues = new Map()
    await group?.close()
  }

  async #join(signal: AbortSignal): Promise<Group> {
    let group: Group
    try {
      group = await openGroup(this.#config, this.#context, signal, this.#hooks())
    } catch (error) {
      throw new Error(whyNotConnected(error, this.#config), { cause: error })
    }
    const missing = group.missing.join(', ')
    if (group.missing.length === this.#config.topics.length) {
      await group.close()
      throw new Error(`topic ${missing} does not exist yet; it is read once it exists`)
    }
    if (missing !== this.#missing && missing !== '')
      this.#context.log.warn('Some topics do not exist yet; they are read once they exist.', {
        source: this.#context.id,
        topics: missing,
      })
    this.#missing = missing
    return group
  }

  async #commit(queues: ReadonlySet<PartitionQueue>) {
    const offsets: Offset[] = []
    for (const queue of queues) {
      const { topic, partition, pending } = queue
      const firstUnsynced = pending.findIndex(({ synced }) => !synced)
      const last = pending.splice(0, firstUnsynced < 0 ? pending.length : firstUnsynced).at(-1)
      if (last !== undefined && this.#queues.get(`${topic}:${partition}`) === queue)
        offsets.push({ topic, partition, offset: last.offset + 1n })
    }
    await this.#group?.commit(offsets)
  }

  #settle(handles: readonly PendingRecord[]) {
    for (const handle of handles) this.#outstanding.delete(handle)
    this.#settled.resolve()
  }

  #hooks(): GroupHooks | undefined {
    const positions = this.#positions
    return positions === undefined
      ? undefined
      : {
          beforeRejoin: () => this.#quiesce(),
          assigned: (assigned) => this.#startAt(assigned, positions),
        }
  }

  /** So that the next reader of a partition starts after the last stored record. */
  async #quiesce() {
    const { timers } = this.#context.host
    const abort = new AbortController()
    if (this.#outstanding.size > 0)
      this.#context.log.info('Partitions may move to another member; rows that were read are stored first.', {
        source: this.#context.id,
      })
    // A member that joins late is excluded, and its partitions are read twice.
    const late = timers.sleep(this.#config.session_timeout / 2, abort.signal).then(() => 'late' as const)
    while (this.#outstanding.size > 0 || this.#handedOut) {
      this.#settled = Promise.withResolvers<void>()
      if ((await Promise.race([this.#settled.promise, late])) !== 'late') continue
      this.#context.log.warn('Partitions move before all of their records are stored; some will be stored twice.', {
        source: this.#context.id,
      })
      break
    }
    abort.abort()
  }

  #startAt({ partitions, ids, starts, ends }: Assigned, positions: Positions): readonly Offset[] {
    const { id: source, log } = this.#context
    const offsets: Offset[] = []
    for (const [topic, some] of Object.entries(partitions)) {
      if (!positions.follow(topic, ids[topic] ?? '')) {
        log.warn('The topic was created again under the same name; it is read from its start.', { source, topic })
        for (const key of this.#queues.keys()) if (key.startsWith(`${topic}:`)) this.#queues.delete(key)
      }
      for (const partition of some) {
        const key = `${topic}:${partition}`
        let position = positions.of(topic, partition)
        const [start, end] = [Number(starts.get(key) ?? 0n), Number(ends.get(topic)?.[partition] ?? Infinity)]
        if (position.read > end) {
          log.warn('The partition ends before the stored position: its last records were lost by the brokers.', {
            source,
            topic,
            partition,
            position: position.read,
            end,
          })
          positions.forget(topic, partition)
          this.#queues.delete(key)
          position = positions.of(topic, partition)
        }
        if (start > position.read) {
          position.read = position.synced = start
          this.#queues.delete(key)
        } else if (position.synced > start && ackSink(this.#config.ack) === undefined) {
          offsets.push({ topic, partition, offset: BigInt(position.synced) })
        }
      }
    }
    return offsets
  }
}

function recordOf({ topic, partition, offset, timestamp, key, value, headers }: Message): KafkaRecord {
  return {
    topic,
    partition,
    offset,
    time: Number(timestamp),
    key: key ?? undefined,
    value: value ?? new Uint8Array(0),
    headers,
  }
}
