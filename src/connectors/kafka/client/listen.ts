import type { Admin, ClusterMetadata } from '@platformatic/kafka'
import type { Context, Listening } from '../../../engine/contracts.ts'
import { apiOf, connectionOptions, loadClient, type Library } from './connect.ts'
import { apiIdOf, errorText, whyNotConnected, whyNoTopic } from './errors.ts'
import type { FetchArguments, Fetched } from './journal-read.ts'
import type { KafkaConfig } from '../config.ts'

const [waitMs, fetchBytes, noSession] = [100, 2 ** 20, -1]

const [latest, earliest] = [-1n, -2n]

type ReadPosition = Readonly<{
  metadata: ClusterMetadata
  offsets: Map<number, bigint>
}>

/** Reads the topic from its end, without a group and without commits. */
export async function listenKafka(config: KafkaConfig, context: Context): Promise<Listening> {
  const { topic } = config
  const library = await loadClient()
  const admin = new library.Admin(await connectionOptions(config, context))
  admin.connections.on('connecting', ({ connection }) => connection.on('error', () => undefined))
  let position: ReadPosition | undefined
  try {
    position = await positionAt(admin, topic, latest)
    await read(library, admin, position, topic)
  } catch (error) {
    const missing = errorText(error).startsWith('Unknown topic')
    if (!missing || !config.create_topic) {
      await admin.close().catch(() => undefined)
      if (apiIdOf(error) === 'TOPIC_AUTHORIZATION_FAILED')
        throw new Error(`the brokers deny reading topic ${topic} (${errorText(error)})`, { cause: error })
      throw new Error(
        missing || apiIdOf(error) !== undefined ? whyNoTopic(error, topic) : whyNotConnected(error, config),
        { cause: error },
      )
    }
  }
  return {
    async received(text, signal) {
      while (!signal.aborted) {
        position ??= await positionAt(admin, topic, earliest)
        if ((await read(library, admin, position, topic)).some((value) => value.includes(text))) return true
      }
      return false
    },
    close: () => admin.close(),
  }
}

async function positionAt(admin: Admin, topic: string, timestamp: bigint): Promise<ReadPosition> {
  const metadata = await admin.metadata({ topics: [topic] })
  const count = metadata.topics.get(topic)?.partitionsCount ?? 0
  const [listed] = await admin.listOffsets({
    topics: [
      {
        name: topic,
        partitions: Array.from({ length: count }, (_, partitionIndex) => ({ partitionIndex, timestamp })),
      },
    ],
  })
  return {
    metadata,
    offsets: new Map((listed?.partitions ?? []).map(({ partitionIndex, offset }) => [partitionIndex, offset])),
  }
}

async function read(
  library: Library,
  admin: Admin,
  { metadata: { topics, brokers }, offsets }: ReadPosition,
  topic: string,
): Promise<string[]> {
  const fetch = await apiOf<FetchArguments, Fetched>(library, admin, 'Fetch')
  const values: string[] = []
  for (const [partition, fetchOffset] of offsets) {
    const broker = brokers.get(topics.get(topic)?.partitions[partition]?.leader ?? -1)
    if (broker === undefined) continue
    const requested = [
      {
        topicId: topics.get(topic)?.id,
        partitions: [
          { partition, currentLeaderEpoch: -1, fetchOffset, lastFetchedEpoch: -1, partitionMaxBytes: fetchBytes },
        ],
      },
    ]
    const { responses } = await fetch.async(
      await admin.connections.get(broker),
      waitMs,
      1,
      fetchBytes,
      0,
      0,
      noSession,
      requested,
      [],
      '',
    )
    for (const { firstOffset, lastOffsetDelta, records } of responses[0]?.partitions[0]?.records ?? []) {
      for (const { value } of records) values.push(String(value))
      offsets.set(partition, firstOffset + BigInt(lastOffsetDelta) + 1n)
    }
  }
  return values
}
