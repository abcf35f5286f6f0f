// The NATS source over lost connections: messages arrive in another order, and are appended in that of the stream.
import { mkdtemp, rm } from 'node:fs/promises'
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AckPolicy, jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect, nanos, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { natsSourceSchema } from '../../src/connectors/nats/config.ts'
import { source as natsSource } from '../../src/connectors/nats/source.ts'
import { decodeBatch } from '../../src/journal/bodies.ts'
import type { EventBatch } from '../../src/model/batches.ts'
import { eventAt } from '../../src/model/events.ts'
import { configFrom } from '../../src/schema/index.ts'
import { TestJournal } from '../conformance/test-journal.ts'
import { install } from './install/apt.ts'
import { nats as program } from './install/nats.ts'
import { startNats, type NatsServer } from './kit/nats.ts'
import { need } from './kit/need.ts'

const patience = { timeout: 120_000, interval: 50 }
const ackWait = 3000
let dir = ''
let server: NatsServer
let connection: NatsConnection
let manager: JetStreamManager
let streams = 0

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-nats-order-'))
  if ((await install(program)).path === undefined) return
  // Less than the large messages of one request.
  server = await startNats({ jetstream: true, dir, config: 'max_pending: 1048576' })
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

/** A stream with the numbers 1, 2, … as messages. */
async function newStream() {
  const name = `O${++streams}`
  await manager.streams.add({ name, subjects: [name] })
  let last = 0
  return {
    name,
    async publish(count: number, size = 10) {
      for (const end = last + count; last < end;)
        await jetstream(connection).publish(name, JSON.stringify({ n: ++last, text: 'x'.repeat(size) }))
    },
  }
}

async function read(stream: string, url = server.url) {
  const journal = new TestJournal()
  const lines: string[] = []
  const log = (message: string, fields?: object): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`)
  }
  const source = await natsSource.build(
    configFrom(natsSourceSchema, { url, stream, codec: 'json', event_type: 'io.test', ack_wait: `${ackWait}ms` }),
    { ...journal.context(1), log: { debug: log, info: log, warn: log, error: log } },
  )
  const stop = new AbortController()
  const running = source.run(stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await running
  })
  return {
    journal,
    connections: () => lines.filter((line) => line.startsWith('Reads from NATS.')).length,
    lines,
    /** Numbers in the order of the first append of each. A journal recognizes a message that arrives again. */
    appended: () => [
      ...new Set(
        journal.units.flatMap(({ raw }) => {
          const batch = decodeBatch('events', raw) as EventBatch
          return Array.from({ length: batch.count }, (_, row) => {
            const { data } = eventAt(batch, row)
            return (JSON.parse(Buffer.from(data ?? []).toString()) as { n: number }).n
          })
        }),
      ),
    ],
  }
}

/** A relay that cuts a connection when the server has sent so many more bytes. */
async function relay(targetPort: number) {
  const sockets = new Set<Socket>()
  let left = Infinity
  const listener = createServer((client) => {
    const upstream = connectSocket(targetPort, '127.0.0.1')
    const end = (): void => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) sockets.add(socket.on('close', end).on('error', end))
    client.pipe(upstream)
    upstream.on('data', (chunk) => {
      client.write(chunk)
      left -= chunk.length
      if (left > 0) return
      left = Infinity
      end()
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    listener.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    url: `nats://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    cutAfter(bytes: number): void {
      left = bytes
    },
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

test('a server that closes the connection because too many bytes wait does not change the order', async () => {
  const stream = await newStream()
  // Requests grow with small messages, so that one has all of the large ones.
  await stream.publish(255)
  await stream.publish(60, 500_000)
  const reader = await read(stream.name)
  await expect.poll(() => reader.appended().length, patience).toBe(315)
  expect(reader.appended()).toEqual(upTo(315))
  expect(reader.connections()).toBeGreaterThan(1)
}, 180_000)

test('requests are at most as large and as long as the consumer permits', async () => {
  const stream = await newStream()
  await manager.consumers.add(stream.name, {
    durable_name: 'weir',
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWait),
    max_batch: 5,
    max_expires: nanos(2000),
  })
  await stream.publish(200)
  const reader = await read(stream.name)
  await expect.poll(() => reader.appended().length, patience).toBe(200)
  expect(reader.appended()).toEqual(upTo(200))
  expect(reader.connections()).toBe(1)
}, 180_000)

test('connections that are lost again and again do not change the order', async () => {
  const stream = await newStream()
  const { url, cutAfter } = await relay(server.port)
  const reader = await read(stream.name, url)
  for (let round = 1; round <= 5; round++) {
    await expect.poll(reader.connections, patience).toBe(round)
    cutAfter(20_000 * round)
    await stream.publish(300, round % 2 === 0 ? 5000 : 10)
  }
  await expect.poll(() => reader.appended().length, patience).toBe(1500)
  expect(reader.appended()).toEqual(upTo(1500))
}, 180_000)

/** A reader that acknowledges nothing. Resolves when the server has its request. */
async function otherReader(stream: string, count: number) {
  await manager.consumers.add(stream, {
    durable_name: 'weir',
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWait),
  })
  const consumer = await jetstream(connection).consumers.get(stream, 'weir')
  const messages = await consumer.fetch({ max_messages: count, expires: 60_000 })
  onTestFinished(() => messages.stop())
  const received = messages[Symbol.asyncIterator]().next()
  await expect.poll(async () => (await consumer.info()).num_waiting, patience).toBe(1)
  return { consumer, received }
}

const waitsForReader = 'Waiting for the requests of another reader to end'

test('messages that a lost reader received precede newer ones, also while the server holds its request', async () => {
  const stream = await newStream()
  const { consumer, received } = await otherReader(stream.name, 3)
  const reader = await read(stream.name)
  await expect.poll(() => reader.lines.join(), patience).toContain(waitsForReader)
  await stream.publish(2)
  await expect.poll(async () => (await consumer.info()).num_ack_pending, patience).toBe(2)
  await stream.publish(4)
  expect((await received).done).toBe(false)
  await expect.poll(() => reader.appended().length, patience).toBe(6)
  expect(reader.appended()).toEqual(upTo(6))
}, 60_000)

test('a reader that does not end shares the messages', async () => {
  const stream = await newStream()
  await otherReader(stream.name, 3)
  const reader = await read(stream.name)
  await expect.poll(reader.connections, patience).toBe(1)
  await stream.publish(6)
  await expect.poll(() => reader.appended().length, patience).toBe(6)
  expect(reader.appended().toSorted((left, right) => left - right)).toEqual(upTo(6))
}, 60_000)
