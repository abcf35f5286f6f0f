import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openKafkaJournal } from '../../src/connectors/kafka/journal.ts'
import { kafkaJournalSchema } from '../../src/connectors/kafka/config.ts'
import { configFrom } from '../../src/schema/index.ts'
import { testContext } from '../conformance/batches.ts'
import { journalBusConformance } from '../conformance/journal-bus.ts'
import { EventClient } from '../kit/event-client.ts'
import { WeirGroup } from '../kit/weir-group.ts'
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
})
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing)
})
afterAll(async () => server?.[Symbol.asyncDispose]())

const patience = { timeout: 60_000, interval: 50 }
let topics = 0

journalBusConformance(() => ({
  fresh() {
    const config = configFrom(kafkaJournalSchema, { brokers: [`127.0.0.1:${server.ports.plain}`], topic: `journal-${++topics}`, partitions: 2, timeout: '3s' })
    return { open: () => openKafkaJournal(config, testContext()) }
  },
  away: () => server.kill(),
  back: () => server.restart(),
}))

test('collectors, deliverers and the API share a journal: what a collector took is delivered, stored and in the books of all', async () => {
  await using group = await WeirGroup.start({
    folder: await mkdtemp(join(tmpdir(), 'weir-group-')), collectors: 2, deliverers: 2,
    journal: { on: { type: 'kafka', brokers: [`127.0.0.1:${server.ports.plain}`], topic: 'group', partitions: 4 } },
  })
  await group.shared(4)
  const clients = group.collectors.map((weir, at) => new EventClient({ url: weir.url, connections: 2, batch: 20, pause: 5, source: `/test/${at}` }))
  for (const client of clients) client.start()
  await expect.poll(() => group.receiver.received.length, patience).toBeGreaterThan(2000)
  for (const client of clients) await client.stop()
  const sent = clients.reduce((sum, client) => sum + client.sent, 0)
  const ledger = await group.caughtUp(sent, 30_000)
  expect(ledger.sources.map(({ name, accepted }) => [name, accepted] as const).toSorted(([a], [b]) => (a < b ? -1 : 1))).toEqual(clients.map((client, at) => [`http@collector-${at + 1}`, client.sent]))
  expect(ledger.sinks.map(({ name, delivered, pending }) => [name, delivered, pending])).toEqual([['store', sent, 0], ['out', sent, 0]])
  expect(ledger.balanced).toBe(true)
  expect(group.receiver.received).toHaveLength(sent)
  expect(await group.api.sql('SELECT count(*)::INT AS rows, count(DISTINCT (source, id))::INT AS ids FROM events')).toEqual([{ rows: sent, ids: sent }])
}, 120_000)
