import type { BusRecord } from '../../../journal/index.ts'
import { apiOf } from './connect.ts'
import { apiIdOf } from './errors.ts'
import { connectionTo, leaderOf, type JournalClient, type TopicPartition } from './journal.ts'

type Batch = Readonly<{
  firstOffset: bigint
  lastOffsetDelta: number
  attributes: number
  records: readonly Readonly<{
    offsetDelta: number
    key: Buffer | null
    value: Buffer | null
  }>[]
}>

export interface Fetched {
  readonly responses: readonly { readonly partitions: readonly { readonly records?: readonly Batch[] | null }[] }[]
}

export type FetchArguments = [
  waitMs: number,
  minBytes: number,
  maxBytes: number,
  isolation: number,
  session: number,
  sessionEpoch: number,
  topics: readonly object[],
  forgotten: readonly object[],
  rack: string,
]

const [waitMs, fetchBytes, noSession] = [500, 4 * 2 ** 20, -1]
const controlBatch = 0b10_0000

/** Rejects when the cluster is lost or the leader changes. */
export async function* readPartition(
  client: JournalClient,
  { topic, partition }: TopicPartition,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<readonly BusRecord[]> {
  const { library, admin } = client
  const fetch = await apiOf<FetchArguments, Fetched>(library, admin, 'Fetch')
  const topicId = (await admin.metadata({ topics: [topic] })).topics.get(topic)?.id
  const connection = await connectionTo(client, await leaderOf(client, topic, partition))
  let next = after
  while (!signal.aborted) {
    const requested = [
      {
        topicId,
        topic,
        partitions: [
          {
            partition,
            currentLeaderEpoch: -1,
            fetchOffset: BigInt(next),
            lastFetchedEpoch: -1,
            partitionMaxBytes: fetchBytes,
          },
        ],
      },
    ]
    let fetched: Fetched
    try {
      fetched = await fetch.async(connection, waitMs, 1, fetchBytes, 0, 0, noSession, requested, [], '')
    } catch (error) {
      if (apiIdOf(error) !== 'OFFSET_OUT_OF_RANGE') throw error
      next = await oldest(client, topic, partition)
      continue
    }
    const records: BusRecord[] = []
    for (const { firstOffset, lastOffsetDelta, attributes, records: batch } of fetched.responses[0]?.partitions[0]
      ?.records ?? []) {
      const first = Number(firstOffset)
      for (const { offsetDelta, key, value } of (attributes & controlBatch) === 0 ? batch : []) {
        // The first batch may begin before the offset.
        if (first + offsetDelta >= next)
          records.push({
            position: first + offsetDelta + 1,
            key: key === null ? '' : key.toString(),
            value: value ?? new Uint8Array(0),
          })
      }
      next = Math.max(next, first + lastOffsetDelta + 1)
    }
    if (records.length > 0) yield records
  }
}

async function oldest({ admin }: JournalClient, topic: string, partition: number): Promise<number> {
  const [listed] = await admin.listOffsets({
    topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp: -2n }] }],
  })
  return Number(listed?.partitions[0]?.offset ?? 0n)
}
