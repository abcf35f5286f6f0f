// An independent client that creates and reads topics.
import { setTimeout as sleep } from 'node:timers/promises'
import {
  AclOperations,
  AclPermissionTypes,
  Admin,
  Base,
  fetchV17,
  ResourcePatternTypes,
  ResourceTypes,
} from '@platformatic/kafka'

export interface StoredRecord {
  readonly partition: number
  readonly offset: number
  readonly key: string | undefined
  readonly keyBytes: Buffer | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly value: Buffer
  /** Of the codec of its batch: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  readonly compression: number
}

export interface TopicOptions {
  readonly partitions?: number
  readonly configs?: Readonly<Record<string, string>>
}

/** The test's connections to a broker, opened for each call, because the broker may have been restarted. */
export class KafkaObserver {
  readonly #options: { clientId: string; bootstrapBrokers: string[]; retries: number; timeout: number }

  constructor(...ports: readonly number[]) {
    this.#options = {
      clientId: 'observer',
      bootstrapBrokers: ports.map((port) => `127.0.0.1:${port}`),
      retries: 20,
      timeout: 10_000,
    }
  }

  async create(topic: string, { partitions = 3, configs = {} }: TopicOptions = {}): Promise<void> {
    await this.#admin((admin) =>
      admin.createTopics({
        topics: [topic],
        partitions,
        replicas: 1,
        configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
      }),
    )
    // The broker reports ready before it leads every partition.
    for (let attempt = 0; ; attempt++) {
      try {
        await this.records(topic)
        return
      } catch (error) {
        if (attempt === 200) throw error
        await sleep(20)
      }
    }
  }

  /** Smallest number of in-sync replicas of a partition. */
  async inSync(topic: string): Promise<number> {
    return this.#base(async (base) =>
      Math.min(
        ...((await base.metadata({ topics: [topic] })).topics.get(topic)?.partitions.map(({ isr }) => isr.length) ?? [
          0,
        ]),
      ),
    )
  }

  /** Adds partitions up to `count`. */
  async widen(topic: string, count: number): Promise<void> {
    await this.#admin((admin) => admin.createPartitions({ topics: [{ name: topic, count, assignments: null }] }))
  }

  async remove(topic: string): Promise<void> {
    await this.#admin((admin) => admin.deleteTopics({ topics: [topic] }))
  }

  async partitions(topic: string): Promise<number> {
    return this.#base(
      async (base) => (await base.metadata({ topics: [topic] })).topics.get(topic)?.partitionsCount ?? 0,
    )
  }

  /** Number of records ever stored, over all partitions. */
  async end(topic: string): Promise<number> {
    const partitions = Array.from({ length: await this.partitions(topic) }, (_, partitionIndex) => ({
      partitionIndex,
      timestamp: -1n,
    }))
    const ends = await this.#admin((admin) => admin.listOffsets({ topics: [{ name: topic, partitions }] }))
    return ends.flatMap((found) => found.partitions).reduce((sum, { offset }) => sum + Number(offset), 0)
  }

  /** Everything that is stored, partition by partition in its order; rejects for a topic that is not there. */
  async records(topic: string): Promise<StoredRecord[]> {
    return this.#base(async (base) => {
      const metadata = await base.metadata({ topics: [topic] })
      const found = metadata.topics.get(topic)
      if (found === undefined) return []
      const records: StoredRecord[] = []
      for (const [partition, { leader }] of found.partitions.entries()) {
        const broker = metadata.brokers.get(leader)
        if (broker === undefined) throw new Error(`partition ${partition} of ${topic} has no leader`)
        const connection = await base.connections.get(broker)
        for (let offset = 0, end = 1; offset < end;) {
          const { responses } = await fetchV17.api.async(
            connection,
            100,
            0,
            64 * 2 ** 20,
            0,
            0,
            -1,
            [
              {
                topicId: found.id,
                partitions: [
                  {
                    partition,
                    currentLeaderEpoch: -1,
                    fetchOffset: BigInt(offset),
                    lastFetchedEpoch: -1,
                    partitionMaxBytes: 64 * 2 ** 20,
                  },
                ],
              },
            ],
            [],
            '',
          )
          const answer = responses[0]?.partitions[0]
          end = Number(answer?.highWatermark ?? 0n)
          for (const { firstOffset, records: some, attributes, lastOffsetDelta } of answer?.records ?? []) {
            for (const { offsetDelta, key, value, headers } of some) {
              records.push({
                partition,
                offset: Number(firstOffset) + offsetDelta,
                key: key?.toString(),
                keyBytes: key ?? undefined,
                value: value ?? Buffer.alloc(0),
                compression: attributes & 7,
                headers: Object.fromEntries(headers.map(([name, text]) => [String(name), String(text)])),
              })
            }
            offset = Number(firstOffset) + lastOffsetDelta + 1
          }
        }
      }
      return records
    })
  }

  /** Forbids or allows a user to write to a topic; needs an authorizer. */
  async forbid(user: string, topic: string, on: boolean): Promise<void> {
    const rule = { ...ruleFor(user, topic), permissionType: AclPermissionTypes.DENY }
    await this.#admin<unknown>((admin) =>
      on ? admin.createAcls({ creations: [rule] }) : admin.deleteAcls({ filters: [rule] }),
    )
  }

  /** Only this user may write to the topic. */
  async onlyWrite(user: string, topic: string): Promise<void> {
    await this.#admin((admin) =>
      admin.createAcls({ creations: [{ ...ruleFor(user, topic), permissionType: AclPermissionTypes.ALLOW }] }),
    )
  }

  async #base<T>(use: (base: Base) => Promise<T>): Promise<T> {
    const base = new Base(this.#options)
    try {
      return await use(base)
    } finally {
      await base.close()
    }
  }

  async #admin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = new Admin(this.#options)
    try {
      return await use(admin)
    } finally {
      await admin.close()
    }
  }
}

function ruleFor(user: string, topic: string) {
  return {
    resourceType: ResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: `User:${user}`,
    host: '*',
    operation: AclOperations.WRITE,
  }
}
