// Source `azure-servicebus` against a stand-in that speaks AMQP 1.0 as the service does: the service itself can't be
// had here.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServiceBusClient, type ServiceBusMessage } from '@azure/service-bus'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { rejectedType } from '../../src/codecs/bus-message/read.ts'
import { serviceBusSchema, serviceBusSourceSchema } from '../../src/connectors/azure-servicebus/config.ts'
import { sink as serviceBus } from '../../src/connectors/azure-servicebus/sink.ts'
import { source as serviceBusSource } from '../../src/connectors/azure-servicebus/source.ts'
import type { SourceContext } from '../../src/engine/contracts.ts'
import { decodeBatch } from '../../src/journal/bodies.ts'
import type { EventBatch } from '../../src/model/batches.ts'
import { eventAt, type WeirEvent } from '../../src/model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { numberedEvents, testContext } from '../conformance/batches.ts'
import { cutProxy } from '../conformance/cut-proxy.ts'
import { deliverAll } from '../conformance/deliver.ts'
import { keyOf, sourceConformance, type Answer } from '../conformance/source.ts'
import { TestJournal, type NewUnit } from '../conformance/test-journal.ts'
import { startServiceBus, type ServiceBus } from '../kit/service-bus.ts'
import { startWeir } from '../kit/weir-process.ts'

const secretName = 'WEIR_TEST_SERVICEBUS_SOURCE'
let server: ServiceBus
let producer: ServiceBusClient
let dir = ''
let named = 0

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-servicebus-'))
  server = await startServiceBus()
  process.env[secretName] = server.connectionString()
  producer = new ServiceBusClient(server.connectionString())
})
afterAll(async () => {
  await producer.close()
  await server.stop()
  await rm(dir, { recursive: true, force: true })
})

const eventsOf = (unit: NewUnit): WeirEvent[] => {
  const batch = decodeBatch('events', unit.raw) as EventBatch
  return Array.from({ length: batch.count }, (_, row) => eventAt(batch, row))
}

function cloudEvent(id: string, session?: string): ServiceBusMessage {
  const applicationProperties = {
    'cloudEvents:specversion': '1.0',
    'cloudEvents:id': id,
    'cloudEvents:source': '/test',
    'cloudEvents:type': 'io.test',
    ...(session === undefined ? {} : { 'cloudEvents:partitionkey': session }),
  }
  return {
    body: Buffer.from('{}'),
    contentType: 'application/json',
    applicationProperties,
    ...(session === undefined ? {} : { sessionId: session }),
  }
}

/** As another program sends them; each message separately. */
async function send(entity: string, messages: readonly ServiceBusMessage[]): Promise<void> {
  const sender = producer.createSender(entity)
  for (const message of messages) await sender.sendMessages(message)
  await sender.close()
}

type Written = Partial<WrittenConfigOf<typeof serviceBusSourceSchema>>

for (const sessions of [false, true]) {
  sourceConformance(
    sessions ? 'azure-servicebus sessions' : 'azure-servicebus',
    {
      redelivers: true,
      ...(sessions ? { order: 'by key' } : {}),
      numbersIn: (unit) =>
        eventsOf(unit)
          .filter(({ type }) => type !== rejectedType)
          .map(({ id }) => Number(id)),
      async build(context, address) {
        const name = address?.split('/').at(-1) ?? server.queue(`source-${++named}`, { sessions, lockMs: 5000 }).name
        const synced = new Set<string>()
        let [refused, closed] = [false, false]
        const source = await serviceBusSource.build(
          configFrom(serviceBusSourceSchema, {
            connection_string: `env:${secretName}`,
            entity: name,
            sessions,
            session_count: 2,
            timeout: '5s',
          }),
          {
            ...context,
            append: async (unit) => {
              const appended = await context.append(unit).catch((error: unknown) => {
                refused = true
                throw error
              })
              for (const { id, type } of eventsOf(unit)) synced.add(type === rejectedType ? 'rejected' : id)
              return appended
            },
          },
        )
        const wait = async (ids: readonly string[]): Promise<Answer> => {
          for (let waited = 0; waited < 20_000 && !refused && !closed; waited += 10) {
            if (ids.every((id) => synced.has(id))) return 'accepted'
            await sleep(10)
          }
          return 'retry'
        }
        const session = (id: string) => (sessions ? { sessionId: id } : {})
        return {
          source,
          async send(numbers) {
            refused = false
            await send(
              name,
              numbers.map((one) => ({ ...cloudEvent(String(one)), ...session(keyOf(one)) })),
            )
            return wait(numbers.map(String))
          },
          async sendMalformed() {
            await send(name, [{ body: Buffer.from('no event of any kind'), ...session('s') }])
            return (await wait(['rejected'])) === 'accepted' ? 'refused' : 'retry'
          },
          close() {
            closed = true
            return Promise.resolve()
          },
        }
      },
    },
    {
      system: 'azure-servicebus',
      server: 'server of AMQP 1.0',
      standIn: true,
      part: sessions ? 'sessions' : 'queues',
      ...(sessions ? {} : { unordered: true }),
    },
  )
}

interface Running {
  readonly journal: TestJournal
  readonly lines: string[]
  ids(): string[]
  stop(): Promise<void>
}

/** A source with a separate journal, stopped with the test at the latest. */
async function reading(written: Written & { entity: string }, more: Partial<SourceContext> = {}): Promise<Running> {
  const journal = new TestJournal()
  const lines: string[] = []
  const say = (message: string, fields?: Record<string, unknown>): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`)
  }
  const source = await serviceBusSource.build(
    configFrom(serviceBusSourceSchema, { connection_string: `env:${secretName}`, timeout: '5s', ...written }),
    { ...journal.context(1), log: { debug: say, info: say, warn: say, error: say }, ...more },
  )
  const abort = new AbortController()
  const done = source.run(abort.signal)
  const stop = async (): Promise<void> => {
    abort.abort()
    journal.release()
    await done
  }
  onTestFinished(stop)
  return { journal, lines, ids: () => journal.units.flatMap(eventsOf).map(({ id }) => id), stop }
}

test('sessions are read in order, several at once, and what our sink sent in them is the same again', async () => {
  const entity = server.queue(`sessions-${++named}`, { sessions: true })
  const sink = await serviceBus.build(
    configFrom(serviceBusSchema, { connection_string: `env:${secretName}`, entity: entity.name, sessions: true }),
    testContext(),
  )
  const events = Array.from({ length: 200 }, (_, at): WeirEvent => ({
    ...numberedEvents(1, 'x')[0]!,
    id: `e${at}`,
    key: `k${at % 7}`,
  }))
  await deliverAll(sink, events)
  await sink.close()
  const running = await reading({ entity: entity.name, sessions: true, session_count: 3, prefetch: 10 })
  await expect.poll(() => running.ids().length, { timeout: 30_000 }).toBe(200)
  for (let key = 0; key < 7; key++)
    expect(running.ids().filter((id) => Number(id.slice(1)) % 7 === key)).toEqual(
      events.filter(({ key: own }) => own === `k${key}`).map(({ id }) => id),
    )
  const read = running.journal.units.flatMap(eventsOf).find(({ id }) => id === 'e8')
  expect(read).toMatchObject({ source: '/conformance', type: 'io.weir.test', key: 'k1' })
  expect(Buffer.from(read?.data ?? '').toString()).toBe('{"number":0}')
  await expect.poll(() => entity.left.length, { timeout: 10_000 }).toBe(0)
}, 60_000)

test.each([false, true])(
  'what our sink sent in parts is one event again (sessions: %s)',
  async (sessions) => {
    const entity = server.queue(`parts-${++named}`, { sessions })
    const sink = await serviceBus.build(
      configFrom(serviceBusSchema, {
        connection_string: `env:${secretName}`,
        entity: entity.name,
        sessions,
        oversize: 'split',
        part_size: '100KiB',
      }),
      testContext(),
    )
    const data = Buffer.from(JSON.stringify('x'.repeat(1_000_000)))
    await deliverAll(
      sink,
      numberedEvents(4, 'p').map((event, at) => (at === 1 ? { ...event, data } : event)),
    )
    await sink.close()
    expect(entity.taken).toHaveLength(3 + 10)
    const running = await reading({ entity: entity.name, sessions, prefetch: 4 })
    await expect.poll(() => running.ids().sort(), { timeout: 20_000 }).toEqual(['p0', 'p1', 'p2', 'p3'])
    expect(running.journal.units.flatMap(eventsOf).find(({ id }) => id === 'p1')?.data?.length).toBe(data.length)
    await expect.poll(() => entity.left.length, { timeout: 10_000 }).toBe(0)
  },
  60_000,
)

test('a message stays locked until the journal has it, and is then completed, with or without an id', async () => {
  const topic = `topic-${++named}`
  const entity = server.subscription(topic, 'weir', { lockMs: 3000 })
  const running = await reading({ entity: topic, subscription: 'weir', codec: 'json', event_type: 'io.orders' })
  running.journal.hold()
  await send(topic, [
    { body: Buffer.from('{"order":1}') },
    { body: Buffer.from('{"order":2}'), messageId: 'same' },
    { body: Buffer.from('{"order":3}'), messageId: 'same' },
  ])
  await expect.poll(() => entity.left.filter(({ deliveries }) => deliveries > 0).length, { timeout: 10_000 }).toBe(3)
  // Two locks' time: without renewal they were given out again.
  await sleep(6500)
  expect(entity.left.map(({ deliveries }) => deliveries)).toEqual([1, 1, 1])
  running.journal.release()
  await expect.poll(() => entity.left.length, { timeout: 10_000 }).toBe(0)
  expect(running.journal.units.flatMap(eventsOf)).toMatchObject(
    [1, 2, 3].map((at) => ({
      id: `${topic}/weir/${at}`,
      type: 'io.orders',
      encoding: 'json',
      time: expect.any(Number) as number,
    })),
  )
}, 60_000)

test('a missing queue, a refused login and a lost connection are reported and retried', async () => {
  const name = `later-${++named}`
  const proxy = await cutProxy(server.port)
  onTestFinished(() => proxy.close())
  process.env['WEIR_TEST_SERVICEBUS_ROTATING'] = server.connectionString(proxy.port)
  const running = await reading({ entity: name, connection_string: 'env:WEIR_TEST_SERVICEBUS_ROTATING' })
  const untilLogged = async (words: string | RegExp): Promise<void> => {
    await expect.poll(() => running.lines.join('\n'), { timeout: 20_000 }).toMatch(words)
  }
  await untilLogged(`no ${name} in the namespace`)
  // Messages of a lost connection are redelivered when their lock has expired.
  const entity = server.queue(name, { lockMs: 2000 })
  await send(name, [cloudEvent('a')])
  await expect.poll(running.ids, { timeout: 20_000 }).toEqual(['a'])
  const before = server.keys.get(server.keyName) ?? ''
  server.keys.set(server.keyName, 'bmV4dA==')
  server.expire()
  await untilLogged(/rejected the login .*claim Listen/)
  process.env['WEIR_TEST_SERVICEBUS_ROTATING'] = server.connectionString(proxy.port)
  server.keys.set('old', before)
  entity.put({
    ...entity.taken[0]!,
    application_properties: { ...entity.taken[0]!.application_properties, 'cloudEvents:id': 'b' },
  })
  await expect.poll(running.ids, { timeout: 30_000 }).toEqual(['a', 'b'])
  server.keys.set(server.keyName, before)
  process.env['WEIR_TEST_SERVICEBUS_ROTATING'] = server.connectionString(proxy.port)
  await server.restart()
  entity.put({
    ...entity.taken[0]!,
    application_properties: { ...entity.taken[0]!.application_properties, 'cloudEvents:id': 'c' },
  })
  await expect.poll(running.ids, { timeout: 30_000 }).toEqual(['a', 'b', 'c'])
}, 100_000)

test.each([
  [true, 'requires sessions'],
  [false, 'has no sessions'],
] as const)('a setting that does not match the sessions of a queue (%s) is reported', async (sessions, words) => {
  const entity = server.queue(`other-${++named}`, { sessions })
  const running = await reading({ entity: entity.name, sessions: !sessions })
  await expect.poll(() => running.lines.join(), { timeout: 20_000 }).toContain(words)
})

test('a queue is read once over kill -9, and what can not be read is kept with its bytes', async () => {
  const entity = server.queue(`kill-${++named}`, { lockMs: 3000 })
  const ids: string[] = []
  const write = async (count: number): Promise<void> => {
    const messages = Array.from({ length: count }, () => {
      const id = `e${ids.length}`
      ids.push(id)
      return cloudEvent(id)
    })
    await send(entity.name, messages)
  }
  const config = {
    sources: {
      netflow: { listen: 'off', tcp: 'off' },
      events: { type: 'azure-servicebus', entity: entity.name, connection_string: server.connectionString() },
    },
  }
  await using weir = await startWeir({ folder: join(dir, 'weir'), config })
  await write(40)
  await send(entity.name, [{ body: Buffer.of(1, 2, 255) }])
  const writing = write(80)
  await weir.kill()
  await weir.start()
  await writing
  const stored = async (): Promise<number> =>
    Number((await weir.sql<{ n: number }>("SELECT count(*) AS n FROM events WHERE type = 'io.test'"))[0]?.n)
  await expect.poll(stored, { timeout: 120_000, interval: 200 }).toBeGreaterThanOrEqual(ids.length)
  expect(
    (await weir.sql<{ id: string }>("SELECT id FROM events WHERE type = 'io.test'")).map(({ id }) => id).sort(),
  ).toEqual([...ids].sort())
  await expect.poll(() => entity.left.length, { timeout: 60_000 }).toBe(0)
  await expect
    .poll(() => weir.sql(`SELECT data_base64 FROM events WHERE type = '${rejectedType}'`), { timeout: 60_000 })
    .toEqual([{ data_base64: Buffer.of(1, 2, 255).toString('base64') }])
  expect((await weir.ledger()).balanced).toBe(true)
}, 200_000)

test('the queue of a source is checked without locks or counts', async () => {
  const look = async (written: Written & { readonly entity: string }) =>
    serviceBusSource.probe?.(
      configFrom(serviceBusSourceSchema, { connection_string: `env:${secretName}`, timeout: '5s', ...written }),
      testContext(),
      new AbortController().signal,
    )
  const entity = server.subscription('looked', 'at')
  expect(await look({ entity: 'looked', subscription: 'at' })).toMatchObject({
    is: 'ok',
    message: expect.stringContaining('looked/at exists and is empty') as string,
  })
  await send('looked', [cloudEvent('1')])
  expect(await look({ entity: 'looked', subscription: 'at' })).toMatchObject({
    is: 'ok',
    message: expect.stringContaining('has messages') as string,
  })
  expect(entity.left.map(({ lock, deliveries }) => [lock, deliveries])).toEqual([[undefined, 0]])
  expect(await look({ entity: 'nowhere' })).toMatchObject({ is: 'fail' })
})
