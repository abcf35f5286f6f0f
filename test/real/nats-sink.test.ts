import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { decodeEnvelope } from '../../src/codecs/kollect/index.ts'
import { natsSchema, type NatsConfig } from '../../src/connectors/nats/config.ts'
import { sink as nats } from '../../src/connectors/nats/sink.ts'
import type { Sink } from '../../src/engine/contracts.ts'
import type { WeirEvent } from '../../src/model/events.ts'
import type { ChangeData, Operation } from '../../src/model/kubernetes.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { MetricStore } from '../../src/telemetry/metrics.ts'
import { eventBatch, flowBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { cutProxy } from '../conformance/cut-proxy.ts'
import { deliverAll } from '../conformance/deliver.ts'
import { sinkConformance, type OtherSide } from '../conformance/sink.ts'
import { anyChanges, changeEvent } from '../kit/changes.ts'
import { versionOf } from './install/apt.ts'
import { nats as program } from './install/nats.ts'
import { startNats, type NatsServer } from './kit/nats.ts'
import { need } from './kit/need.ts'

const never = new AbortController().signal
const poisonBytes = 20_000

beforeEach(async (context) => {
  await need(context, program)
})

/** The test's connection to the server, renewed after a restart. */
class Observer {
  readonly #server: NatsServer
  #connection: NatsConnection | undefined

  constructor(server: NatsServer) {
    this.#server = server
  }

  async connection(): Promise<NatsConnection> {
    return (this.#connection ??= await connect({
      servers: this.#server.url,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    }))
  }

  async manager(): Promise<JetStreamManager> {
    return jetstreamManager(await this.connection(), { timeout: 10_000, checkAPI: false })
  }

  async close(): Promise<void> {
    await this.#connection?.close()
    this.#connection = undefined
  }
}

/** `ce-id` of every stored message, in the order of the stream. */
async function stored(manager: JetStreamManager, name: string): Promise<string[]> {
  const { state } = await manager.streams.info(name)
  const ids: string[] = []
  for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq++) {
    const message = await manager.streams.getMessage(name, { seq })
    ids.push(message?.header.get('ce-id') ?? '')
  }
  return ids
}

async function startOther(): Promise<OtherSide> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-nats-'))
  const server = await startNats({ jetstream: true, dir })
  const proxy = await cutProxy(server.port)
  const observer = new Observer(server)
  const stream = { name: 'CONF', max_msg_size: poisonBytes / 2 }
  await (await observer.manager()).streams.add({ ...stream, subjects: ['conf.>'] })
  const subjects = async (list: string[]): Promise<void> => {
    await (await observer.manager()).streams.update(stream.name, { ...stream, subjects: list })
  }
  return {
    build: (context, timeoutMs) =>
      nats.build(
        configFrom(natsSchema, {
          url: `nats://127.0.0.1:${proxy.port}`,
          subject: 'conf.{subject}',
          timeout: `${timeoutMs}ms`,
        }),
        context,
      ),
    received: async () => stored(await observer.manager(), stream.name),
    held: async () => stored(await observer.manager(), stream.name),
    // No stream has the subject.
    refuse: (on) => subjects([on ? 'elsewhere.>' : 'conf.>']),
    async slow(on) {
      if (on) await server.pause()
      else server.resume()
    },
    disconnectAfter: (events) => Promise.resolve(proxy.cutAfter(events, 'HPUB ')),
    fail: (ids) =>
      subjects(
        ids.size === 0
          ? ['conf.>']
          : numberedEvents(24, 'p')
              .map(({ id }) => id)
              .filter((id) => !ids.has(id))
              .map((id) => `conf.${id}`),
      ),
    poison: () => Promise.resolve(),
    poisoned: (event) => ({ ...event, data: Buffer.from(JSON.stringify('x'.repeat(poisonBytes))) }),
    // The stream has them already: each response is "duplicate".
    async duplicateAck() {
      const other = await nats.build(
        configFrom(natsSchema, { url: server.url, subject: 'conf.{subject}' }),
        testContext(),
      )
      await deliverAll(other, numberedEvents(20, 'u'))
      await other.close()
    },
    restart: () => server.restart(),
    async stop() {
      server.resume()
      await observer.close()
      await proxy.close()
      await server[Symbol.asyncDispose]()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

sinkConformance(
  'nats',
  { accepts: nats.accepts, idempotency: nats.idempotency, start: startOther },
  { system: 'nats', server: program.name, version: () => versionOf(program) },
)

async function serverWith(config?: string): Promise<{ server: NatsServer; observer: Observer }> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-nats-'))
  const server = await startNats({ jetstream: true, dir, ...(config === undefined ? {} : { config }) })
  const observer = new Observer(server)
  onTestFinished(async () => {
    await observer.close()
    await server[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  })
  return { server, observer }
}

async function sinkFor(written: WrittenConfigOf<typeof natsSchema>): Promise<Sink> {
  const config: NatsConfig = configFrom(natsSchema, { timeout: '3s', ...written })
  const sink = await nats.build(config, testContext())
  onTestFinished(() => sink.close())
  return sink
}

const reasons = async (sink: Sink): Promise<string[]> => {
  const failures = await sink.send(eventBatch(numberedEvents(3, 'e'), 't'), never)
  expect(failures.map(({ is }) => is)).toEqual(['retry', 'retry', 'retry'])
  return [...new Set(failures.map(({ reason }) => reason))]
}

test('a message is the event in binary mode: attributes as headers, data as payload', async () => {
  const { server, observer } = await serverWith()
  const sink = await sinkFor({ url: server.url, stream: 'WEIR', create_stream: true })
  const [event] = numberedEvents(1, 'e')
  const time = Date.UTC(2024, 4, 1)
  await sink.send(
    eventBatch([{ ...event!, subject: 'grün und/blau', extensions: { n: 7 }, family: 'audit', time }], 't'),
    never,
  )
  const message = await (await observer.manager()).streams.getMessage('WEIR', { seq: 1 })
  expect(message?.subject).toBe('weir.audit.io_weir_test')
  const headers = Object.fromEntries([...(message?.header ?? [])].map(([name, values]) => [name, values.join()]))
  expect(headers).toEqual({
    'ce-specversion': '1.0',
    'ce-id': 'e0',
    'ce-source': '/conformance',
    'ce-type': 'io.weir.test',
    'ce-subject': 'gr%C3%BCn%20und/blau',
    'ce-time': '2024-05-01T00:00:00.000Z',
    'ce-n': '7',
    'ce-weirfamily': 'audit',
    family: 'audit',
    type: 'io.weir.test',
    'content-type': 'application/json',
    'Nats-Msg-Id': expect.stringMatching(/^[\w-]{43}$/) as string,
    'Nats-Expected-Stream': 'WEIR',
  })
  expect(Buffer.from(message?.data ?? []).toString()).toBe('{"number":0}')
})

test('a flow is JSON under the subject of its family, known by its stable id', async () => {
  const { server, observer } = await serverWith()
  const sink = await sinkFor({ url: server.url, stream: 'WEIR', create_stream: true })
  const { batch, ids } = flowBatch(2, 't')
  expect(await sink.send(batch, never)).toEqual([])
  const message = await (await observer.manager()).streams.getMessage('WEIR', { seq: 2 })
  expect(message?.subject).toBe('weir.flow.io_weir_flow_v1')
  expect(message?.header.get('Nats-Msg-Id')).toBe(ids[1])
  expect(JSON.parse(Buffer.from(message?.data ?? []).toString())).toEqual({ src_port: 1, bytes: 200 })
})

test('with codec netobserv-json the payload is the bare record, under a separate event type', async () => {
  const { server, observer } = await serverWith()
  const sink = await sinkFor({ url: server.url, stream: 'WEIR', create_stream: true, codec: 'netobserv-json' })
  const { batch, ids } = flowBatch(2, 't')
  expect(await sink.send(batch, never)).toEqual([])
  const message = await (await observer.manager()).streams.getMessage('WEIR', { seq: 2 })
  expect(message?.subject).toBe('weir.flow.io_weir_flow_netobserv_v1')
  expect(message?.header.get('Nats-Msg-Id')).toBe(ids[1])
  expect(Buffer.from(message?.data ?? []).toString()).toBe('{"SrcPort":1,"Bytes":200}')
})

test('codec kollect: the payload is the bare envelope, and a change that is sent again is stored once', async () => {
  const { server, observer } = await serverWith()
  const [sink, again] = [
    await sinkFor({ url: server.url, subject: 'kollect', stream: 'K', create_stream: true, codec: 'kollect' }),
    await sinkFor({ url: server.url, subject: 'kollect', stream: 'K', codec: 'kollect' }),
  ]
  const changes = anyChanges(3, 6, 'c1')
  const events = changes.map((change) => changeEvent(change, 1_700_000_000_000))
  for (const each of [sink, again]) expect(await each.send(eventBatch(events, 't'), never)).toEqual([])
  const manager = await observer.manager()
  expect((await manager.streams.info('K')).state.messages).toBe(6)
  const message = await manager.streams.getMessage('K', { seq: 1 })
  expect(decodeEnvelope(message?.data ?? new Uint8Array()).payload).toMatchObject({ clusterId: 'c1' })
  expect(message?.header.get('ce-partitionkey')).toMatch(/^c1\/0000/)
})

test('wait_for: server needs no stream; without a subscriber a message counts as delivered', async () => {
  const { server, observer } = await serverWith()
  const sink = await sinkFor({ url: server.url, subject: 'plain.subject', wait_for: 'server' })
  expect(await sink.probe?.(never)).toMatchObject({ is: 'ok' })
  expect(await sink.send(eventBatch(numberedEvents(3, 'a'), 't'), never)).toEqual([])
  const connection = await observer.connection()
  const listening = connection.subscribe('plain.subject', { max: 3 })
  await connection.flush()
  expect(await sink.send(eventBatch(numberedEvents(3, 'b'), 't'), never)).toEqual([])
  const received: string[] = []
  for await (const message of listening) received.push(message.headers?.get('ce-id') ?? '')
  expect(received.toSorted()).toEqual(['b0', 'b1', 'b2'])
  await server.pause()
  const [failure] = await (
    await sinkFor({ url: server.url, subject: 'plain.subject', wait_for: 'server', timeout: '300ms' })
  ).send(eventBatch(numberedEvents(1, 'c'), 't'), never)
  expect(failure?.is).toBe('retry')
  const late = await sink.send(eventBatch(numberedEvents(1, 'c'), 't'), never)
  expect(late).toEqual([{ index: 0, is: 'retry', reason: 'no acknowledgement within 3000 ms' }])
  server.resume()
})

test('wait_for: server reports a refusal, too', async () => {
  const { server } = await serverWith(
    'authorization { users: [ { user: "weir", password: "pw", permissions: { publish: ["other.>"], ' +
      'subscribe: [">"] } } ] }',
  )
  const sink = await sinkFor({
    url: server.url,
    wait_for: 'server',
    auth: { type: 'user', user: 'weir', password: 'pw' },
  })
  const failures = await sink.send(eventBatch(numberedEvents(30, 'e'), 't'), never)
  expect(failures).toHaveLength(30)
  for (const { is } of failures) expect(is).toBe('retry')
  expect(failures[0]?.reason).toContain('denies publishing to weir.event.io_weir_test')
})

test('a stream that exists is left as it is, whatever create_stream is', async () => {
  const { server, observer } = await serverWith()
  await (await observer.manager()).streams.add({ name: 'WEIR', subjects: ['weir.>'], max_msgs: 5 })
  const sink = await sinkFor({ url: server.url, stream: 'WEIR', create_stream: true })
  await deliverAll(sink, numberedEvents(8, 'e'))
  const { config, state } = await (await observer.manager()).streams.info('WEIR')
  expect([config.max_msgs, state.messages]).toEqual([5, 5])
})

test('without a stream, with the wrong one, and without JetStream the reason has the remedy', async () => {
  const { server, observer } = await serverWith()
  const sink = await sinkFor({ url: server.url })
  expect(await reasons(sink)).toEqual([
    'no stream has subject weir.event.io_weir_test, or JetStream is disabled; create a stream for it, or set ' +
      '`stream` and `create_stream: true`',
  ])
  await (await observer.manager()).streams.add({ name: 'OTHER', subjects: ['weir.>'] })
  expect(await sink.send(eventBatch(numberedEvents(3, 'e'), 't'), never)).toEqual([])
  expect((await reasons(await sinkFor({ url: server.url, stream: 'WEIR' })))[0]).toContain(
    'belongs to a stream other than WEIR',
  )
})

test('a message above max_payload is rejected, and those beside it arrive', async () => {
  const { server } = await serverWith('max_payload: 4096')
  const sink = await sinkFor({ url: server.url, stream: 'WEIR', create_stream: true })
  const events = numberedEvents(4, 'e').map((event, index) =>
    index === 3 ? { ...event, data: Buffer.from(JSON.stringify('x'.repeat(5000))) } : event,
  )
  expect(await sink.send(eventBatch(events, 't'), never)).toEqual([
    { index: 3, is: 'reject', reason: 'exceeds the limit of the server (max_payload)' },
  ])
})

/** A ConfigMap of a megabyte of which a word was changed, that was deleted, and that was created. */
function largeChanges(): WeirEvent[] {
  const state = (word: string): object => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'large' },
    data: { large: 'x'.repeat(2 ** 20), word },
  })
  const one = (operation: Operation, version: string, more: Partial<ChangeData>): ChangeData => ({
    cluster: 'c1',
    group: '',
    version: 'v1',
    kind: 'ConfigMap',
    resource: 'configmaps',
    namespace: 'shop',
    name: 'large',
    uid: `u-${operation}`,
    resourceVersion: version,
    operation,
    old: null,
    new: null,
    patch: [],
    ...more,
  })
  return [
    one('updated', '2', {
      old: state('one'),
      new: state('two'),
      patch: [{ op: 'replace', path: '/data/word', value: 'two' }],
    }),
    one('deleted', '3', { old: state('two') }),
    one('created', '1', { new: state('one') }),
    one('updated', '4', {
      old: state('one'),
      new: state('two'),
      patch: [{ op: 'replace', path: '/data/word', value: 'y'.repeat(2 ** 20) }],
    }),
  ].map((change) => changeEvent(change, 1_700_000_000_000))
}

test.each(['max_payload', 'max_msg_size'])(
  'with oversize: patch-only a change beyond %s is sent as its patch, marked; others are refused as before',
  async (what) => {
    const { server, observer } = await serverWith(
      what === 'max_payload' ? 'max_payload: 262144' : 'max_payload: 8388608',
    )
    const manager = await observer.manager()
    await manager.streams.add({
      name: 'K',
      subjects: ['kollect', 'json'],
      max_msg_size: what === 'max_payload' ? -1 : 262_144,
    })
    const words =
      what === 'max_payload'
        ? 'exceeds the limit of the server (max_payload)'
        : 'exceeds the limit of the stream (max_msg_size)'
    const refused = [
      { index: 2, is: 'reject', reason: words },
      { index: 3, is: 'reject', reason: `${words}, even without states` },
    ]
    for (const subject of ['kollect', 'json'] as const) {
      const metrics = new MetricStore({ strict: true })
      const config = configFrom(natsSchema, {
        url: server.url,
        subject,
        stream: 'K',
        codec: subject,
        oversize: 'patch-only',
      })
      const sink = await nats.build(config, { ...testContext(), metrics })
      onTestFinished(() => sink.close())
      expect(await sink.send(eventBatch(largeChanges(), 't'), never)).toEqual(refused)
      expect(metrics.value('weir_sink_reduced_rows_total', { sink: testContext().id })).toBe(2)
    }
    const messages = await Promise.all(
      [1, 2, 3, 4].map(async (seq) => (await manager.streams.getMessage('K', { seq }))?.data ?? new Uint8Array()),
    )
    const patch = [{ op: 'replace', path: '/data/word', value: 'two' }]
    expect(messages.slice(0, 2).map((data) => decodeEnvelope(data).payload)).toMatchObject([
      { is: 'patched', name: 'large', resourceVersion: '2', patch },
      { is: 'deleted', name: 'large', state: undefined },
    ])
    expect(messages.slice(2).map((data) => JSON.parse(Buffer.from(data).toString()) as unknown)).toMatchObject([
      { operation: 'updated', old: null, new: null, patch, reduced: true, resourceVersion: '2' },
      { operation: 'deleted', old: null, new: null, reduced: true },
    ])
    const strict = await sinkFor({ url: server.url, subject: 'json', stream: 'K' })
    // Others: those from before are in the stream by their ids.
    const others = largeChanges()
      .slice(0, 3)
      .map((event) => ({ ...event, id: `other ${event.id}` }))
    expect(await strict.send(eventBatch(others, 't'), never)).toEqual(
      [0, 1, 2].map((index) => ({ index, is: 'reject', reason: words })),
    )
  },
)

test('a refused login is a retry that names auth, and works once the server knows the user', async () => {
  const { server } = await serverWith('authorization { user: "weir", password: "right" }')
  const wrong = await sinkFor({ url: server.url, auth: { type: 'user', user: 'weir', password: 'wrong' } })
  expect((await reasons(wrong))[0]).toMatch(/rejected the login \(.*\); correct `auth`$/)
  const right = await sinkFor({
    url: server.url,
    stream: 'WEIR',
    create_stream: true,
    auth: { type: 'user', user: 'weir', password: 'right' },
  })
  await deliverAll(right, numberedEvents(3, 'e'))
})

test('a user without the right to publish gets that reason', async () => {
  const { server } = await serverWith(
    'authorization { users: [ { user: "weir", password: "pw", permissions: { publish: ["$JS.API.>", ' +
      '"other.>"], subscribe: [">"] } } ] }',
  )
  // An hour: every event gets the refusal itself, and none waits for its timeout.
  const sink = await sinkFor({ url: server.url, timeout: '1h', auth: { type: 'user', user: 'weir', password: 'pw' } })
  const failures = await sink.send(eventBatch(numberedEvents(30, 'e'), 't'), never)
  expect(failures).toHaveLength(30)
  const reason =
    'the server denies publishing to weir.event.io_weir_test; grant the user that permission, or correct `subject`'
  for (const { is, reason: given } of failures)
    expect([is, given.startsWith('waits behind') ? reason : given]).toEqual(['retry', reason])
})

test('a missing right to receive acknowledgements is reported without waiting for a timeout', async () => {
  const { server } = await serverWith(
    'authorization { users: [ { user: "weir", password: "pw", permissions: { publish: [">"], subscribe: ' +
      '["other.>"] } } ] }',
  )
  const sink = await sinkFor({ url: server.url, timeout: '1h', auth: { type: 'user', user: 'weir', password: 'pw' } })
  for (const name of ['a', 'b']) {
    const failures = await sink.send(eventBatch(numberedEvents(30, name), 't'), never)
    expect(failures).toHaveLength(30)
    expect(failures[0]).toMatchObject({
      is: 'retry',
      reason: expect.stringContaining('let the user subscribe to _INBOX.>'),
    })
  }
})

test('a send while the server is down fails at once with the reason; the next one after it delivers', async () => {
  const { server } = await serverWith()
  const sink = await sinkFor({ url: server.url, stream: 'WEIR', create_stream: true })
  await deliverAll(sink, numberedEvents(3, 'a'))
  await server.kill()
  await expect.poll(() => reasons(sink)).toEqual([expect.stringContaining('is lost; reconnecting')])
  await server.restart()
  await deliverAll(sink, numberedEvents(3, 'b'))
})

test('a probe logs in and checks for the stream, and creates none', async () => {
  const { server } = await serverWith('authorization { user: "weir", password: "right" }')
  const auth = { type: 'user', user: 'weir', password: 'right' } as const
  const probed = async (more: Partial<WrittenConfigOf<typeof natsSchema>>): Promise<string> => {
    const found = await (await sinkFor({ url: server.url, auth, ...more })).probe?.(never)
    return `${found?.is}: ${found?.message}`
  }
  expect(await probed({ auth: { type: 'user', user: 'weir', password: 'wrong' } })).toMatch(
    /^fail: .* rejected the login \(.*\); correct `auth`$/,
  )
  expect(await probed({})).toMatch(/^fail: .* no stream has weir\.>/)
  expect(await probed({ stream: 'WEIR' })).toMatch(/^fail: .* stream WEIR not found/)
  expect(await probed({ stream: 'WEIR', create_stream: true })).toMatch(/^ok: .* is created at the start$/)
  const own = await connect({ servers: server.url, user: 'weir', pass: 'right' })
  onTestFinished(() => own.close())
  const manager = await jetstreamManager(own, { timeout: 10_000 })
  expect(await manager.streams.names().next()).toEqual([])
  await manager.streams.add({ name: 'OTHER', subjects: ['weir.>'] })
  expect(await probed({})).toMatch(/^ok: .* stream OTHER has /)
  expect(await probed({ stream: 'OTHER' })).toMatch(/^ok: .* stream OTHER has /)
  expect(await probed({ stream: 'OTHER', subject: 'else.{type}' })).toMatch(/^fail: .* has weir\.>, not else\.>/)
  expect(await probed({ stream: 'WEIR', create_stream: true })).toMatch(/^fail: .* belongs to stream OTHER/)
  await server.kill()
  expect(await probed({ timeout: '1s' })).toMatch(/^fail: .* can't be reached/)
})

test('the same event from two sinks is stored once', async () => {
  const { server, observer } = await serverWith()
  const [left, right] = [
    await sinkFor({ url: server.url, stream: 'WEIR', create_stream: true }),
    await sinkFor({ url: server.url, stream: 'WEIR', create_stream: true }),
  ]
  await Promise.all([deliverAll(left, numberedEvents(20, 'e')), deliverAll(right, numberedEvents(20, 'e'))])
  expect((await (await observer.manager()).streams.info('WEIR')).state.messages).toBe(20)
  expect((await jetstream(await observer.connection()).streams.get('WEIR')).name).toBe('WEIR')
})
