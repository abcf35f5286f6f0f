import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { kafkaSchema } from '../../src/connectors/kafka/config.ts'
import { sink as kafka } from '../../src/connectors/kafka/sink.ts'
import { partitionOf } from '../../src/connectors/kafka/map/partition.ts'
import type { Sink } from '../../src/engine/contracts.ts'
import type { WeirEvent } from '../../src/model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { eventBatch, flowBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { deliverAll } from '../conformance/deliver.ts'
import { sinkConformance, type OtherSide } from '../conformance/sink.ts'
import { anyChanges, changeEvent } from '../kit/changes.ts'
import { decodeEnvelope } from '../../src/codecs/kollect/index.ts'
import { installKafka } from './install/kafka.ts'
import { KafkaObserver, type StoredRecord } from './kit/kafka-topic.ts'
import { startKafka, type KafkaServer } from './kit/kafka.ts'

const never = new AbortController().signal
const poisonBytes = 20_000

beforeEach(async (context) => {
  const { path, reason } = (await installKafka()) as { path?: string; reason?: string }
  if (path === undefined) context.skip(reason)
})

/** One broker for all tests of the file: it takes seconds to start. Each test has separate topics. */
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
    build: (context, timeoutMs) =>
      kafka.build(configFrom(kafkaSchema, { ...written, timeout: `${timeoutMs}ms` }), context),
    received: async () => idsOf(await observer.records(topic)),
    // A reader deduplicates by id.
    held: async () => [
      ...new Map(
        (await observer.records(topic)).map(({ headers }) => [headers['id'], headers['ce_id'] ?? '']),
      ).values(),
    ],
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

sinkConformance(
  'kafka',
  { accepts: kafka.accepts, idempotency: kafka.idempotency, start: startOther },
  { system: 'kafka', server: 'Apache Kafka (KRaft)', version: async () => (await broker()).version },
)

type Written = WrittenConfigOf<typeof kafkaSchema>

interface Stage {
  readonly server: KafkaServer
  readonly observer: KafkaObserver
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
      const sink = await kafka.build(
        configFrom(kafkaSchema, { brokers: [`127.0.0.1:${server.ports.plain}`], topic, timeout: '5s', ...written }),
        testContext(),
      )
      onTestFinished(() => sink.close())
      return sink
    },
  }
}

test('only the events of a missing topic, and later ones of their keys, fail until the topic exists', async () => {
  const { observer, topic, sink: make } = await stage()
  await observer.create(`${topic}.here`)
  const sink = await make({ topic: `${topic}.{type}` })
  const [one] = numberedEvents(1, 'e')
  const events = ['here a', 'here b', 'there b', 'here b', 'here a', 'there', 'here', 'here b', 'here c', 'here c'].map(
    (text, index) => {
      const [type = '', key] = text.split(' ')
      return { ...one!, id: `e${index}`, type, ...(key === undefined ? {} : { key }) }
    },
  )
  const missing = `topic ${topic}.there not found; create it, or set \`create_topic: true\``
  expect(await sink.send(eventBatch(events, 't'), never)).toEqual([
    { index: 2, is: 'retry', reason: missing },
    { index: 3, is: 'retry', reason: expect.stringContaining('key "b"') as string },
    { index: 5, is: 'retry', reason: missing },
    { index: 7, is: 'retry', reason: expect.stringContaining('key "b"') as string },
  ])
  expect(idsOf(await observer.records(`${topic}.here`)).toSorted()).toEqual(['e0', 'e1', 'e4', 'e6', 'e8', 'e9'])
  await observer.create(`${topic}.there`)
  await deliverAll(
    sink,
    [2, 3, 5, 7].flatMap((index) => events[index] ?? []),
  )
  expect(idsOf(await observer.records(`${topic}.there`)).toSorted()).toEqual(['e2', 'e5'])
})

test("Kafka's clients read key, headers and value in each compression, and use the same partitions", async () => {
  const { server, observer, topic, sink } = await stage()
  await observer.create(topic, { partitions: 7 })
  const keys = ['', 'a', 'shop/web-1', 'grün', 'a-little-bit-longer-key'].map((key) => `${key}!`)
  const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
  for (const compression of codecs) {
    const events = keys.map((key, index) => ({
      ...numberedEvents(1, `${compression}-`)[0]!,
      id: `${compression}${index}`,
      key,
      subject: 'grün und/blau',
      family: 'audit' as const,
      time: Date.UTC(2024, 4, 1),
      data: Buffer.from(JSON.stringify({ key, filling: 'x'.repeat(2000) })),
    }))
    expect(await (await sink({ compression })).send(eventBatch(events, 't'), never)).toEqual([])
  }
  const records = await observer.records(topic)
  expect(new Set(records.map(({ compression }) => compression))).toEqual(new Set([0, 1, 2, 3, 4]))
  const at = ['--bootstrap-server', `127.0.0.1:${server.ports.plain}`, '--topic', topic]
  await server.tool(
    'org.apache.kafka.tools.ConsoleProducer',
    [...at, '--property', 'parse.key=true', '--property', 'key.separator=\t'],
    keys.map((key) => `${key}\tby java\n`).join(''),
  )
  const read = await server.tool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
    ...at,
    '--from-beginning',
    '--max-messages',
    String(records.length + keys.length),
    '--timeout-ms',
    '20000',
    '--property',
    'print.headers=true',
    '--property',
    'print.key=true',
    '--property',
    'print.partition=true',
  ])
  const lines = read
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
  const partitions = new Map(
    lines.filter(([, , , value]) => value === 'by java').map(([partition, , key]) => [key, partition]),
  )
  expect(new Set(partitions.keys())).toEqual(new Set(keys))
  const weirLines = lines.filter(([, , , value]) => value !== 'by java')
  expect(weirLines).toHaveLength(keys.length * codecs.length)
  for (const [partition, headers, key, value] of weirLines) {
    expect(partition).toBe(partitions.get(key))
    expect((JSON.parse(value ?? '') as { key: string }).key).toBe(key)
    expect(headers?.replace(/id:[\w-]{43},/, 'id:*,').replace(/ce_id:\w+,/, 'ce_id:*,')).toBe(
      'id:*,type:io.weir.test,family:audit,ce_specversion:1.0,ce_id:*,ce_source:/conformance,ce_type:io.weir.test,ce_subject:grün ' +
        `und/blau,ce_time:2024-05-01T00:00:00.000Z,ce_weirfamily:audit,ce_partitionkey:${key},content-type:application/json`,
    )
  }
})

test('with partitioner fnv1a a key goes where kollect puts it; messages without a key are spread', async () => {
  const { observer, topic, sink } = await stage()
  await observer.create(topic, { partitions: 5 })
  expect(await (await sink({ partitioner: 'fnv1a' })).send(eventBatch(numberedEvents(60, 'e'), 't'), never)).toEqual([])
  const records = await observer.records(topic)
  for (const { key, partition } of records)
    if (key !== undefined) expect(partition).toBe(partitionOf('fnv1a', Buffer.from(key), 5))
  expect(new Set(records.filter(({ key }) => key === undefined).map(({ partition }) => partition)).size).toBe(5)
})

test('flows go out under their stable ids, and with codec kollect the value is the bare envelope', async () => {
  const { observer, topic, sink } = await stage()
  const { batch, ids } = flowBatch(2, 't')
  await observer.create(`${topic}.flow`, { partitions: 1 })
  expect(
    await (await sink({ topic: `${topic}.{family}`, codec: 'netobserv-json', mode: 'raw' })).send(batch, never),
  ).toEqual([])
  const flows = await observer.records(`${topic}.flow`)
  expect(flows.map(({ value }) => value.toString())).toEqual(['{"SrcPort":0}', '{"SrcPort":1,"Bytes":200}'])
  expect(flows.map(({ headers }) => headers['id'])).toEqual(ids)
  await observer.create(topic)
  const changes = anyChanges(3, 6, 'c1').map((change) => changeEvent(change, 1_700_000_000_000))
  expect(await (await sink({ codec: 'kollect', mode: 'raw' })).send(eventBatch(changes, 't'), never)).toEqual([])
  for (const { key, value, headers } of await observer.records(topic)) {
    expect(decodeEnvelope(value).payload).toMatchObject({ clusterId: 'c1' })
    expect(key).toMatch(/^c1\/0000/)
    expect(headers).toMatchObject({ family: 'change', cluster: 'c1' })
  }
})

test('a missing topic is created if configured, as configured; a failure to create it is reported', async () => {
  const { observer, topic, sink } = await stage()
  const wanted = await sink({ create_topic: true, partitions: 4, replication: 1 })
  expect(await wanted.probe?.(never)).toEqual({
    is: 'ok',
    message: expect.stringMatching(/the first event creates it$/) as string,
  })
  await deliverAll(wanted, numberedEvents(6, 'e'))
  expect([await observer.partitions(topic), (await observer.records(topic)).length]).toEqual([4, 6])
  const failures = await (
    await sink({ topic: `${topic}.more`, create_topic: true, replication: 3 })
  ).send(eventBatch(numberedEvents(1, 'e'), 't'), never)
  expect(failures).toEqual([
    {
      index: 0,
      is: 'retry',
      reason: expect.stringMatching(
        /can't be created \(.*replication factor.*correct `partitions` and `replication`$/,
      ) as string,
    },
  ])
  const other = await sink({ topic: `${topic}.other` })
  expect(await other.probe?.(never)).toEqual({
    is: 'fail',
    message: expect.stringMatching(/logged in, but topic .* not found; .*`create_topic: true`$/) as string,
  })
})

test('a message without a response is stored once, however often it is sent', async () => {
  const { server, observer, topic, sink: make } = await stage()
  await observer.create(topic, { partitions: 2 })
  const sink = await make({ brokers: [`127.0.0.1:${server.ports.proxied}`], timeout: '700ms' })
  await deliverAll(sink, numberedEvents(4, 'first'))
  const events = numberedEvents(20, 'e')
  for (let attempt = 0; attempt < 2; attempt++) {
    // The broker has all of them, and its response is lost.
    server.proxy.cutAfter(attempt === 0 ? events.length : Number.POSITIVE_INFINITY, 'ce_id')
    const failures = await sink.send(eventBatch(events, 't'), never)
    expect(failures.map(({ is }) => is)).toEqual(attempt === 0 ? events.map(() => 'retry') : [])
  }
  expect(
    idsOf(await observer.records(topic))
      .filter((id) => id.startsWith('e'))
      .toSorted(),
  ).toEqual(events.map(({ id }) => id).toSorted())
})

/** A ConfigMap of a megabyte of which a word was changed. */
function largeChange(): WeirEvent {
  const state = (word: string): object => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'large' },
    data: { large: 'x'.repeat(2 ** 20), word },
  })
  return changeEvent(
    {
      cluster: 'c1',
      group: '',
      version: 'v1',
      kind: 'ConfigMap',
      resource: 'configmaps',
      namespace: 'shop',
      name: 'large',
      uid: 'u',
      resourceVersion: '2',
      operation: 'updated',
      old: state('one'),
      new: state('two'),
      patch: [{ op: 'replace', path: '/data/word', value: 'two' }],
    },
    1_700_000_000_000,
  )
}

test('a change of two megabytes is sent whole, or as a patch or in parts where the topic is too small', async () => {
  const { observer, topic, sink } = await stage()
  await observer.create(`${topic}.large`, { configs: { 'max.message.bytes': String(2 ** 23) } })
  await observer.create(topic)
  expect(await (await sink({ topic: `${topic}.large` })).send(eventBatch([largeChange()], 't'), never)).toEqual([])
  expect((await observer.records(`${topic}.large`))[0]?.value.length).toBeGreaterThan(2 ** 21)
  expect(await (await sink()).send(eventBatch([largeChange()], 't'), never)).toEqual([
    {
      index: 0,
      is: 'reject',
      reason: `exceeds the limit of topic ${topic} (max.message.bytes, or the broker's message.max.bytes)`,
    },
  ])
  expect(await (await sink({ oversize: 'patch-only' })).send(eventBatch([largeChange()], 't'), never)).toEqual([])
  expect((await observer.records(topic)).map(({ value }) => JSON.parse(value.toString()) as unknown)).toMatchObject([
    { operation: 'updated', old: null, new: null, reduced: true },
  ])
  const whole = largeChange()
  expect(await (await sink({ oversize: 'split', part_size: '900KiB' })).send(eventBatch([whole], 't'), never)).toEqual(
    [],
  )
  const parts = (await observer.records(topic)).slice(1)
  expect(parts).toHaveLength(3)
  expect(Buffer.concat(parts.map(({ value }) => value)).equals(whole.data ?? new Uint8Array())).toBe(true)
})

test('a batch that is too large is halved until all of it is stored, in order', async () => {
  const { observer, topic, sink } = await stage()
  await observer.create(topic, { partitions: 1, configs: { 'max.message.bytes': '50000' } })
  const events = numberedEvents(40, 'e').map((event) => ({
    ...event,
    key: 'one',
    data: Buffer.from(JSON.stringify('x'.repeat(10_000))),
  }))
  expect(await (await sink()).send(eventBatch(events, 't'), never)).toEqual([])
  expect(idsOf(await observer.records(topic))).toEqual(events.map(({ id }) => id))
})

test("what a topic can't have is refused with the broker's words", async () => {
  const { observer, topic, sink } = await stage()
  await observer.create(topic, { configs: { 'cleanup.policy': 'compact' } })
  const failures = await (await sink()).send(eventBatch(numberedEvents(6, 'e'), 't'), never)
  expect(failures).toEqual(
    [0, 3].map((index) => ({
      index,
      is: 'reject',
      reason: expect.stringMatching(/^topic t\d+ rejected it: .*key/) as string,
    })),
  )
  expect(idsOf(await observer.records(topic)).toSorted()).toEqual(['e1', 'e2', 'e4', 'e5'])
})
