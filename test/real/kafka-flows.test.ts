import { describe, expect, onTestFinished, test } from 'vitest'
import { AwaitedTestSink } from '../conformance/awaited-sink.ts'
import { testContext } from '../conformance/batches.ts'
import { sourceConformance, type Answer } from '../conformance/source.ts'
import { TestJournal } from '../conformance/test-journal.ts'
import { flowRows, type FlowRow } from '../kit/flow-rows.ts'
import { flow } from '../../src/codecs/pbflow/testing/messages.ts'
import { AgentFlowDecoder } from '../../src/codecs/pbflow/decode.ts'
import { kafkaSchema, kafkaSourceSchema } from '../../src/connectors/kafka/config.ts'
import { sink as kafkaSink } from '../../src/connectors/kafka/sink.ts'
import { source as kafkaSource } from '../../src/connectors/kafka/source.ts'
import { decodeBatch } from '../../src/journal/bodies.ts'
import type { FlowBatch } from '../../src/model/batches.ts'
import { FlowBuilder } from '../../src/model/flow-builder.ts'
import { configFrom } from '../../src/schema/index.ts'
import { installGoAgent } from './install/go-agent.ts'
import { batchesIn, differences, exportFlows, recordsIn, sinkBatchesOf, type AgentFlow } from './kit/go-agent.ts'
import {
  runKafkaSource,
  useKafka,
  type AroundKafkaSource,
  type RunningKafkaSource,
  type WrittenKafkaSource,
} from './kit/kafka-source.ts'
import type { StoredRecord } from './kit/kafka-topic.ts'

const never = new AbortController().signal
const patience = { timeout: 60_000, interval: 20 }
const stage = useKafka(installGoAgent)

function run(
  topic: string,
  around: AroundKafkaSource,
  more: Partial<WrittenKafkaSource> = {},
): Promise<RunningKafkaSource> {
  return runKafkaSource(stage.address, topic, around, { codec: 'pbflow', ...more })
}

const rowsIn = (journal: TestJournal): FlowRow[] => batchesIn(journal).flatMap(flowRows)
const numbersIn = (...journals: readonly TestJournal[]): number[] =>
  journals.flatMap((journal) => rowsIn(journal).map(({ bytes }) => bytes as number)).toSorted((a, b) => a - b)
const upTo = (count: number, from = 1): number[] => Array.from({ length: count }, (_, at) => from + at)

describe('netobserv-agent', () => {
  sourceConformance(
    'kafka pbflow',
    {
      redelivers: true,
      order: 'as received',
      numbersIn: ({ kind, raw }) =>
        kind === 'flows'
          ? flowRows(decodeBatch('flows', raw) as FlowBatch).map(({ src_port: port }) => port as number)
          : [],
      async build(context, given) {
        const topic = given?.split('/').at(-1) ?? stage.topic()
        if (given === undefined) await stage.observer.create(topic, { partitions: 1 })
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
            codec: 'pbflow',
            session_timeout: '6s',
          }),
          { ...context, append },
        )
        const send = async (...values: readonly Buffer[]): Promise<Answer> => {
          const before = refusals
          await stage.client.produce(topic, ...values)
          const { length } = await stage.observer.records(topic)
          await expect
            .poll(
              async () => refusals > before || (await stage.client.committed(`g-${topic}`, topic)) === length,
              patience,
            )
            .toBe(true)
          return refusals > before ? 'retry' : 'accepted'
        }
        return {
          source,
          send: (numbers) => send(...numbers.map((number) => flow([], { ports: [number, 443] }))),
          sendMalformed: async () =>
            (await send(Buffer.from('no flow of any kind'))) === 'accepted' ? 'refused' : 'retry',
          close: () => Promise.resolve(),
        }
      },
    },
    {
      system: 'kafka',
      server: 'Apache Kafka (KRaft)',
      version: () => stage.server.version,
      part: 'flows of NetObserv',
      // One partition without keys; kafka-source.test.ts verifies the order by key.
      unordered: true,
    },
  )

  test('case 37: flows of the agent over Kafka are the rows that its own decoder shows', async () => {
    const topic = stage.topic()
    const journal = new TestJournal()
    // The topic is created while the source waits for it.
    await run(topic, { journal })
    await stage.observer.create(topic)
    const sent = await exportFlows({ to: ['kafka', stage.address, topic], count: 2000, seed: 7 })
    await expect.poll(() => rowsIn(journal).length, patience).toBe(2000)
    expect(differences(sent, recordsIn(journal))).toEqual([])
    await expect.poll(() => stage.client.committed(`g-${topic}`, topic), patience).toBe(2000)
  })

  test('case 37: JSON of flowlogs-pipeline gives the same rows, floats and unknown keys included', async () => {
    const topic = stage.topic()
    await stage.observer.create(topic, { partitions: 1 })
    const journal = new TestJournal()
    const { source } = await run(topic, { journal }, { codec: 'netobserv-json' })
    await stage.client.produce(
      topic,
      '{"Bytes":1,"SrcAddr":"10.0.0.1","DstAddr":"10.0.0.2","Proto":6.0,"SrcPort":4.43e2,"TimeReceived":1700000000,"Rack":"a"}',
      'no JSON',
      '[]',
      '{"Bytes":2,"DstPort":"x","QuicVersion":"QUIC v2","SrcK8S_Name":"pod"}',
      '',
      '{"Bytes":3}',
    )
    await expect.poll(() => numbersIn(journal), patience).toEqual([1, 2, 3])
    expect(rowsIn(journal)).toMatchObject([
      { src_addr: '10.0.0.1', proto: 6, src_port: 443, time_received: 1_700_000_000_000, extra: '{"Rack":"a"}' },
      {
        quic_version: 1,
        src_name: 'pod',
        protocol: 'netobserv',
        time_received: expect.closeTo(Date.now(), -5) as number,
      },
      {},
    ])
    expect(rowsIn(journal)[1]).not.toHaveProperty('dst_port')
    expect(journal.shed).toEqual({ malformed: 3 })
    await expect.poll(() => source.status(), patience).toMatchObject({ messages: 6, rejected: 3 })
    await expect.poll(() => stage.client.committed(`g-${topic}`, topic), patience).toBe(6)
  })

  test('nothing is committed before the journal has it, and while it is full, flows stay in Kafka', async () => {
    const topic = stage.topic()
    await stage.observer.create(topic, { partitions: 1 })
    const journal = new TestJournal()
    journal.refuse()
    const warnings: string[] = []
    await run(topic, { journal, warnings })
    await exportFlows({ to: ['kafka', stage.address, topic], count: 50, seed: 1 })
    await expect.poll(() => warnings, patience).toEqual([expect.stringContaining('accepts no flows') as string])
    expect(await stage.client.committed(`g-${topic}`, topic)).toBe(0)
    journal.release()
    await expect.poll(() => numbersIn(journal), patience).toEqual(upTo(50))
    await expect.poll(() => stage.client.committed(`g-${topic}`, topic), patience).toBe(50)
    expect(journal.shed).toEqual({})
  })

  test('a crash between the sync and the commit doubles nothing, because the cursor is ahead', async () => {
    const topic = stage.topic()
    await stage.observer.create(topic)
    const journal = new TestJournal()
    const first = await run(topic, { journal, silent: true })
    await exportFlows({ to: ['kafka', stage.address, topic], count: 300, seed: 2 })
    await expect.poll(() => numbersIn(journal).length, patience).toBeGreaterThan(0)
    await first.stop()
    expect(await stage.client.committed(`g-${topic}`, topic)).toBe(0)
    await run(topic, { journal })
    await exportFlows({ to: ['kafka', stage.address, topic], count: 100, seed: 2 })
    await expect.poll(() => stage.client.committed(`g-${topic}`, topic), patience).toBe(400)
    expect(numbersIn(journal)).toEqual([...upTo(300), ...upTo(100)].toSorted((a, b) => a - b))
  })

  test('a member that joins or leaves moves partitions, without a row lost or doubled', async () => {
    const topic = stage.topic()
    await stage.observer.create(topic, { partitions: 6 })
    const [journal, other] = [new TestJournal(), new TestJournal()]
    const first = await run(topic, { journal })
    const sending = (async () => {
      for (let seed = 0; seed < 12; seed++)
        await exportFlows({ to: ['kafka', stage.address, topic], count: 500, seed, batch: 10 })
    })()
    await expect.poll(() => rowsIn(journal).length, patience).toBeGreaterThan(500)
    const second = await run(topic, { journal: other })
    const owned = ({ source }: RunningKafkaSource): number => source.status().partitions[topic]?.length ?? 0
    await expect.poll(() => [owned(first), owned(second)], patience).toEqual([3, 3])
    await expect.poll(() => rowsIn(other).length, patience).toBeGreaterThan(500)
    await second.stop()
    await sending
    await expect.poll(() => numbersIn(journal, other).length, patience).toBe(6000)
    expect(numbersIn(journal, other)).toEqual(upTo(500).flatMap((number) => Array.from({ length: 12 }, () => number)))
    await expect.poll(() => stage.client.committed(`g-${topic}`, topic), patience).toBe(6000)
  })

  test('a partition moves after the rows of its records are stored and committed', async () => {
    const topic = stage.topic()
    await stage.observer.create(topic, { partitions: 2 })
    const [journal, other] = [new TestJournal(), new TestJournal()]
    const notes: string[] = []
    const first = await run(topic, { journal, notes }, { session_timeout: '30s' })
    await exportFlows({ to: ['kafka', stage.address, topic], count: 100, seed: 1 })
    await expect.poll(() => stage.client.committed(`g-${topic}`, topic), patience).toBe(100)
    journal.hold()
    await exportFlows({ to: ['kafka', stage.address, topic], count: 200, seed: 2 })
    await expect.poll(() => journal.waiting, patience).toBe(1)
    const second = await run(topic, { journal: other })
    await expect.poll(() => notes, patience).toContainEqual(expect.stringContaining('are stored first') as string)
    expect(await stage.client.groupState(`g-${topic}`)).toBe('PreparingRebalance')
    journal.release()
    const owned = ({ source }: RunningKafkaSource): number => source.status().partitions[topic]?.length ?? 0
    await expect.poll(() => [owned(first), owned(second)], patience).toEqual([1, 1])
    await exportFlows({ to: ['kafka', stage.address, topic], count: 100, seed: 3 })
    await expect.poll(() => stage.client.committed(`g-${topic}`, topic), patience).toBe(400)
    expect(numbersIn(journal, other)).toEqual([...upTo(100), ...upTo(200), ...upTo(100)].toSorted((a, b) => a - b))
  })

  test('after lost connections to the broker no row is lost or doubled', async () => {
    const topic = stage.topic()
    await stage.observer.create(topic)
    const journal = new TestJournal()
    await run(topic, { journal })
    await exportFlows({ to: ['kafka', stage.address, topic], count: 400, seed: 3 })
    await expect.poll(() => rowsIn(journal).length, patience).toBe(400)
    journal.hold()
    await exportFlows({ to: ['kafka', stage.address, topic], count: 400, seed: 4 })
    await expect.poll(() => journal.waiting, patience).toBe(1)
    await stage.server.restart()
    journal.release()
    await exportFlows({ to: ['kafka', stage.address, topic], count: 400, seed: 5 })
    await expect.poll(() => stage.client.committed(`g-${topic}`, topic), patience).toBe(1200)
    expect(numbersIn(journal)).toEqual(upTo(400).flatMap((number) => [number, number, number]))
  })

  test('a topic that is deleted and created again is read from its start, with a warning', async () => {
    const topic = stage.topic()
    await stage.observer.create(topic, { partitions: 1 })
    const journal = new TestJournal()
    const before = await run(topic, { journal })
    await exportFlows({ to: ['kafka', stage.address, topic], count: 100, seed: 5 })
    await expect.poll(() => numbersIn(journal), patience).toEqual(upTo(100))
    await before.stop()
    await stage.observer.remove(topic)
    await expect
      .poll(
        () =>
          stage.observer.create(topic, { partitions: 1 }).then(
            () => true,
            () => false,
          ),
        patience,
      )
      .toBe(true)
    const warnings: string[] = []
    const after = await run(topic, { journal, warnings })
    await exportFlows({ to: ['kafka', stage.address, topic], count: 20, seed: 6 })
    await expect.poll(() => rowsIn(journal).length, patience).toBe(120)
    expect(warnings).toContainEqual(expect.stringContaining('created again') as string)
    expect(after.source.status().problem).toBeUndefined()
    // The same while it is read.
    await stage.observer.remove(topic)
    await expect
      .poll(
        () =>
          stage.observer.create(topic, { partitions: 1 }).then(
            () => true,
            () => false,
          ),
        patience,
      )
      .toBe(true)
    await exportFlows({ to: ['kafka', stage.address, topic], count: 30, seed: 6 })
    await expect.poll(() => rowsIn(journal).length, patience).toBe(150)
  })

  test('with `ack: sink:out` only delivered flows are committed; without the sink they are read again', async () => {
    const topic = stage.topic()
    await stage.observer.create(topic)
    await exportFlows({ to: ['kafka', stage.address, topic], count: 40, seed: 8 })
    const [journal, sink] = [new TestJournal(), new AwaitedTestSink(0)]
    const { source } = await run(topic, { journal, sink }, { ack: 'sink:out' })
    await expect.poll(() => numbersIn(journal), patience).toEqual(upTo(40))
    expect(await stage.client.committed(`g-${topic}`, topic)).toBe(0)
    sink.move(undefined)
    await expect.poll(() => source.status().problem, patience).toBe('sink out does not run')
    sink.move(0)
    await expect.poll(() => rowsIn(journal).length, patience).toBe(80)
    expect(await stage.client.committed(`g-${topic}`, topic)).toBe(0)
    sink.move(journal.units.length)
    await expect.poll(() => stage.client.committed(`g-${topic}`, topic), patience).toBe(40)
  })

  test('messages of any bytes stop no partition', async () => {
    const topic = stage.topic()
    await stage.observer.create(topic, { partitions: 1 })
    const journal = new TestJournal()
    const warnings: string[] = []
    await run(topic, { journal, warnings })
    const good = flow([[99, 'of a later agent']])
    await stage.client.produce(
      topic,
      good,
      Buffer.from('0b', 'hex'),
      '',
      Buffer.alloc(300, 0xff),
      good.subarray(0, 40),
      good,
    )
    await expect.poll(() => stage.client.committed(`g-${topic}`, topic), patience).toBe(6)
    expect([rowsIn(journal).length, journal.shed]).toEqual([2, { malformed: 4 }])
    expect(warnings).toEqual([expect.stringContaining('no flow') as string])
  })

  test.each(['netobserv-json', 'pbflow'] as const)(
    'flows exported as %s have the keys and partitions of the agent, and are read back unchanged',
    async (codec) => {
      const [topic, target] = [stage.topic(), stage.topic()]
      for (const one of [topic, target]) await stage.observer.create(one, { partitions: 5 })
      const [journal, again] = [new TestJournal(), new TestJournal()]
      await run(topic, { journal })
      const sent = await exportFlows({ to: ['kafka', stage.address, topic], count: 500, seed: 12 })
      await expect.poll(() => rowsIn(journal).length, patience).toBe(500)
      const sink = await kafkaSink.build(
        configFrom(kafkaSchema, { brokers: [stage.address], topic: target, codec, mode: 'raw', partitioner: 'fnv1a' }),
        testContext(),
      )
      onTestFinished(() => sink.close())
      for (const batch of sinkBatchesOf(journal)) expect(await sink.send(batch, never)).toEqual([])
      const exported = await stage.observer.records(target)
      const original = await stage.observer.records(topic)
      expect(places(exported, codec === 'pbflow' ? pbflowNumber : jsonNumber)).toEqual(places(original, pbflowNumber))
      await run(target, { journal: again }, { codec })
      await expect.poll(() => rowsIn(again).length, patience).toBe(500)
      expect(differences(sent, recordsIn(again))).toEqual([])
    },
  )
})

const places = (records: readonly StoredRecord[], numberOf: (value: Buffer) => number) =>
  records
    .map(({ value, keyBytes, partition }) => [numberOf(value), keyBytes?.toString('hex'), partition] as const)
    .toSorted(([a], [b]) => a - b)

const jsonNumber = (value: Buffer): number => (JSON.parse(value.toString()) as AgentFlow)['Bytes'] as number

/** The bytes of a record of the agent. */
function pbflowNumber(value: Buffer): number {
  const flows = new FlowBuilder()
  new AgentFlowDecoder(flows).record(value, { time: 0, skewLimit: 0, sender: undefined })
  return flowRows(flows.batch())[0]?.['bytes'] as number
}
