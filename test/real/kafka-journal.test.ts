import { afterAll, beforeAll, beforeEach } from 'vitest'
import { openKafkaJournal } from '../../src/connectors/kafka/journal.ts'
import { kafkaJournalSchema } from '../../src/connectors/kafka/config.ts'
import { configFrom } from '../../src/schema/index.ts'
import { testContext } from '../conformance/batches.ts'
import { journalBusConformance } from '../conformance/journal-bus.ts'
import { installKafka } from './install/kafka.ts'
import { startKafka, type KafkaServer } from './kit/kafka.ts'

let server: KafkaServer
let missing: string | undefined

beforeAll(async () => {
  const installed = await installKafka()
  if (installed.path === undefined) {
    missing = installed.reason
    return
  }
  server = await startKafka()
  // Its first coordinator takes longer than the timeout below on a busy machine.
  const first = await openKafkaJournal(
    configFrom(kafkaJournalSchema, {
      brokers: [`127.0.0.1:${server.ports.plain}`],
      topic: 'first',
      partitions: 1,
      timeout: '100s',
    }),
    { ...testContext(), create: true },
  )
  await first.claim('first')
  await first.close()
}, 400_000)
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing)
})
afterAll(async () => server?.[Symbol.asyncDispose]())

let topics = 0

journalBusConformance(
  () => ({
    fresh() {
      const config = configFrom(kafkaJournalSchema, {
        brokers: [`127.0.0.1:${server.ports.plain}`],
        topic: `journal-${++topics}`,
        partitions: 2,
        timeout: '3s',
      })
      return { open: () => openKafkaJournal(config, { ...testContext(), create: true }) }
    },
    config: (partitions) => ({
      type: 'kafka',
      brokers: [`127.0.0.1:${server.ports.plain}`],
      topic: 'group',
      partitions,
    }),
    named: (topic) => ({ topic }),
    away: () => server.kill(),
    back: () => server.restart(),
  }),
  { system: 'kafka', server: 'Apache Kafka (KRaft)', version: () => server.version },
)
