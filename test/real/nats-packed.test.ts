import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { natsSchema } from '../../src/connectors/nats/config.ts'
import { sink as nats } from '../../src/connectors/nats/sink.ts'
import { configFrom } from '../../src/schema/index.ts'
import { flowBatch, testContext } from '../conformance/batches.ts'
import { cutProxy } from '../conformance/cut-proxy.ts'
import { sendFlows } from '../kit/flow-load/sender.ts'
import { SeededRandom } from '../kit/random.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'
import { install } from './install/apt.ts'
import { nats as program } from './install/nats.ts'
import { startNats, type NatsServer } from './kit/nats.ts'
import { need } from './kit/need.ts'

const never = new AbortController().signal
const patience = { timeout: 60_000, interval: 100 }
let dir = ''
let server: NatsServer
let connection: NatsConnection
let manager: JetStreamManager

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-nats-packed-'))
  if ((await install(program)).path === undefined) return
  server = await startNats({ jetstream: true, dir })
  connection = await connect({ servers: server.url })
  manager = await jetstreamManager(connection, { timeout: 10_000 })
})

beforeEach(async (context) => {
  await need(context, program)
})

afterAll(async () => {
  await connection?.close()
  await server?.[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

/** Ids of the flows of every message, in the order of the stream. */
async function storedIds(stream: string): Promise<string[][]> {
  const { state } = await manager.streams.info(stream)
  const ids: string[][] = []
  for (let seq = 1; seq <= state.last_seq; seq++) {
    const message = await manager.streams.getMessage(stream, { seq })
    const flows = message?.json<{ id: string }[]>() ?? []
    expect(message?.header.get('rows')).toBe(String(flows.length))
    ids.push(flows.map(({ id }) => id))
  }
  return ids
}

test('messages of many flows state type and number, and the stream drops their copies', async () => {
  await manager.streams.add({ name: 'COPIES', subjects: ['copies.>'] })
  const proxy = await cutProxy(server.port)
  onTestFinished(() => proxy.close())
  const build = async (port: number) => {
    const config = configFrom(natsSchema, {
      url: `nats://127.0.0.1:${port}`,
      subject: 'copies.{family}',
      pack_flows: { rows: 100 },
      timeout: '2s',
    })
    const sink = await nats.build(config, testContext())
    onTestFinished(() => sink.close())
    return sink
  }
  const { batch, ids } = flowBatch(950, 't')
  const first = await build(proxy.port)
  proxy.cutAfter(3, 'HPUB ')
  const failures = await first.send(batch, never)
  expect(failures.length).toBeGreaterThan(0)
  // As the next start repeats the range.
  expect(await (await build(server.port)).send(batch, never)).toEqual([])
  expect((await storedIds('COPIES')).flat().toSorted()).toEqual([...ids].toSorted())
  const message = await manager.streams.getMessage('COPIES', { seq: 1 })
  const headers = Object.fromEntries([...(message?.header ?? [])].map(([name, values]) => [name, values.join()]))
  expect(message?.subject).toBe('copies.flow')
  expect(headers).toEqual({
    'content-type': 'application/cloudevents-batch+json',
    family: 'flow',
    type: 'io.weir.flow.v1',
    rows: '100',
    'Nats-Msg-Id': expect.stringMatching(/^[\w-]{43}$/) as string,
  })
})

test('a message above max_payload is sent in halves', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-nats-small-'))
  await using small = await startNats({ jetstream: true, dir: folder, config: 'max_payload: 4096' })
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const config = configFrom(natsSchema, { url: small.url, stream: 'S', create_stream: true, pack_flows: {} })
  const sink = await nats.build(config, testContext())
  expect(await sink.send(flowBatch(200, 't').batch, never)).toEqual([])
  await sink.close()
  const observer = await connect({ servers: small.url })
  const { state } = await (await jetstreamManager(observer)).streams.info('S')
  await observer.close()
  expect(state.messages).toBe(16)
})

async function weirInto(stream: string, pack: object, rate: number): Promise<WeirProcess> {
  const weir = await startWeir({
    folder: join(dir, `weir-${stream}`),
    config: {
      sources: { back: { type: 'nats', url: server.url, stream, ack_wait: '3s' } },
      sinks: {
        nats: {
          url: server.url,
          subject: `${stream}.{family}`,
          from: ['netflow'],
          pack_flows: pack,
          delivery: { rate },
          when_behind: 'block',
        },
      },
    },
  })
  onTestFinished(async () => void (await weir.kill()))
  return weir
}

test('kills lose no flow and repeat none in the stream, and the source reads each once', async () => {
  await manager.streams.add({ name: 'KILLED', subjects: ['KILLED.>'] })
  const weir = await weirInto('KILLED', { rows: 150 }, 1500)
  await sendFlows(
    {
      port: weir.ports.netflow,
      protocol: 'netflow9',
      perDatagram: 24,
      addresses: 2000,
      seed: 1,
      rate: 5000,
      flows: 40_000,
    },
    60_000,
  )
  const messages = async () => (await manager.streams.info('KILLED')).state.messages
  const pending = async () => (await weir.ledger()).sinks.find(({ name }) => name === 'nats')?.pending ?? 0
  const random = new SeededRandom(7)
  let kills = 0
  for (; kills < 5 && (await pending()) > 2000; kills++) {
    const more = (await messages()) + random.integer(1, 8)
    const reached = async () => (await messages()) >= more || (await pending()) === 0
    await expect.poll(reached, { ...patience, interval: 2 }).toBe(true)
    await weir.kill()
    await weir.start()
  }
  expect(kills).toBeGreaterThan(1)
  await weir.caughtUp(60_000)
  const count = async (sql: string) => Number((await weir.sql<{ n: number }>(`SELECT ${sql}`))[0]?.n)
  const flows = await count('count(*) AS n FROM flows')
  expect(flows).toBeGreaterThan(10_000)
  const ids = (await storedIds('KILLED')).flat()
  expect([ids.length, new Set(ids).size]).toEqual([flows, flows])
  const read = () => count("count(*) AS n FROM events WHERE type = 'io.weir.flow.v1'")
  await expect.poll(read, patience).toBe(flows)
  expect(await count("count(DISTINCT id) AS n FROM events WHERE type = 'io.weir.flow.v1'")).toBe(flows)
  expect((await weir.ledger()).balanced).toBe(true)
}, 240_000)

test('batches in protobuf are read as the same events', async () => {
  await manager.streams.add({ name: 'PROTO', subjects: ['PROTO.>'] })
  const weir = await weirInto('PROTO', { format: 'protobuf' }, 100_000)
  await sendFlows(
    {
      port: weir.ports.netflow,
      protocol: 'netflow9',
      perDatagram: 24,
      addresses: 500,
      seed: 1,
      rate: 20_000,
      flows: 2400,
    },
    60_000,
  )
  const sums = (sql: string) => weir.sql<{ n: number; bytes: number }>(`SELECT count(*) AS n, sum(${sql}`)
  const flows = () => sums('bytes) AS bytes FROM flows')
  // On a busy machine nothing is pending yet because no datagram was read.
  await expect.poll(flows, patience).toEqual([{ n: 2400, bytes: expect.any(Number) as number }])
  await expect
    .poll(() => sums("(data->>'bytes')::BIGINT) AS bytes FROM events WHERE type = 'io.weir.flow.v1'"), patience)
    .toEqual(await flows())
}, 150_000)
