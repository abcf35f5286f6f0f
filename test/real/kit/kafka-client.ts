// Produces records, and reports the state of consumer groups.
import { Admin, Consumer, Producer } from '@platformatic/kafka'

export class KafkaClient {
  readonly #options: { readonly clientId: string; readonly bootstrapBrokers: string[]; readonly retries: number }

  constructor(address: string) {
    this.#options = { clientId: 'client', bootstrapBrokers: [address], retries: 20 }
  }

  /** Into partition 0, in order. */
  async produce(topic: string, ...values: readonly (Buffer | string)[]): Promise<void> {
    const producer = new Producer(this.#options)
    try {
      await producer.send({
        messages: values.map((value, at) => ({
          topic,
          value: Buffer.from(value),
          partition: 0,
          key: Buffer.from(`${at}`),
        })),
        acks: -1,
      })
    } finally {
      await producer.close()
    }
  }

  /** Committed offsets, summed over the partitions. */
  async committed(groupId: string, topic: string, partitions = 6): Promise<number> {
    const consumer = new Consumer({ ...this.#options, groupId })
    try {
      const known = await consumer.listCommittedOffsets({
        topics: [{ topic, partitions: Array.from({ length: partitions }, (_, partition) => partition) }],
      })
      return (known.get(topic) ?? []).reduce((sum, offset) => sum + Math.max(Number(offset), 0), 0)
    } finally {
      await consumer.close()
    }
  }

  async groupState(group: string): Promise<string | undefined> {
    const admin = new Admin(this.#options)
    try {
      return (await admin.describeGroups({ groups: [group] })).get(group)?.state
    } finally {
      await admin.close()
    }
  }
}
