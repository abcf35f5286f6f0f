import { Producer } from '@platformatic/kafka'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { AwaitedTestSink } from '../conformance/awaited-sink.ts'
import { TestJournal } from '../conformance/test-journal.ts'
import { flowRows, type FlowRow } from '../kit/flow-rows.ts'
import { netobservJson } from '../../src/codecs/netobserv-json/index.ts'
import { flow } from '../../src/codecs/pbflow/testing/messages.ts'
import { kafkaSourceSchema } from '../../src/connectors/kafka/config.ts'
import { source as kafkaSource, type KafkaSource } from '../../src/connectors/kafka/source.ts'
import { decodeBatch } from '../../src/journal/bodies.ts'
import type { FlowBatch } from '../../src/model/batches.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { installGoAgent } from './install/go-agent.ts'
import { installKafka } from './install/kafka.ts'
import { exportFlows, type AgentFlow } from './kit/go-agent.ts'
import { KafkaObserver } from './kit/kafka-topic.ts'
import { startKafka, type KafkaServer } from './kit/kafka.ts'

const patience = { timeout: 60_000, interval: 20 }
let server: KafkaServer
let observer: KafkaObserver
let missing: string | undefined

beforeAll(async () => {
  const [kafka, agent] = await Promise.all([installKafka(), installGoAgent()])
  missing = [kafka, agent].find(({ path }) => path === undefined)?.reason
  if (missing !== undefined) return
  server = await startKafka()
  observer = new KafkaObserver(server.ports.plain)
})
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing)
})
afterAll(async () => server?.[Symbol.asyncDispose]())

type Written = WrittenConfigOf<typeof kafkaSourceSchema>

let topics = 0
const ownTopic = (): string => `flows${++topics}`
const address = (): string => `127.0.0.1:${server.ports.plain}`

interface Running {
  readonly source: KafkaSource
  stop(): Promise<void>
}

interface Around {
  readonly sink?: AwaitedTestSink
  readonly warnings?: string[]
  /** Commits of offsets fail, as with a process that is killed before them. */
  readonly journal: TestJournal
}

async function run(topic: string, { journal, sink, warnings }: Around, more: Partial<Written> = {}): Promise<Running> {
  const config = configFrom(kafkaSourceSchema, {
    brokers: [address()],
    topics: [topic],
    group: `g-${topic}`,
    codec: 'pbflow',
    refresh: '300ms',
    timeout: '5s',
    session_timeout: '6s',
    ...more,
  })
  const context = journal.context(1)
  const source = (await kafkaSource.build(config, {
    ...context,
    log: { ...context.log, warn: (text) => void warnings?.push(text) },
    ...(sink === undefined ? {} : { awaited: () => sink }),
  })) as KafkaSource
  const abort = new AbortController()
  const done = source.run(abort.signal)
  const stop = async (): Promise<void> => {
    abort.abort()
    await done
  }
  onTestFinished(stop)
  return { source, stop }
}

const batchesIn = ({ units }: TestJournal): FlowBatch[] =>
  units.flatMap(({ kind, raw }) => (kind === 'flows' ? [decodeBatch('flows', raw) as FlowBatch] : []))
const rowsIn = (journal: TestJournal): FlowRow[] => batchesIn(journal).flatMap(flowRows)
const numbersIn = (...journals: readonly TestJournal[]): number[] =>
  journals.flatMap((journal) => rowsIn(journal).map(({ bytes }) => bytes as number)).toSorted((a, b) => a - b)
const upTo = (count: number, from = 1): number[] => Array.from({ length: count }, (_, at) => from + at)

/** Rows as NetObserv's records, without what the reader adds. */
const recordsIn = (journal: TestJournal): AgentFlow[] =>
  batchesIn(journal).flatMap((batch) => {
    const write = netobservJson(batch)
    return Array.from({ length: batch.count }, (_, row) => JSON.parse(write(row)) as AgentFlow)
  })

const comparable = (flows: readonly AgentFlow[]): AgentFlow[] =>
  flows
    .map((one) =>
      Object.fromEntries(
        Object.entries(one).filter(
          ([key, value]) =>
            !['TimeReceived', 'time_skewed', 'protocol'].includes(key) &&
            !(key === 'Udns' && (value as string[]).every((udn) => udn === '')),
        ),
      ),
    )
    .toSorted((a, b) => (a['Bytes'] as number) - (b['Bytes'] as number))

async function produce(topic: string, ...values: readonly (Buffer | string)[]): Promise<void> {
  const producer = new Producer({ clientId: 'client', bootstrapBrokers: [address()] })
  await producer.send({
    messages: values.map((value, at) => ({ topic, value: Buffer.from(value), partition: 0, key: Buffer.from(`${at}`) })),
    acks: -1,
  })
  await producer.close()
}

async function committed(topic: string): Promise<number> {
  const output = await server.tool('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', [
    '--bootstrap-server',
    address(),
    '--describe',
    '--group',
    `g-${topic}`,
  ])
  return output
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, name]) => name === topic)
    .reduce((sum, columns) => sum + (Number(columns[3]) || 0), 0)
}

test('flows of the agent over Kafka are the rows that its own decoder shows', async () => {
  const topic = ownTopic()
  const journal = new TestJournal()
  // The topic is created while the source waits for it.
  await run(topic, { journal })
  await observer.create(topic)
  const sent = await exportFlows({ to: ['kafka', address(), topic], count: 2000, seed: 7 })
  await expect.poll(() => rowsIn(journal).length, patience).toBe(2000)
  expect(comparable(recordsIn(journal))).toEqual(comparable(sent))
  await expect.poll(() => committed(topic), patience).toBe(2000)
})
