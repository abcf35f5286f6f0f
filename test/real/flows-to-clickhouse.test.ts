// `weir flows-to-clickhouse` between a real Kafka and ClickHouse's engine, with NetObserv's topic, group and table.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Producer, stringSerializers } from '@platformatic/kafka'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../kit/free-port.ts'
import { installChdb } from './install/chdb.ts'
import { installKafka } from './install/kafka.ts'
import { startChdb, type ChdbServer } from './kit/chdb.ts'
import { KafkaObserver } from './kit/kafka-topic.ts'
import { startKafka, type KafkaServer } from './kit/kafka.ts'

const login = { name: 'weir', password: 'secret-of-the-test' }
let kafka: KafkaServer
let clickhouse: ChdbServer
let dir = ''
let missing: string | undefined

beforeAll(async () => {
  const found = [await installKafka(), await installChdb()]
  missing = found.map((one) => (one.path === undefined ? one.reason : undefined)).find((one) => one !== undefined)
  if (missing !== undefined) return
  dir = await mkdtemp(join(tmpdir(), 'weir-flows-'))
  kafka = await startKafka({ user: login })
  await new KafkaObserver(kafka.ports.plain).create('flows-export')
  clickhouse = await startChdb({ user: login.name, password: login.password })
}, 180_000)

beforeEach((context) => {
  if (missing !== undefined) context.skip(missing)
})

afterAll(async () => {
  await kafka?.[Symbol.asyncDispose]()
  await clickhouse?.[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

/** As NetObserv's pipeline writes it; flow n has n bytes. */
function flow(n: number): string {
  return JSON.stringify({
    SrcAddr: `10.0.${n >> 8}.${n & 255}`,
    DstAddr: '2001:db8::1',
    SrcK8S_Name: 'web-0',
    SrcK8S_Type: 'Pod',
    SrcK8S_Namespace: 'shop',
    DstK8S_Name: 'db-0',
    DstK8S_Type: 'Pod',
    DstK8S_Namespace: 'data',
    Bytes: n,
    Packets: 1,
    TimeFlowStartMs: 1_700_000_000_500,
    TimeFlowEndMs: 1_700_000_009_000,
    Proto: 6,
    Etype: 2048,
  })
}

async function produce(from: number, count: number): Promise<void> {
  const producer = new Producer({
    clientId: 'pipeline',
    bootstrapBrokers: [`127.0.0.1:${kafka.ports.plain}`],
    serializers: stringSerializers,
    retries: 50,
  })
  const numbers = Array.from({ length: count }, (_, at) => from + at)
  await producer.send({ messages: numbers.map((n) => ({ topic: 'flows-export', value: flow(n) })) })
  await producer.close()
}

interface Started {
  output(): string
  stop(signal: NodeJS.Signals): Promise<number | null>
}

async function start(args: readonly string[]): Promise<Started> {
  const [api = 0, ops = 0] = await freePorts(2)
  const command = ['src/main.ts', 'flows-to-clickhouse', '--listen', `127.0.0.1:${api}`, '--ops', `127.0.0.1:${ops}`]
  const child = spawn(process.execPath, [...command, ...args], {
    cwd: new URL('../../', import.meta.url),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, KAFKA_PASSWORD: login.password, CLICKHOUSE_PASSWORD: login.password },
  })
  const ended = once(child, 'close')
  const stop = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal)
    return ((await ended) as [number | null])[0]
  }
  onTestFinished(async () => void (await stop('SIGKILL')))
  let [output, printed] = ['', '']
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (output += piece))
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (printed += piece))
  await expect
    .poll(() => (child.exitCode === null ? output : `ended: ${output}`), { timeout: 60_000 })
    .toMatch(/^(?!ended)[^]*weir is ready/)
  return { output: () => output + printed, stop }
}

const brokers = (): string[] => [
  '-kafkaurl',
  `127.0.0.1:${kafka.ports.sasl}`,
  '--kafka-sasl',
  'scram-sha-512',
  '--kafka-user',
  login.name,
]
const counts = async (): Promise<unknown> =>
  (
    await clickhouse.ask(
      'SELECT count() AS n, uniqExact(bytes) AS numbers, max(bytes) AS most, uniqExact(src_ip) AS addresses FROM ' +
        'net.flows',
    )
  )[0]

describe('flows-to-clickhouse', () => {
  test('every flow of the topic is in the table once, though Weir and ClickHouse are killed', async () => {
    await produce(1, 3000)
    const data = join(dir, 'data')
    const args = [
      ...brokers(),
      '-clickhouseurl',
      `127.0.0.1:${clickhouse.port}`,
      '--user',
      login.name,
      '--database',
      'net',
      '--data',
      data,
    ]
    const first = await start(args)
    await expect.poll(counts, { timeout: 60_000 }).toMatchObject({ n: 3000n })
    await produce(3001, 2000)
    await first.stop('SIGKILL')
    await clickhouse.kill()
    const second = await start(args)
    await produce(5001, 2000)
    await clickhouse.start()
    const all = { n: 7000n, numbers: 7000n, most: 7000n, addresses: 7000n }
    await expect.poll(counts, { timeout: 60_000 }).toEqual(all)
    expect(await clickhouse.ask('SELECT * FROM net.flows WHERE bytes = 258')).toEqual([
      {
        start: 1_700_000_000_500,
        end: 1_700_000_009_000,
        src_ip: '10.0.1.2',
        dst_ip: '2001:db8::1',
        src_name: 'web-0',
        dst_name: 'db-0',
        src_kind: 'Pod',
        dst_kind: 'Pod',
        src_namespace: 'shop',
        dst_namespace: 'data',
        bytes: 258n,
        packets: 1n,
      },
    ])
    expect(await second.stop('SIGTERM')).toBe(0)
    const third = await start(args)
    expect(await third.stop('SIGTERM')).toBe(0)
    expect(await counts()).toEqual(all)
    expect(first.output() + second.output()).not.toContain(login.password)
  })

  test('without ClickHouse the flows are printed', async () => {
    await produce(1, 3)
    const started = await start([...brokers(), '--group', 'printing', '--data', join(dir, 'printed')])
    await expect.poll(() => started.output(), { timeout: 60_000 }).toContain('"SrcAddr":"10.0.0.3"')
    expect(await started.stop('SIGTERM')).toBe(0)
  })
})
