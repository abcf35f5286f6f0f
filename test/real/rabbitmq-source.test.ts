import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { rejectedType } from '../../src/codecs/bus-message/read.ts'
import { rabbitmqSourceSchema } from '../../src/connectors/rabbitmq/config.ts'
import { source as rabbitmqSource } from '../../src/connectors/rabbitmq/source.ts'
import { decodeBatch } from '../../src/journal/bodies.ts'
import type { EventBatch } from '../../src/model/batches.ts'
import { eventAt, type WeirEvent } from '../../src/model/events.ts'
import { configFrom } from '../../src/schema/index.ts'
import { keyOf, sourceConformance, type Answer } from '../conformance/source.ts'
import { TestJournal, type NewUnit } from '../conformance/test-journal.ts'
import { startWeir } from '../kit/weir-process.ts'
import { install } from './install/apt.ts'
import { rabbitmq as program } from './install/rabbitmq.ts'
import { RabbitObserver } from './kit/rabbitmq-observer.ts'
import { ackTap, type AckTap } from './kit/rabbitmq-tap.ts'
import { startRabbit, type RabbitServer } from './kit/rabbitmq.ts'
import { need } from './kit/need.ts'
import { readOnce } from './kit/read-once.ts'

let dir = ''
let server: RabbitServer
let writer: RabbitObserver
let number = 0

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-rabbit-source-'))
  if ((await install(program)).path === undefined) return
  server = await startRabbit()
  writer = new RabbitObserver(server.url)
})

beforeEach(async (context) => {
  await need(context, program)
})

afterAll(async () => {
  await writer?.close()
  await server?.[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

type QueueType = 'classic' | 'quorum' | 'stream'

async function newQueue(type: QueueType = 'classic'): Promise<string> {
  const queue = `source-${++number}`
  await (await writer.channel()).assertQueue(queue, { durable: true, arguments: { 'x-queue-type': type } })
  return queue
}

/** Resolves when the server has it. */
async function publish(queue: string, id: string, body = '{}', key?: string): Promise<void> {
  const headers = {
    'cloudEvents:specversion': '1.0',
    'cloudEvents:id': id,
    'cloudEvents:source': '/test',
    'cloudEvents:type': 'io.test',
    ...(key === undefined ? {} : { 'cloudEvents:partitionkey': key }),
  }
  await writer.send(queue, body, { headers, contentType: 'application/json', persistent: true })
}

const eventsOf = (unit: NewUnit): WeirEvent[] => {
  const batch = decodeBatch('events', unit.raw) as EventBatch
  return Array.from({ length: batch.count }, (_, row) => eventAt(batch, row))
}

const taps = new Map<string, { readonly tap: AckTap; sent: number }>()

sourceConformance(
  'rabbitmq',
  {
    redelivers: true,
    order: 'by key',
    numbersIn: (unit) =>
      eventsOf(unit)
        .filter(({ type }) => type !== rejectedType)
        .map(({ id }) => Number(id)),
    async build(context, address) {
      const queue = address?.split('/').at(-1) ?? (await newQueue())
      const known = taps.get(queue) ?? { tap: await ackTap(server.port), sent: 0 }
      taps.set(queue, known)
      const source = await rabbitmqSource.build(
        configFrom(rabbitmqSourceSchema, { url: `amqp://127.0.0.1:${known.tap.port}`, queue }),
        context,
      )
      const answer = async (): Promise<Answer> => ((await known.tap.reached(known.sent, 2000)) ? 'accepted' : 'retry')
      return {
        source,
        async send(numbers) {
          for (const one of numbers) await publish(queue, String(one), '{}', keyOf(one))
          known.sent += numbers.length
          return answer()
        },
        // It is acknowledged, and stored as an invalid message: nothing waits behind it.
        async sendMalformed() {
          await writer.send(queue, 'no event of any kind', {})
          known.sent++
          return (await answer()) === 'accepted' ? 'refused' : 'retry'
        },
        close: () => Promise.resolve(),
      }
    },
  },
  { system: 'rabbitmq', server: program.name, version: () => writer.version() },
)

afterAll(async () => {
  for (const { tap } of taps.values()) await tap.close()
})

test.each<QueueType>(['quorum', 'stream'])(
  'a %s queue is read once and in key order despite kill -9; unreadable messages keep their bytes',
  async (type) => {
    const queue = await newQueue(type)
    const ids: string[] = []
    const write = async (count: number): Promise<void> => {
      for (let at = 0; at < count; at++) {
        ids.push(`e${ids.length}`)
        await publish(queue, ids.at(-1) ?? '', JSON.stringify({ n: ids.length }), `k${ids.length % 5}`)
      }
    }
    const config = {
      sources: { netflow: { listen: 'off', tcp: 'off' }, events: { type: 'rabbitmq', url: server.url, queue } },
    }
    await using weir = await startWeir({ folder: join(dir, type), config })
    const stored = async (): Promise<number> =>
      Number((await weir.sql<{ n: number }>("SELECT count(*) AS n FROM events WHERE type = 'io.test'"))[0]?.n)
    await write(300)
    await writer.send(queue, Buffer.of(1, 2, 255), {})
    const writing = write(300)
    await weir.kill()
    await weir.start()
    await writing
    // A stream needs ten seconds until it is there again.
    if (type === 'quorum') await server.restart()
    await write(100)
    await expect.poll(stored, { timeout: 60_000, interval: 200 }).toBeGreaterThanOrEqual(ids.length)
    expect(await readOnce(weir, 'io.test')).toEqual({ ids: ids.toSorted(), disordered: [] })
    const rejected = () =>
      weir.sql(`SELECT data_base64, extensions->>'reason' AS reason FROM events WHERE type = '${rejectedType}' LIMIT 1`)
    await expect
      .poll(async () => (await rejected())[0], { timeout: 60_000 })
      .toEqual({
        data_base64: Buffer.of(1, 2, 255).toString('base64'),
        reason: expect.stringContaining('it is no CloudEvent') as string,
      })
    expect((await weir.ledger()).balanced).toBe(true)
  },
  120_000,
)

test('large messages that wait do not exceed the memory, and are stored once in order', async () => {
  const queue = await newQueue('quorum')
  const ids: string[] = []
  for (let n = 1; n <= 40; n++) {
    ids.push(`large${n}`)
    await publish(queue, `large${n}`, JSON.stringify({ n, text: 'x'.repeat(900_000) }), 'k')
  }
  const config = {
    decoding: { memory: '32MiB' },
    sources: { netflow: { listen: 'off', tcp: 'off' }, events: { type: 'rabbitmq', url: server.url, queue } },
  }
  await using weir = await startWeir({ folder: join(dir, 'large'), config })
  const read = async () => (await readOnce(weir, 'io.test')).ids.length
  await expect.poll(read, { timeout: 60_000, interval: 500 }).toBe(ids.length)
  expect(await readOnce(weir, 'io.test')).toEqual({ ids: ids.toSorted(), disordered: [] })
  expect(weir.lastLog).toContain('that may wait to be decoded')
}, 90_000)

test('missing or refused objects are reported with the remedy, and retried', async () => {
  const lines: string[] = []
  const queue = `source-${++number}`
  const log = {
    debug: () => undefined,
    info: (message: string) => {
      lines.push(message)
    },
    warn: (message: string, fields?: object) => {
      lines.push(`${message} ${JSON.stringify(fields)}`)
    },
    error: (message: string) => {
      lines.push(message)
    },
  }
  const source = await rabbitmqSource.build(configFrom(rabbitmqSourceSchema, { url: server.url, queue }), {
    ...new TestJournal().context(1),
    log,
  })
  const stop = new AbortController()
  const running = source.run(stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await running
  })
  await expect.poll(() => lines.join(), { timeout: 20_000 }).toContain(`no queue ${queue} in vhost /; create it`)
  await (await writer.channel()).assertQueue(queue)
  await expect.poll(() => lines.join(), { timeout: 20_000 }).toContain('Reads from RabbitMQ.')
  await (await writer.channel()).deleteQueue(queue)
  await expect.poll(() => lines.join(), { timeout: 20_000 }).toContain(`queue ${queue} was deleted`)
})
