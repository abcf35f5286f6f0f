import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { kafkaSchema } from '../../src/connectors/kafka/config.ts'
import { kafka } from '../../src/connectors/kafka/index.ts'
import type { Sink } from '../../src/engine/ports.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { eventBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { deliverAll } from '../conformance/deliver.ts'
import { sinkConformance, type OtherSide } from '../conformance/sink.ts'
import { installKafka } from './install/kafka.ts'
import { KafkaObserver, type StoredRecord } from './kit/kafka-topic.ts'
import { startKafka, type KafkaServer } from './kit/kafka.ts'

const never = new AbortController().signal
const poisonBytes = 20_000

beforeEach(async (context) => {
  const { path, reason } = await installKafka() as { path?: string; reason?: string }
  if (path === undefined) context.skip(reason)
})

/** One broker for all tests of the file: it takes seconds to start. Each test has topics of its own. */
let started: Promise<KafkaServer> | undefined
const broker = (): Promise<KafkaServer> => (started ??= startKafka())
afterAll(async () => (await started)?.[Symbol.asyncDispose]())

let topics = 0
const ownTopic = (): string => `t${++topics}`
const idsOf = (records: readonly StoredRecord[]): string[] => records.map(({ headers }) => headers['ce_id'] ?? '')

async function startOther(): Promise<OtherSide> {
  const { ports, proxy, restart } = await broker()
  const observer = new KafkaObserver(ports.plain)
  const topic = ownTopic()
  const configs = { 'max.message.bytes': String(poisonBytes / 2) }
  await observer.create(topic, { configs })
  const written = { brokers: [`127.0.0.1:${ports.proxied}`], topic }
  return {
    build: (context, timeoutMs) => kafka.build(configFrom(kafkaSchema, { ...written, timeout: `${timeoutMs}ms` }), context),
    received: async () => idsOf(await observer.records(topic)),
    // A reader drops what it has by its id.
    held: async () => [...new Map((await observer.records(topic)).map(({ headers }) => [headers['id'], headers['ce_id'] ?? ''])).values()],
    refuse: (on) => (on ? observer.remove(topic) : observer.create(topic, { configs })),
    slow: (on) => Promise.resolve(proxy.hold(on)),
    disconnectAfter: (events) => Promise.resolve(proxy.cutAfter(events, 'ce_id')),
    poison: () => Promise.resolve(),
    poisoned: (event) => ({ ...event, data: Buffer.from(JSON.stringify('x'.repeat(poisonBytes))) }),
    // The topic has them already.
    async duplicateAck() {
      const other = await kafka.build(configFrom(kafkaSchema, written), testContext())
      await deliverAll(other, numberedEvents(20, 'u'))
      await other.close()
    },
    restart,
    stop: () => Promise.resolve(proxy.hold(false)),
  }
}

sinkConformance('kafka', { accepts: kafka.accepts, idempotency: kafka.idempotency, start: startOther })

type Written = WrittenConfigOf<typeof kafkaSchema>

interface Stage {
  readonly server: KafkaServer
  readonly observer: KafkaObserver
  /** A topic of the test's own, which is not made yet. */
  readonly topic: string
  sink(written?: Partial<Written>): Promise<Sink>
}

async function stage(): Promise<Stage> {
  const server = await broker()
  const topic = ownTopic()
  return {
    server,
    observer: new KafkaObserver(server.ports.plain),
    topic,
    async sink(written = {}) {
      const sink = await kafka.build(configFrom(kafkaSchema, { brokers: [`127.0.0.1:${server.ports.plain}`], topic, timeout: '5s', ...written }), testContext())
      onTestFinished(() => sink.close())
      return sink
    },
  }
}

test('of several topics only the events of a missing one fail, and what is behind them in their keys, until it is there', async () => {
  const { observer, topic, sink: make } = await stage()
  await observer.create(`${topic}.here`)
  const sink = await make({ topic: `${topic}.{type}` })
  const [one] = numberedEvents(1, 'e')
  const events = ['here a', 'here b', 'there b', 'here b', 'here a', 'there', 'here', 'here b', 'here c', 'here c'].map((text, index) => {
    const [type = '', key] = text.split(' ')
    return { ...one!, id: `e${index}`, type, ...(key === undefined ? {} : { key }) }
  })
  const missing = `there is no topic ${topic}.there; create it, or set \`create_topic: true\``
  expect(await sink.send(eventBatch(events, 't'), never)).toEqual([
    { index: 2, is: 'retry', reason: missing }, { index: 3, is: 'retry', reason: expect.stringContaining('key "b"') as string }, { index: 5, is: 'retry', reason: missing }, { index: 7, is: 'retry', reason: expect.stringContaining('key "b"') as string },
  ])
  expect(idsOf(await observer.records(`${topic}.here`)).toSorted()).toEqual(['e0', 'e1', 'e4', 'e6', 'e8', 'e9'])
  await observer.create(`${topic}.there`)
  await deliverAll(sink, [2, 3, 5, 7].flatMap((index) => events[index] ?? []))
  expect(idsOf(await observer.records(`${topic}.there`)).toSorted()).toEqual(['e2', 'e5'])
})
