import type { Admin, API, Connection, MessageRecord } from '@platformatic/kafka'
import { Fenced, fenceKey, type BusRecord, type BusWriter, type Channel } from '../../../journal/index.ts'
import { apiOf, type Library } from './connect.ts'
import { apiIdOf } from './errors.ts'

export type JournalClient = Readonly<{
  library: Library
  admin: Admin
}>

export type TopicPartition = Readonly<{
  topic: string
  partition: number
}>

const fencedIds = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING'])
const unknownProducerIds = new Set(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID'])
/** Below the default topic limit of 1 MiB. */
const batchBytes = 900 * 1024
const everyReplica = -1
const sequences = 2 ** 31
const transactionKey = 1
const noTransactions = 60_000

interface Produced {
  readonly responses: readonly { readonly partitionResponses: readonly { readonly baseOffset: bigint }[] }[]
}

type Produce = API<[acks: number, timeout: number, records: readonly MessageRecord[], options: object], Produced>

type Identity = Readonly<{
  producerId: bigint
  producerEpoch: number
}>

interface WriteState {
  next: number
  done: number
}

type WriterOptions = Readonly<{
  name: string
  timeout: number
  partitionOf(channel: Channel): TopicPartition
  client(): Promise<JournalClient>
  lost(client: JournalClient): Promise<void>
}>

/**
 * The brokers give each new holder a higher epoch and reject lower ones. A batch is final when all in-sync replicas
 * have it.
 */
export class FencingWriter implements BusWriter {
  readonly #options: WriterOptions
  #identity: Identity | undefined
  readonly #states = new Map<Channel, WriteState>()

  constructor(options: WriterOptions) {
    this.#options = options
  }

  async begin(): Promise<void> {
    this.#identity = await this.#attempt((client) => this.#identify(client))
  }

  fence(channel: Channel, key: string): Promise<number> {
    return this.write(channel, [{ key: `${fenceKey}${key}`, value: new Uint8Array(0) }])
  }

  async write(channel: Channel, records: readonly Omit<BusRecord, 'position'>[]): Promise<number> {
    const state = this.#states.get(channel) ?? { next: 0, done: 0 }
    this.#states.set(channel, state)
    let last = 0
    while (state.done < records.length) {
      const end = batchEnd(records, state.done)
      const batch = records.slice(state.done, end)
      last = await this.#attempt((client) => this.#produce(client, channel, batch, state.next))
      state.next = (state.next + batch.length) % sequences
      state.done = end
    }
    state.done = 0
    return last
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #attempt<T>(act: (client: JournalClient) => Promise<T>): Promise<T> {
    const client = await this.#options.client()
    try {
      return await act(client)
    } catch (error) {
      const id = apiIdOf(error)
      if (id !== undefined && fencedIds.has(id))
        throw new Fenced(`another instance writes as ${this.#options.name} (${id})`, { cause: error })
      if (id !== undefined && unknownProducerIds.has(id)) await this.#renew(client)
      if (id === undefined) await this.#options.lost(client)
      else client.admin.clearMetadata()
      throw error
    }
  }

  /** Acquires a higher epoch. An unconfirmed batch may be stored twice: readers deduplicate it. */
  async #renew(client: JournalClient) {
    try {
      this.#identity = await this.#identify(client, this.#identity)
    } catch (error) {
      const id = apiIdOf(error)
      if (id !== undefined && fencedIds.has(id))
        throw new Fenced(`another instance writes as ${this.#options.name} (${id})`, { cause: error })
      throw error
    }
    for (const state of this.#states.values()) state.next = 0
  }

  async #identify({ library, admin }: JournalClient, known?: Identity): Promise<Identity> {
    const { name } = this.#options
    const find = await apiOf<
      [type: number, keys: readonly string[]],
      { readonly coordinators: readonly { readonly nodeId: number }[] }
    >(library, admin, 'FindCoordinator')
    const { coordinators } = await find.async(await connectionTo({ library, admin }), transactionKey, [name])
    const init = await apiOf<[name: string, timeout: number, id: bigint, epoch: number], Identity>(
      library,
      admin,
      'InitProducerId',
    )
    const { producerId, producerEpoch } = await init.async(
      await connectionTo({ library, admin }, coordinators[0]?.nodeId),
      name,
      noTransactions,
      known?.producerId ?? -1n,
      known?.producerEpoch ?? -1,
    )
    return { producerId, producerEpoch }
  }

  async #produce(
    client: JournalClient,
    channel: Channel,
    records: readonly Omit<BusRecord, 'position'>[],
    sequence: number,
  ): Promise<number> {
    const { library, admin } = client
    const { topic, partition } = this.#options.partitionOf(channel)
    const messages = records.map(({ key, value }) => ({
      topic,
      partition,
      key: Buffer.from(key),
      value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    }))
    const produce: Produce = await apiOf(library, admin, 'Produce')
    const connection = await connectionTo(client, await leaderOf(client, topic, partition))
    const numbers = new library.NumericMap([[`${topic}:${partition}`, sequence]])
    const { responses } = await produce.async(connection, everyReplica, this.#options.timeout, messages, {
      compression: 'none',
      ...this.#identity,
      sequences: numbers,
    })
    const offset = responses[0]?.partitionResponses[0]?.baseOffset ?? -1n
    if (offset < 0n) throw new Error(`the brokers returned no offset for topic ${topic}`)
    return Number(offset) + records.length
  }
}

function batchEnd(records: readonly Omit<BusRecord, 'position'>[], from: number): number {
  let bytes = 0
  let end = from
  while (end < records.length) {
    bytes += (records[end]?.value.length ?? 0) + 128
    if (end > from && bytes > batchBytes) break
    end++
  }
  return end
}

export async function leaderOf({ admin }: JournalClient, topic: string, partition: number): Promise<number> {
  const { topics } = await admin.metadata({ topics: [topic] })
  const leader = topics.get(topic)?.partitions[partition]?.leader ?? -1
  if (leader < 0) throw new Error(`partition ${partition} of topic ${topic} has no leader`)
  return leader
}

export async function connectionTo({ admin }: JournalClient, node?: number): Promise<Connection> {
  const { brokers } = await admin.metadata({ topics: [] })
  const broker = node === undefined ? [...brokers.values()][0] : brokers.get(node)
  if (broker === undefined) throw new Error(node === undefined ? 'no broker is available' : `unknown broker ${node}`)
  return admin.connections.get(broker)
}
