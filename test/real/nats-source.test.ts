import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect, headers, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { rejectedType } from '../../src/codecs/bus-message/read.ts'
import { natsSchema, natsSourceSchema } from '../../src/connectors/nats/config.ts'
import { sink as nats } from '../../src/connectors/nats/sink.ts'
import { source as natsSource } from '../../src/connectors/nats/source.ts'
import { decodeBatch } from '../../src/journal/bodies.ts'
import type { EventBatch } from '../../src/model/batches.ts'
import { eventAt, type WeirEvent } from '../../src/model/events.ts'
import { configFrom } from '../../src/schema/index.ts'
import { keyOf, sourceConformance, type Answer } from '../conformance/source.ts'
import { eventBatch, testContext } from '../conformance/batches.ts'
import { TestJournal, type NewUnit } from '../conformance/test-journal.ts'
import { EventReceiver } from '../kit/event-receiver.ts'
import { startWeir } from '../kit/weir-process.ts'
import { install } from './install/apt.ts'
import { nats as program } from './install/nats.ts'
import { startNats, type NatsServer } from './kit/nats.ts'
import { need } from './kit/need.ts'
import { readOnce } from './kit/read-once.ts'

const patience = { timeout: 30_000, interval: 50 }
let dir = ''
let server: NatsServer
let connection: NatsConnection
let manager: JetStreamManager
let number = 0

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-nats-source-'))
  if ((await install(program)).path === undefined) return
  server = await startNats({ jetstream: true, dir })
  connection = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 })
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

/** A separate stream for a test. */
async function newStream(): Promise<string> {
  const name = `S${++number}`
  await manager.streams.add({ name, subjects: [`${name}.>`] })
  return name
}

async function publish(
  stream: string,
  id: string,
  { data = '{}', key }: { readonly data?: string; readonly key?: string } = {},
): Promise<number> {
  const fields = headers()
  for (const [name, value] of Object.entries({
    specversion: '1.0',
    id,
    source: '/test',
    type: 'io.test',
    ...(key === undefined ? {} : { partitionkey: key }),
  }))
    fields.set(`ce-${name}`, value)
  fields.set('content-type', 'application/json')
  // While the server is away the writer tries again; the stream has it once by its message id.
  for (let tries = 0; ; tries++) {
    try {
      return (await jetstream(connection).publish(`${stream}.x`, data, { headers: fields, msgID: id, timeout: 2000 }))
        .seq
    } catch (error) {
      if (tries > 20) throw error
      await sleep(100)
    }
  }
}

/** Waits until the consumer has acknowledged everything up to there; false: not within the limit, or terminated. */
async function acknowledged(stream: string, sequence: number, limitMs: number, given: () => boolean): Promise<boolean> {
  for (let waited = 0; waited < limitMs && !given(); waited += 25) {
    const floor = await manager.consumers.info(stream, 'weir').then(
      ({ ack_floor: found }) => found.stream_seq,
      () => 0,
    )
    if (floor >= sequence) return true
    await sleep(25)
  }
  return false
}

const eventsOf = (unit: NewUnit): WeirEvent[] => {
  const batch = decodeBatch('events', unit.raw) as EventBatch
  return Array.from({ length: batch.count }, (_, row) => eventAt(batch, row))
}

sourceConformance(
  'nats',
  {
    redelivers: true,
    order: 'by key',
    numbersIn: (unit) =>
      eventsOf(unit)
        .filter(({ type }) => type !== rejectedType)
        .map(({ id }) => Number(id)),
    async build(context, address) {
      const stream = address?.split('/').at(-1) ?? (await newStream())
      let refused = false
      const source = await natsSource.build(configFrom(natsSourceSchema, { url: server.url, stream, ack_wait: '3s' }), {
        ...context,
        append: (unit) =>
          context.append(unit).catch((error: unknown) => {
            refused = true
            throw error
          }),
      })
      const answer = async (sequence: number): Promise<Answer> =>
        (await acknowledged(stream, sequence, 20_000, () => refused)) ? 'accepted' : 'retry'
      return {
        source: {
          ...source,
          async run(signal) {
            await source.run(signal)
            refused = true
          },
        },
        async send(numbers) {
          refused = false
          let last = 0
          for (const one of numbers) last = await publish(stream, String(one), { key: keyOf(one) })
          return answer(last)
        },
        // It is acknowledged, and stored as an invalid message: nothing waits behind it.
        async sendMalformed() {
          const { seq } = await jetstream(connection).publish(`${stream}.x`, 'no event of any kind')
          return (await answer(seq)) === 'accepted' ? 'refused' : 'retry'
        },
        close: () => Promise.resolve(),
      }
    },
  },
  { system: 'nats', server: program.name, version: () => connection.info?.version },
)

test('a stream is read once and in key order despite kill -9; unreadable messages keep their bytes', async () => {
  const stream = await newStream()
  const ids: string[] = []
  const write = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at++) {
      ids.push(`e${ids.length}`)
      await publish(stream, ids.at(-1) ?? '', { key: `k${ids.length % 5}`, data: JSON.stringify({ n: ids.length }) })
    }
  }
  const config = {
    sources: {
      netflow: { listen: 'off', tcp: 'off' },
      events: { type: 'nats', url: server.url, stream, ack_wait: '3s' },
    },
  }
  await using weir = await startWeir({ folder: join(dir, 'weir'), config })
  await write(300)
  await jetstream(connection).publish(`${stream}.x`, Buffer.of(1, 2, 255))
  const writing = write(500)
  await weir.kill()
  await weir.start()
  await writing
  await server.restart()
  await write(100)
  const stored = async (): Promise<number> =>
    Number((await weir.sql<{ n: number }>("SELECT count(*) AS n FROM events WHERE type = 'io.test'"))[0]?.n)
  await expect.poll(stored, { timeout: 120_000, interval: 200 }).toBeGreaterThanOrEqual(ids.length)
  expect(await readOnce(weir, 'io.test')).toEqual({ ids: ids.toSorted(), disordered: [] })
  const rejected = () =>
    weir.sql(`SELECT data_base64, extensions->>'reason' AS reason, subject FROM events WHERE type = '${rejectedType}'`)
  await expect.poll(rejected, { timeout: 60_000 }).toEqual([
    {
      data_base64: Buffer.of(1, 2, 255).toString('base64'),
      reason: expect.stringContaining('it is no CloudEvent') as string,
      subject: `${stream}/301`,
    },
  ])
  expect((await weir.ledger()).balanced).toBe(true)
}, 200_000)

test('large messages that wait do not exceed the memory, and are stored once in order', async () => {
  const stream = await newStream()
  const ids: string[] = []
  // Requests grow with small messages, so that one has all of the large ones.
  for (let n = 1; n <= 295; n++) {
    ids.push(`e${n}`)
    await publish(stream, `e${n}`, { key: 'k', data: JSON.stringify({ n, text: 'x'.repeat(n > 255 ? 900_000 : 1) }) })
  }
  const config = {
    decoding: { memory: '32MiB' },
    sources: {
      netflow: { listen: 'off', tcp: 'off' },
      events: { type: 'nats', url: server.url, stream, ack_wait: '3s' },
    },
  }
  await using weir = await startWeir({ folder: join(dir, 'large'), config })
  const read = async () => (await readOnce(weir, 'io.test')).ids.length
  await expect.poll(read, { timeout: 60_000, interval: 500 }).toBe(ids.length)
  expect(await readOnce(weir, 'io.test')).toEqual({ ids: ids.toSorted(), disordered: [] })
  expect(weir.lastLog).toContain('that may wait to be decoded')
}, 90_000)

test('messages of the largest size that NATS recommends are read singly, once and in order', async () => {
  const folder = join(dir, 'largest')
  await mkdir(folder)
  await using own = await startNats({ jetstream: true, dir: folder, config: 'max_payload: 8388608' })
  const client = await connect({ servers: own.url })
  onTestFinished(() => client.close())
  await (await jetstreamManager(client)).streams.add({ name: 'LARGEST', subjects: ['l'] })
  const send = (n: number) =>
    jetstream(client).publish('l', JSON.stringify({ n, text: 'x'.repeat(n % 5 === 0 ? 10 : 7_500_000) }))
  for (let n = 1; n <= 12; n++) await send(n)
  const config = {
    decoding: { memory: '32MiB' },
    sources: {
      netflow: { listen: 'off', tcp: 'off' },
      events: {
        type: 'nats',
        url: own.url,
        stream: 'LARGEST',
        codec: 'json',
        event_type: 'io.large',
        ack_wait: '3s',
      },
    },
  }
  await using weir = await startWeir({ folder: join(dir, 'singly'), config })
  const stored = async () => (await readOnce(weir, 'io.large')).ids.length
  await expect.poll(stored, { timeout: 60_000, interval: 500 }).toBe(12)
  // A message that follows a pause is requested, too.
  for (let n = 13; n <= 15; n++) await send(n)
  await expect.poll(stored, { timeout: 60_000, interval: 500 }).toBe(15)
  expect((await readOnce(weir, 'io.large')).disordered).toEqual([])
  expect(weir.lastLog).not.toContain('Messages cannot be read')
}, 150_000)

test('acknowledgements during a shutdown do not wait; the messages are redelivered', async () => {
  const stream = await newStream()
  const journal = new TestJournal()
  const lines: string[] = []
  const untilLogged = (message: string, fields?: object): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`)
  }
  const source = await natsSource.build(configFrom(natsSourceSchema, { url: server.url, stream, ack_wait: '3s' }), {
    ...journal.context(1),
    log: { debug: untilLogged, info: untilLogged, warn: untilLogged, error: untilLogged },
  })
  const stop = new AbortController()
  const running = source.run(stop.signal)
  journal.hold()
  await publish(stream, 'a')
  await expect.poll(() => journal.waiting, patience).toBe(1)
  await server.pause()
  journal.release()
  await expect.poll(() => journal.units.length, patience).toBe(1)
  await server.kill()
  await expect
    .poll(() => lines.join('\n'), patience)
    .toMatch(/Acknowledging messages failed.*(the connection is lost|did not respond)/i)
  await server.restart()
  expect(await acknowledged(stream, 1, 60_000, () => false)).toBe(true)
  expect(journal.units.length).toBeGreaterThan(1)
  stop.abort()
  await running
}, 120_000)

test.each(['files', 'nats'])(
  'with `ack: sink:out` and the journal on %s a message is acknowledged once the sink has it',
  async (journal) => {
    const stream = await newStream()
    const receiver = await EventReceiver.start()
    onTestFinished(() => receiver.close())
    receiver.status = 503
    const config = {
      http: { ack: 'sink:out' },
      sources: {
        netflow: { listen: 'off', tcp: 'off' },
        events: { type: 'nats', url: server.url, stream, ack_wait: '3s', ack: 'sink:out' },
      },
      sinks: {
        out: {
          type: 'http',
          url: receiver.url,
          when_behind: 'block',
          delivery: { retry_initial: '50ms', retry_max: '200ms' },
        },
      },
    }
    // With a shared journal another process delivers.
    const weirAs = (role: string): ReturnType<typeof startWeir> =>
      startWeir({
        folder: join(dir, `awaits-${role}`),
        config: {
          ...config,
          roles: [role],
          instance: role,
          journal: { on: { type: 'nats', url: server.url, stream: 'awaits', partitions: 2 } },
        },
      })
    await using weir = await (journal === 'files'
      ? startWeir({ folder: join(dir, 'awaits'), config })
      : weirAs('collector'))
    const ids = Array.from({ length: 20 }, (_, at) => `e${at}`)
    for (const id of ids) await publish(stream, id)
    if (journal === 'nats') {
      const push = { specversion: '1.0', id: 'p', source: '/test', type: 'io.test' }
      // A subscriber that is not connected yet would miss messages.
      await expect(weir.post('/events', push, 'application/cloudevents+json')).rejects.toThrow(
        'no deliverer has started',
      )
      await expect.poll(() => weir.log, patience).toContain('no deliverer has started sink out')
      expect(await manager.consumers.list(stream).next()).toEqual([])
    }
    await using _deliverer = journal === 'files' ? undefined : await weirAs('deliverer')
    const events = async (): Promise<readonly (number | undefined)[]> => {
      const found = (await weir.ledger()).sources.find(({ name }) => name.startsWith('events'))
      return [found?.accepted, found?.duplicates]
    }
    await expect.poll(async () => (await events())[0], patience).toBe(20)
    expect(await manager.consumers.info(stream, 'weir')).toMatchObject({
      ack_floor: { stream_seq: 0 },
      num_ack_pending: 20,
    })
    await weir.kill()
    await weir.start()
    // A slow machine may hold them too long, so that they are redelivered. The number of known ids is recorded on a
    // bus every ten seconds only.
    const again = async (): Promise<number | undefined> =>
      journal === 'files' ? (await events())[1] : (await manager.consumers.info(stream, 'weir')).num_redelivered
    await expect.poll(again, patience).toBeGreaterThanOrEqual(20)
    expect(await manager.consumers.info(stream, 'weir')).toMatchObject({
      ack_floor: { stream_seq: 0 },
      num_ack_pending: 20,
    })
    receiver.status = 204
    expect(await acknowledged(stream, 20, 30_000, () => false)).toBe(true)
    expect(receiver.received.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
    const push = (id: string): Promise<unknown> =>
      weir.post('/events', { specversion: '1.0', id, source: '/test', type: 'io.test' }, 'application/cloudevents+json')
    expect(await push('p1')).toEqual({ accepted: 1, duplicates: 0 })
    expect(receiver.received.at(-1)?.id).toBe('p1')
    receiver.status = 400
    await expect(push('p2')).rejects.toThrow('WEIR_API_DEAD_LETTERED')
    expect((await events())[0]).toBe(20)
    expect((await weir.ledger()).balanced).toBe(true)
  },
  200_000,
)

test('missing or refused objects are reported with the remedy, and retried', async () => {
  const lines: string[] = []
  const stream = `S${++number}`
  const source = await natsSource.build(configFrom(natsSourceSchema, { url: server.url, stream }), {
    ...new TestJournal().context(1),
    log: {
      debug: () => undefined,
      info: (message) => {
        lines.push(message)
      },
      warn: (message, fields) => {
        lines.push(`${message} ${JSON.stringify(fields)}`)
      },
      error: (message) => {
        lines.push(message)
      },
    },
  })
  const stop = new AbortController()
  const running = source.run(stop.signal)
  await expect.poll(() => lines.join(), { timeout: 20_000 }).toContain(`stream ${stream} not found; create it`)
  await manager.streams.add({ name: stream, subjects: [`${stream}.>`] })
  await expect.poll(() => lines.join(), { timeout: 20_000 }).toContain('Reads from NATS.')
  stop.abort()
  await running
}, 60_000)

test.each(['split', 'claim-check'] as const)(
  'an event four times larger than the stream permits (%s) arrives whole and in key order',
  async (oversize) => {
    const stream = `S${++number}`
    await manager.streams.add({ name: stream, subjects: [`${stream}.>`], max_msg_size: 262_144 })
    const events = Array.from({ length: 9 }, (_, index): WeirEvent => ({
      id: `e${index}`,
      source: '/test',
      type: 'io.test',
      key: 'k',
      datacontenttype: 'application/json',
      encoding: 'json',
      data: Buffer.from(JSON.stringify(String(index).repeat(index % 4 === 2 ? 2 ** 20 : 5))),
    }))
    const store = join(dir, 'claims')
    const sink = await nats.build(
      configFrom(natsSchema, {
        url: server.url,
        subject: `${stream}.x`,
        stream,
        oversize,
        ...(oversize === 'split' ? {} : { claims: { store } }),
      }),
      testContext(),
    )
    try {
      expect(await sink.send(eventBatch(events, 't'), new AbortController().signal)).toEqual([])
    } finally {
      await sink.close()
    }
    const journal = new TestJournal()
    const source = await natsSource.build(
      configFrom(natsSourceSchema, { url: server.url, stream, ...(oversize === 'split' ? {} : { claims: { store } }) }),
      journal.context(1),
    )
    const stop = new AbortController()
    const running = source.run(stop.signal)
    const {
      state: { messages },
    } = await manager.streams.info(stream)
    expect(messages).toBe(oversize === 'split' ? 7 + 2 * 7 : 9)
    expect(await acknowledged(stream, messages, 60_000, () => false)).toBe(true)
    const plain = (some: readonly WeirEvent[]): string[] =>
      some.map(({ id, data }) => `${id} ${Buffer.from(data ?? []).toString()}`)
    expect(plain(journal.units.flatMap(eventsOf))).toEqual(plain(events))
    stop.abort()
    await running
  },
  120_000,
)
