import { setTimeout as sleep } from 'node:timers/promises'
import { Consumer, Producer } from '@platformatic/kafka'
import { expect, onTestFinished, test } from 'vitest'
import { rejectedType } from '../../src/codecs/bus-message/read.ts'
import { kafkaSchema, kafkaSourceSchema } from '../../src/connectors/kafka/config.ts'
import { sink as kafka } from '../../src/connectors/kafka/sink.ts'
import { source as kafkaSource } from '../../src/connectors/kafka/source.ts'
import { decodeBatch } from '../../src/journal/bodies.ts'
import type { EventBatch } from '../../src/model/batches.ts'
import { eventAt, type WeirEvent } from '../../src/model/events.ts'
import { configFrom } from '../../src/schema/index.ts'
import { AwaitedTestSink } from '../conformance/awaited-sink.ts'
import { numberedEvents, testContext } from '../conformance/batches.ts'
import { deliverAll } from '../conformance/deliver.ts'
import { keyOf, sourceConformance, type Answer } from '../conformance/source.ts'
import { TestJournal, type NewUnit } from '../conformance/test-journal.ts'
import { runKafkaSource, useKafka, type RunningKafkaSource, type WrittenKafkaSource } from './kit/kafka-source.ts'

const patience = { timeout: 30_000, interval: 20 }
const stage = useKafka()

function run(
  journal: TestJournal,
  topic: string,
  more: Partial<WrittenKafkaSource> = {},
  sink?: AwaitedTestSink,
): Promise<RunningKafkaSource> {
  return runKafkaSource(stage.address, topic, { journal, sink }, more)
}

const eventsOf = ({ raw }: NewUnit): WeirEvent[] => {
  const batch = decodeBatch('events', raw) as EventBatch
  return Array.from({ length: batch.count }, (_, row) => eventAt(batch, row))
}
const eventsIn = ({ units }: TestJournal): WeirEvent[] => units.flatMap((unit) => eventsOf(unit))
const idsIn = (journal: TestJournal): string[] => eventsIn(journal).map(({ id }) => id)

async function publish(topic: string, prefix: string, count = 12): Promise<string[]> {
  const sink = await kafka.build(configFrom(kafkaSchema, { brokers: [stage.address], topic }), testContext())
  const events = numberedEvents(count, prefix)
  await deliverAll(sink, events)
  await sink.close()
  return events.map(({ id }) => id).toSorted()
}

/** The sum of committed offsets; -1 for partitions without one. */
async function committed(topic: string, partitions: readonly number[] = [0, 1, 2]): Promise<number[]> {
  const consumer = new Consumer({
    clientId: 'test',
    bootstrapBrokers: [stage.address],
    groupId: `g-${topic}`,
    retries: 20,
  })
  try {
    return (
      (await consumer.listCommittedOffsets({ topics: [{ topic, partitions: [...partitions] }] })).get(topic) ?? []
    ).map(Number)
  } finally {
    await consumer.close()
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + Math.max(one, 0), 0)

sourceConformance(
  'kafka',
  {
    redelivers: true,
    order: 'by key',
    numbersIn: (unit) =>
      eventsOf(unit)
        .filter(({ type }) => type !== rejectedType)
        .map(({ id }) => Number(id)),
    async build(context, address) {
      const topic = address?.split('/').at(-1) ?? stage.topic()
      if (address === undefined) await stage.observer.create(topic, { partitions: 1 })
      let refusals = 0
      const append: typeof context.append = (unit) =>
        context.append(unit).catch((error: unknown) => {
          refusals++
          throw error
        })
      const source = await kafkaSource.build(
        configFrom(kafkaSourceSchema, {
          brokers: [stage.address],
          topics: [topic],
          group: `g-${topic}`,
          session_timeout: '6s',
        }),
        { ...context, append },
      )
      const producer = new Producer({ clientId: 'client', bootstrapBrokers: [stage.address] })
      /** Whether the group committed everything sent, or the journal refused it. */
      const answer = async (before: number): Promise<Answer> => {
        const { length } = await stage.observer.records(topic)
        for (let waited = 0; waited < patience.timeout; waited += 25) {
          if (sum(await committed(topic, [0])) === length) return 'accepted'
          if (refusals > before) return 'retry'
          await sleep(25)
        }
        return 'retry'
      }
      const send = (value: string, headers: Readonly<Record<string, string>>, key?: string): Promise<unknown> =>
        producer.send({
          messages: [
            {
              topic,
              value: Buffer.from(value),
              ...(key === undefined ? {} : { key: Buffer.from(key) }),
              headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
            },
          ],
          acks: -1,
        })
      return {
        source,
        async send(numbers) {
          const before = refusals
          for (const one of numbers)
            await send(
              '{}',
              {
                ce_specversion: '1.0',
                ce_id: String(one),
                ce_source: '/test',
                ce_type: 'io.test',
                'content-type': 'application/json',
              },
              keyOf(one),
            )
          return answer(before)
        },
        // The message is committed and stored as invalid.
        async sendMalformed() {
          await send('no event of any kind', {})
          return (await answer(refusals)) === 'accepted' ? 'refused' : 'retry'
        },
        close: () => producer.close(),
      }
    },
  },
  { system: 'kafka', server: 'Apache Kafka (KRaft)', version: () => stage.server.version },
)

test('CloudEvents in every mode are decoded; unreadable messages and codec raw keep their bytes', async () => {
  const topic = stage.topic()
  await stage.observer.create(topic, { partitions: 1 })
  const sent: WeirEvent[] = [
    {
      id: 'b1',
      source: '/s',
      type: 't',
      subject: 'grün',
      time: 1_700_000_000_000,
      family: 'audit',
      key: 'k',
      datacontenttype: 'application/json',
      encoding: 'json',
      data: Buffer.from('{"a":1}'),
      extensions: { n: 7 },
    },
  ]
  for (const mode of ['binary', 'structured', 'protobuf'] as const) {
    const sink = await kafka.build(configFrom(kafkaSchema, { brokers: [stage.address], topic, mode }), testContext())
    await deliverAll(
      sink,
      sent.map((event) => ({ ...event, id: mode })),
    )
    await sink.close()
  }
  const producer = new Producer({ clientId: 'plain', bootstrapBrokers: [stage.address] })
  onTestFinished(() => producer.close())
  const text = (value: string): Buffer => Buffer.from(value)
  const send = (value: string, headers: Record<string, string> = {}, key?: string): Promise<unknown> =>
    producer.send({
      messages: [
        {
          topic,
          value: text(value),
          headers: new Map(Object.entries(headers).map(([name, one]) => [text(name), text(one)])),
          ...(key === undefined ? {} : { key: text(key) }),
        },
      ],
      acks: -1,
    })
  await send(
    '[{"specversion":"1.0","id":"x","source":"/b","type":"t"},{"specversion":"1.0","id":"y","source":"/b","type":"t"}]',
    { 'content-type': 'application/cloudevents-batch+json' },
  )
  await send('{"plain":true}', { 'content-type': 'application/json' }, 'k1')
  await send('', {}, 'gone')
  await send('{"specversion":"1.0","id":"z"}', { 'content-type': 'application/cloudevents+json' })
  await send('avro', { 'content-type': 'application/cloudevents+avro' })
  await send('late', { ce_specversion: '0.3', ce_id: 'q', ce_source: '/q', ce_type: 't' })
  const journal = new TestJournal()
  const { source } = await run(journal, topic)
  await expect.poll(() => eventsIn(journal).length, patience).toBe(10)
  const read = (of: TestJournal): object[] =>
    eventsIn(of).map(({ data, ...event }) => ({
      ...event,
      data: data === undefined ? '' : Buffer.from(data).toString(),
    }))
  const settings = {
    source: '/s',
    type: 't',
    subject: 'grün',
    time: 1_700_000_000_000,
    family: 'audit',
    key: 'k',
    encoding: 'json',
    data: '{"a":1}',
  }
  const rejected = (offset: number, data: string, reason: string): object => ({
    id: `rejected:${topic}/0/${offset}`,
    source: '/weir/tested',
    type: rejectedType,
    data,
    extensions: { reason: expect.stringMatching(reason) as string },
  })
  expect(read(journal)).toMatchObject([
    { ...settings, id: 'binary' },
    { ...settings, id: 'structured' },
    { ...settings, id: 'protobuf' },
    { id: 'x', source: '/b' },
    { id: 'y', source: '/b' },
    rejected(4, '{"plain":true}', 'no CloudEvent'),
    rejected(5, '', 'no CloudEvent'),
    rejected(6, '{"specversion":"1.0","id":"z"}', 'source|type'),
    rejected(7, 'avro', 'JSON and protobuf are understood'),
    rejected(8, 'late', '0.3'),
  ])
  await expect.poll(() => source.status(), patience).toMatchObject({ messages: 9, rejected: 5 })
  const raw = new TestJournal()
  await run(raw, topic, { codec: 'raw', group: `raw-${topic}` })
  await expect.poll(() => eventsIn(raw).length, patience).toBe(9)
  expect(read(raw).slice(4, 6)).toMatchObject([
    {
      id: `${topic}/0/4`,
      source: '/weir/tested',
      type: 'io.weir.message',
      key: 'k1',
      datacontenttype: 'application/json',
      time: expect.closeTo(Date.now(), -6) as number,
      data: '{"plain":true}',
    },
    { id: `${topic}/0/5`, key: 'gone', encoding: 'none' },
  ])
})

test('nothing is committed before it is synced, and all of it after', async () => {
  const topic = stage.topic()
  await stage.observer.create(topic)
  const ids = await publish(topic, 'e')
  const journal = new TestJournal()
  journal.hold()
  await run(journal, topic)
  await expect.poll(() => journal.waiting, patience).toBe(1)
  // The start offset of the group is stored; waiting messages are not committed.
  expect(sum(await committed(topic))).toBe(0)
  journal.release()
  await expect.poll(async () => sum(await committed(topic)), patience).toBe(ids.length)
  expect(idsIn(journal).toSorted()).toEqual(ids)
})

test('with `ack: sink:out` only delivered messages are committed; without the sink they are redelivered', async () => {
  const topic = stage.topic()
  await stage.observer.create(topic)
  const ids = await publish(topic, 'e')
  const [journal, sink] = [new TestJournal(), new AwaitedTestSink(0)]
  const { source } = await run(journal, topic, { ack: 'sink:out' }, sink)
  await expect.poll(() => idsIn(journal).toSorted(), patience).toEqual(ids)
  expect(sum(await committed(topic))).toBe(0)
  sink.move(undefined)
  await expect.poll(() => source.status().problem, patience).toBe('sink out does not run')
  expect(sum(await committed(topic))).toBe(0)
  const before = journal.units.length
  sink.move(before)
  await expect.poll(() => idsIn(journal).length, patience).toBe(2 * ids.length)
  expect(sum(await committed(topic))).toBe(0)
  sink.move(journal.units.length)
  await expect.poll(async () => sum(await committed(topic)), patience).toBe(ids.length)
})

test('while the journal refuses, messages wait where they are, and are read once when it accepts again', async () => {
  const topic = stage.topic()
  await stage.observer.create(topic)
  const journal = new TestJournal()
  journal.refuse()
  await run(journal, topic)
  const ids = await publish(topic, 'e')
  await expect.poll(() => committed(topic), patience).toEqual([0, 0, 0])
  journal.release()
  await expect.poll(() => idsIn(journal).toSorted(), patience).toEqual(ids)
  expect(journal.shedRows).toBe(0)
})

test('it resumes at its position after a stop, also with offset: newest, which skips earlier messages', async () => {
  const topic = stage.topic()
  await stage.observer.create(topic)
  await publish(topic, 'before')
  const journal = new TestJournal()
  const first = await run(journal, topic, { offset: 'newest' })
  await expect.poll(() => committed(topic), patience).toSatisfy((offsets: readonly number[]) => sum(offsets) === 12)
  await first.stop()
  const away = await publish(topic, 'away')
  const second = await run(journal, topic, { offset: 'newest' })
  await expect.poll(() => idsIn(journal).toSorted(), patience).toEqual(away)
  await second.stop()
  const third = await run(journal, topic, { offset: 'newest' })
  const last = await publish(topic, 'last')
  await expect.poll(() => idsIn(journal).toSorted(), patience).toEqual([...away, ...last])
  await third.stop()
})

test('case 50: a topic that is made later is found, and so are partitions that are added', async () => {
  const topic = stage.topic()
  const journal = new TestJournal()
  const { source } = await run(journal, topic)
  await expect
    .poll(() => source.status().problem, patience)
    .toBe(`topic ${topic} does not exist yet; it is read once it exists`)
  await stage.observer.create(topic, { partitions: 1 })
  const ids = await publish(topic, 'e')
  await expect.poll(() => idsIn(journal).toSorted(), patience).toEqual(ids)
  await expect
    .poll(() => source.status(), patience)
    .toMatchObject({ partitions: { [topic]: [0] }, messages: ids.length })
  await stage.observer.widen(topic, 4)
  await expect.poll(() => source.status().partitions[topic]?.length, patience).toBe(4)
  const more = await publish(topic, 'f', 30)
  await expect.poll(() => idsIn(journal).toSorted(), patience).toEqual([...ids, ...more])
})

test('members share the partitions, and what one leaves the other reads', async () => {
  const topic = stage.topic()
  await stage.observer.create(topic, { partitions: 4 })
  const journals = [new TestJournal(), new TestJournal()] as const
  const one = await run(journals[0], topic)
  await expect.poll(() => one.source.status().partitions[topic]?.length, patience).toBe(4)
  const other = await run(journals[1], topic)
  await expect
    .poll(() => [one, other].map(({ source }) => source.status().partitions[topic]?.length), patience)
    .toEqual([2, 2])
  const shared = await publish(topic, 'e', 60)
  await expect
    .poll(() => [...new Set(journals.flatMap((journal) => idsIn(journal)))].toSorted(), patience)
    .toEqual(shared)
  // The first may have fetched messages before the rebalance; the other gets them all the same.
  for (const journal of journals) await expect.poll(() => idsIn(journal).length, patience).toBeGreaterThan(0)
  await one.stop()
  await expect.poll(() => other.source.status().partitions[topic]?.length, patience).toBe(4)
  const before = idsIn(journals[0]).length
  const alone = await publish(topic, 'f', 30)
  await expect
    .poll(() => [...new Set(idsIn(journals[1]).filter((id) => id.startsWith('f')))].toSorted(), patience)
    .toEqual(alone)
  expect(idsIn(journals[0])).toHaveLength(before)
})

test('it continues after the broker has restarted, and loses nothing', async () => {
  const topic = stage.topic()
  await stage.observer.create(topic)
  const journal = new TestJournal()
  const { source } = await run(journal, topic)
  const ids = await publish(topic, 'e')
  await expect.poll(() => idsIn(journal).toSorted(), patience).toEqual(ids)
  await stage.server.restart()
  const more = await publish(topic, 'f')
  await expect.poll(() => [...new Set(idsIn(journal))].toSorted(), patience).toEqual([...ids, ...more])
  expect(source.status().problem).toBeUndefined()
})
