import type { JournalContext, JournalDriver } from '../../engine/contracts.ts'
import { formatHostPort } from '../../schema/values.ts'
import type { BusRecord, BusWriter, Channel, JournalBus } from '../../journal/index.ts'
import { SharedConnection } from '../../messaging/shared-connection.ts'
import { connectionOptions, loadClient } from './client/connect.ts'
import { apiIdOf, errorText, whyNotConnected } from './client/errors.ts'
import { FencingWriter, type JournalClient, type TopicPartition } from './client/journal.ts'
import { readPartition } from './client/journal-read.ts'
import type { KafkaJournalConfig } from './config.ts'

export const journal: JournalDriver<KafkaJournalConfig> = openKafkaJournal

const [latest, earliest] = [-1n, -2n]
const retryMs = 100
const recordSettings = {
  'cleanup.policy': 'compact',
  'segment.ms': '600000',
  'segment.bytes': '16777216',
  'min.cleanable.dirty.ratio': '0.1',
  'delete.retention.ms': '600000',
}

/** A record is a frame; the frames of a source are in one partition. A second, compacted topic has small records. */
export async function openKafkaJournal(config: KafkaJournalConfig, context: JournalContext): Promise<JournalBus> {
  const journal = new KafkaJournal(config, context)
  try {
    await journal.open()
    return journal
  } catch (error) {
    await journal.close()
    if (error instanceof NotConnected) throw error
    const text = errorText(error)
    throw new Error(/topic/.test(text) ? text : whyNotConnected(error, config), { cause: error })
  }
}

class NotConnected extends Error {}

class KafkaJournal implements JournalBus {
  readonly where: string
  readonly #config: KafkaJournalConfig
  readonly #context: JournalContext
  readonly #connection = new SharedConnection<JournalClient>(
    () => this.#connect(),
    ({ admin }) => admin.close(),
  )
  #partitions = 0

  constructor(config: KafkaJournalConfig, context: JournalContext) {
    this.#config = config
    this.#context = context
    this.where = `topic ${config.topic} on ${config.brokers.map(formatHostPort).join(', ')}`
  }

  get partitions(): number {
    return this.#partitions
  }

  async open(): Promise<void> {
    const { topic, partitions, replication } = this.#config
    const client = await this.#connection.get()
    const copies = replication === null ? {} : { replicas: replication }
    await this.#ensure(client, topic, { partitions, ...copies, configs: [] })
    await this.#ensure(client, `${topic}-records`, {
      partitions: 1,
      ...copies,
      configs: Object.entries(recordSettings).map(([name, value]) => ({ name, value })),
    })
    await this.#waitForLeaders(client, `${topic}-records`)
    this.#partitions = await this.#waitForLeaders(client, topic)
  }

  async #waitForLeaders({ admin }: JournalClient, topic: string): Promise<number> {
    const { clock, timers } = this.#context.host
    for (const until = clock.monotonic() + this.#config.timeout; ;) {
      try {
        const clusterTopicMetadata = (await admin.metadata({ topics: [topic], forceUpdate: true })).topics.get(topic)
        if (clusterTopicMetadata !== undefined && clusterTopicMetadata.partitions.every(({ leader }) => leader >= 0))
          return clusterTopicMetadata.partitionsCount
      } catch (error) {
        if (clock.monotonic() > until) throw error
      }
      if (clock.monotonic() > until) throw new Error(`topic ${topic} has partitions without a leader`)
      await timers.sleep(retryMs)
    }
  }

  async claim(name: string): Promise<BusWriter> {
    const writer = new FencingWriter({
      name: `${this.#config.topic}/${name}`,
      timeout: this.#config.timeout,
      partitionOf: (channel) => this.#topicPartition(channel),
      client: () => this.#connection.get(),
      lost: (client) => this.#connection.discard(client),
    })
    const { clock, timers } = this.#context.host
    for (const until = clock.monotonic() + this.#config.timeout; ;) {
      try {
        await writer.begin()
        return writer
      } catch (error) {
        // A new cluster creates its coordinators at the first request.
        if (!/COORDINATOR|^CONCURRENT_TRANSACTIONS$/.test(apiIdOf(error) ?? '') || clock.monotonic() > until)
          throw error
      }
      await timers.sleep(retryMs)
    }
  }

  async *read(channel: Channel, after: number, signal: AbortSignal): AsyncGenerator<readonly BusRecord[]> {
    // A broker answers the requests of a connection in order, and these may wait.
    const client = await this.#connect()
    const stop = () => {
      client.admin.close().catch(() => undefined)
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      if (!signal.aborted) yield* readPartition(client, this.#topicPartition(channel), after, signal)
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      signal.removeEventListener('abort', stop)
      await client.admin.close().catch(() => undefined)
    }
  }

  async bounds(channel: Channel): Promise<Readonly<{ before: number; last: number }>> {
    const client = await this.#connection.get()
    try {
      const [before, last] = await Promise.all([
        this.#offset(client, channel, earliest),
        this.#offset(client, channel, latest),
      ])
      return { before, last }
    } catch (error) {
      if (apiIdOf(error) === undefined) await this.#connection.discard(client)
      else client.admin.clearMetadata()
      throw error
    }
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  async #offset({ admin }: JournalClient, channel: Channel, timestamp: bigint): Promise<number> {
    const { topic, partition } = this.#topicPartition(channel)
    const [listed] = await admin.listOffsets({
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp }] }],
    })
    return Number(listed?.partitions[0]?.offset ?? 0n)
  }

  #topicPartition(channel: Channel): TopicPartition {
    return channel === 'records'
      ? { topic: `${this.#config.topic}-records`, partition: 0 }
      : { topic: this.#config.topic, partition: channel }
  }

  async #connect(): Promise<JournalClient> {
    const library = await loadClient()
    const admin = new library.Admin(await connectionOptions(this.#config, this.#context))
    admin.connections.on('connecting', ({ connection }) => connection.on('error', () => undefined))
    try {
      await admin.metadata({ topics: [] })
      return { library, admin }
    } catch (error) {
      await admin.close().catch(() => undefined)
      throw new NotConnected(whyNotConnected(error, this.#config), { cause: error })
    }
  }

  async #ensure(
    { admin }: JournalClient,
    topic: string,
    settings: Readonly<{
      partitions: number
      replicas?: number
      configs: { name: string; value: string }[]
    }>,
  ) {
    try {
      await admin.metadata({ topics: [topic] })
      return
    } catch (error) {
      if (!errorText(error).startsWith('Unknown topic')) throw error
    }
    if (!this.#context.create)
      throw new Error(`topic ${topic} does not exist yet; the first instance to start creates it`)
    try {
      await admin.createTopics({ topics: [topic], ...settings })
      this.#context.log.info('Created a topic for the journal.', { topic, partitions: settings.partitions })
    } catch (error) {
      if (apiIdOf(error) !== 'TOPIC_ALREADY_EXISTS')
        throw new Error(`topic ${topic} can't be created (${errorText(error)}); create it, or grant the user CREATE`, {
          cause: error,
        })
    }
  }
}
