import { Coalescer } from '../../messaging/coalescer.ts'
import type { Pulled, Puller } from '../../messaging/message-source.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { formatHostPort } from '../../schema/values.ts'
import { whyNotConnected } from './client-errors.ts'
import { openGroup, type Group, type Offset } from './client-group.ts'
import type { KafkaSourceConfig } from './config.ts'
import { RecordReader, type KafkaRecord } from './map-read.ts'

export interface PendingRecord {
  readonly queue: PartitionQueue
  readonly offset: bigint
  synced: boolean
}

/** A record is committed when it and all earlier ones are synced. */
interface PartitionQueue {
  readonly group: Group
  readonly topic: string
  readonly partition: number
  readonly pending: PendingRecord[]
}

/**
 * Reads as a member of a consumer group. Joins at the first pull, and again after a lost connection or changed topics.
 */
export class KafkaPuller implements Puller<PendingRecord> {
  readonly address: string
  readonly #config: KafkaSourceConfig
  readonly #context: SourceContext
  #group: Group | undefined
  readonly #reader = new RecordReader()
  #queues = new Map<string, PartitionQueue>()
  #missing = ''
  readonly #commits = new Coalescer<PartitionQueue>((queues) => this.#commit(new Set(queues)))

  constructor(config: KafkaSourceConfig, context: SourceContext) {
    this.#config = config
    this.#context = context
    this.address = `${formatHostPort(config.brokers[0] ?? { host: '', port: 0 })}/${config.topics.join(',')}`
  }

  partitions(): Record<string, readonly number[]> {
    return this.#group?.partitions() ?? {}
  }

  async pull(signal: AbortSignal): Promise<readonly Pulled<PendingRecord>[]> {
    while (!signal.aborted) {
      const group = (this.#group ??= await this.#join(signal))
      const records = await group.next(signal).catch(async (error: unknown) => {
        await this.close()
        throw new Error(whyNotConnected(error, this.#config), { cause: error })
      })
      if (records !== undefined)
        return records.map((record) => ({ message: this.#reader.read(record), handle: this.#track(group, record) }))
      if (!signal.aborted) await this.close()
    }
    return []
  }

  ack(handles: readonly PendingRecord[]): Promise<void> {
    for (const handle of handles) handle.synced = true
    return this.#commits.add(handles.map(({ queue }) => queue))
  }

  /** Nothing is committed, so the next reader receives the records again. */
  release(): Promise<void> {
    return Promise.resolve()
  }

  async close(): Promise<void> {
    const group = this.#group
    this.#group = undefined
    this.#queues = new Map()
    await group?.close()
  }

  async #join(signal: AbortSignal): Promise<Group> {
    let group: Group
    try {
      group = await openGroup(this.#config, this.#context, signal)
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

  async #commit(queues: ReadonlySet<PartitionQueue>): Promise<void> {
    const offsets: Offset[] = []
    for (const { group, topic, partition, pending } of queues) {
      const firstUnsynced = pending.findIndex(({ synced }) => !synced)
      const last = pending.splice(0, firstUnsynced < 0 ? pending.length : firstUnsynced).at(-1)
      if (last !== undefined && group === this.#group) offsets.push({ topic, partition, offset: last.offset + 1n })
    }
    await this.#group?.commit(offsets)
  }

  #track(group: Group, { topic, partition, offset }: KafkaRecord): PendingRecord {
    const partitionId = `${topic}:${partition}`
    let queue = this.#queues.get(partitionId)
    if (queue === undefined) this.#queues.set(partitionId, (queue = { group, topic, partition, pending: [] }))
    const handle: PendingRecord = { queue, offset, synced: false }
    queue.pending.push(handle)
    return handle
  }
}
