import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { checkBus } from '../../src/cli/bus-check.ts'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { rabbitmqSchema, rabbitmqSourceSchema } from '../../src/connectors/rabbitmq/config.ts'
import { sink as rabbitmq } from '../../src/connectors/rabbitmq/sink.ts'
import { source as rabbitmqSource } from '../../src/connectors/rabbitmq/source.ts'
import type { Sink } from '../../src/engine/contracts.ts'
import type { ChangeData } from '../../src/model/kubernetes.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { eventBatch, flowBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { cutProxy } from '../conformance/cut-proxy.ts'
import { deliverAll } from '../conformance/deliver.ts'
import { sinkConformance, type OtherSide } from '../conformance/sink.ts'
import { selfSigned } from '../kit/certificate.ts'
import { changeEvent } from '../kit/changes.ts'
import { install } from './install/apt.ts'
import { rabbitmq as program } from './install/rabbitmq.ts'
import { eventId, RabbitObserver } from './kit/rabbitmq-observer.ts'
import { startRabbit, type RabbitServer } from './kit/rabbitmq.ts'
import { need } from './kit/need.ts'

const never = new AbortController().signal
const largest = 2_500_000
const authority = selfSigned('authority')
const certificates = {
  server: selfSigned('server'),
  weirCertificate: selfSigned('weir-cert', authority),
  stranger: selfSigned('weir-cert', selfSigned('another')),
}

let server: RabbitServer
let observer: RabbitObserver
let named = 0

/** One server for the file: it takes seconds to start. Every test has a separate exchange and queue. */
beforeAll(async () => {
  if ((await install(program)).path === undefined) return
  server = await startRabbit({
    config: [`max_message_size = ${largest}`],
    tls: { certificate: certificates.server.cert, key: certificates.server.key, ca: authority.cert },
    users: [
      { name: 'weir', password: 'pass word' },
      { name: 'rotated', password: 'first' },
      { name: 'weir-cert', password: 'of no use' },
    ],
    vhosts: ['shop/prod'],
  })
  observer = new RabbitObserver(server.url)
})

afterAll(async () => {
  await observer?.close()
  await server?.[Symbol.asyncDispose]()
})

beforeEach(async (context) => {
  await need(context, program)
})

/** A direct exchange and a queue that takes the given keys. */
async function place(keys: readonly string[], type = 'direct'): Promise<{ exchange: string; queue: string }> {
  const channel = await observer.channel()
  const [exchange, queue] = [`exchange-${++named}`, `queue-${named}`]
  await channel.assertExchange(exchange, type)
  await channel.assertQueue(queue)
  for (const key of keys) await channel.bindQueue(queue, exchange, key)
  return { exchange, queue }
}

async function startOther(): Promise<OtherSide> {
  const { exchange, queue } = await place(['any'], 'topic')
  const proxy = await cutProxy(server.port)
  const bind = async (bound: boolean): Promise<void> => {
    const channel = await observer.channel()
    if (bound) await channel.bindQueue(queue, exchange, 'conf.#')
    else await channel.unbindQueue(queue, exchange, 'conf.#')
  }
  await bind(true)
  const ids = async (): Promise<string[]> => (await observer.received(queue)).map(eventId)
  return {
    build: (context, timeoutMs) =>
      rabbitmq.build(
        configFrom(rabbitmqSchema, {
          url: `amqp://127.0.0.1:${proxy.port}`,
          exchange,
          routing_key: 'conf.{subject}',
          timeout: `${timeoutMs}ms`,
        }),
        context,
      ),
    received: ids,
    // A consumer deduplicates by message id.
    held: async () => [
      ...new Map(
        (await observer.received(queue)).map((message) => [String(message.properties.messageId), eventId(message)]),
      ).values(),
    ],
    async refuse(on) {
      const channel = await observer.channel()
      if (on) await channel.deleteExchange(exchange)
      else await channel.assertExchange(exchange, 'topic')
      if (!on) await bind(true)
    },
    slow: (on) => Promise.resolve(proxy.hold(on)),
    disconnectAfter: (events) => Promise.resolve(proxy.cutAfter(events, exchange)),
    async fail(failing) {
      const channel = await observer.channel()
      await bind(failing.size === 0)
      for (const { id } of numberedEvents(24, 'p'))
        if (failing.size > 0 && !failing.has(id)) await channel.bindQueue(queue, exchange, `conf.${id}`)
    },
    poison: () => Promise.resolve(),
    poisoned: (event) => ({ ...event, data: Buffer.from(JSON.stringify('x'.repeat(largest))) }),
    async duplicateAck() {
      const other = await rabbitmq.build(
        configFrom(rabbitmqSchema, { url: server.url, exchange, routing_key: 'conf.{subject}' }),
        testContext(),
      )
      await deliverAll(other, numberedEvents(20, 'u'))
      await other.close()
    },
    restart: () => server.restart(),
    async stop() {
      await proxy.close()
      const channel = await observer.channel()
      await channel.deleteQueue(queue)
      await channel.deleteExchange(exchange)
    },
  }
}

sinkConformance(
  'rabbitmq',
  { accepts: rabbitmq.accepts, idempotency: rabbitmq.idempotency, start: startOther },
  { system: 'rabbitmq', server: program.name, version: () => observer.version() },
)

type Written = WrittenConfigOf<typeof rabbitmqSchema>

async function sinkFor(written: Partial<Written>): Promise<Sink> {
  const sink = await rabbitmq.build(
    configFrom(rabbitmqSchema, { url: server.url, timeout: '5s', ...written }),
    testContext(),
  )
  onTestFinished(() => sink.close())
  return sink
}

/** What becomes of three events, in words. */
async function outcome(sink: Sink): Promise<string> {
  const failures = await sink.send(eventBatch(numberedEvents(3, 'e'), 't'), never)
  expect(failures.map(({ is }) => is)).toEqual(failures.length === 0 ? [] : ['retry', 'retry', 'retry'])
  return failures[0]?.reason ?? 'stored'
}

test('a message to a plain client: attributes in headers, data as body, persistent, with an id', async () => {
  const { exchange, queue } = await place(['weir.audit.io_weir_test'])
  const sink = await sinkFor({ exchange })
  const [event] = numberedEvents(1, 'e')
  expect(
    await sink.send(
      eventBatch(
        [{ ...event!, subject: 'grün und/blau', extensions: { n: 7 }, family: 'audit', time: Date.UTC(2024, 4, 1) }],
        't',
      ),
      never,
    ),
  ).toEqual([])
  const [message] = await observer.received(queue)
  expect(message?.properties).toMatchObject({
    contentType: 'application/json',
    deliveryMode: 2,
    messageId: expect.stringMatching(/^[\w-]{43}$/) as string,
  })
  expect(message?.properties.headers).toEqual({
    'cloudEvents:specversion': '1.0',
    'cloudEvents:id': 'e0',
    'cloudEvents:source': '/conformance',
    'cloudEvents:type': 'io.weir.test',
    'cloudEvents:subject': 'grün und/blau',
    'cloudEvents:time': '2024-05-01T00:00:00.000Z',
    'cloudEvents:n': '7',
    'cloudEvents:weirfamily': 'audit',
    family: 'audit',
    type: 'io.weir.test',
  })
  expect(message?.content.toString()).toBe('{"number":0}')
})

test('rabbitmq: one poison in 1,000 is one dead letter with the reason of the server', async () => {
  const { exchange, queue } = await place(['k'])
  const sink = await sinkFor({ exchange, routing_key: 'k', timeout: '30s' })
  const events = numberedEvents(1000, 'n').map(({ key: _, ...event }) =>
    event.id === 'n500' ? { ...event, data: Buffer.from(JSON.stringify('x'.repeat(largest))) } : event,
  )
  const failures = await sink.send(eventBatch(events, 't'), never)
  expect(failures.map(({ index, is }) => [index, is])).toEqual([[500, 'reject']])
  expect(failures[0]?.reason).toBe(`exceeds the limit of the server (max_message_size, ${largest} bytes)`)
  const stored = new Set((await observer.received(queue)).map(eventId))
  expect(stored.size).toBe(999)
  expect(stored.has('n500')).toBe(false)
})

test('missing exchanges, queues, streams and bindings are created if configured; existing ones stay', async () => {
  for (const queueType of ['quorum', 'classic', 'stream'] as const) {
    const names = {
      exchange: `made-${queueType}`,
      declare: { queue: `made-${queueType}`, queue_type: queueType },
    } as const
    const sink = await sinkFor(names)
    expect(await sink.probe?.(never)).toMatchObject({
      is: 'ok',
      message: expect.stringContaining('is created at the start') as string,
    })
    const { batch } = flowBatch(2, 't')
    expect(await sink.send(batch, never)).toEqual([])
    expect(await sink.probe?.(never)).toMatchObject({
      is: 'ok',
      message: expect.stringContaining('and queue made-') as string,
    })
    expect(
      await outcome(await sinkFor({ ...names, declare: { queue: `made-${queueType}`, queue_type: 'classic' } })),
    ).toBe('stored')
  }
  expect(await server.ctl('list_queues', 'name', 'type', 'durable')).toMatch(/made-quorum\s+quorum\s+true/)
})

test('the default exchange routes by queue name; without a queue or exchange nothing is lost', async () => {
  const { exchange, queue } = await place([])
  expect(await outcome(await sinkFor({ exchange: 'amq.default', routing_key: queue }))).toBe('stored')
  expect(await outcome(await sinkFor({ exchange: 'amq.default', routing_key: 'nobody' }))).toBe(
    'no queue nobody; create it, or correct `routing_key`',
  )
  const sink = await sinkFor({ exchange, routing_key: '' })
  expect(await outcome(sink)).toBe(
    `no queue of exchange ${exchange} matches routing key ""; bind a queue to the exchange, or correct \`routing_key\``,
  )
  await (await observer.channel()).bindQueue(queue, exchange, '')
  expect(await outcome(sink)).toBe('stored')
  expect(await outcome(await sinkFor({ exchange: 'nowhere' }))).toMatch(
    /^no exchange nowhere in vhost \/ of RabbitMQ; create it.*`declare`$/,
  )
})

test('a full queue that rejects makes the sink wait', async () => {
  const channel = await observer.channel()
  await channel.assertQueue('full', { maxLength: 1, overflow: 'reject-publish' })
  const sink = await sinkFor({ exchange: 'amq.default', routing_key: 'full' })
  await expect.poll(() => outcome(sink)).toMatch(/rejected the message \(nack\): a queue is full/)
  await channel.deleteQueue('full')
  await channel.assertQueue('full')
  await deliverAll(sink, numberedEvents(3, 'e'))
})

test('while the server has an alarm publishing pauses with a report, and resumes afterwards', async () => {
  const { exchange, queue } = await place(['alarm'])
  const sink = await sinkFor({ exchange, routing_key: 'alarm', timeout: '1h' })
  await deliverAll(sink, numberedEvents(1, 'before'))
  await server.ctl('set_vm_memory_high_watermark', 'absolute', '1MB')
  try {
    // An hour: every event gets the alarm itself, and none waits for its timeout.
    expect(await outcome(sink)).toMatch(/RabbitMQ blocks publishers \(low on memory\); free memory/)
    expect(await outcome(sink)).toMatch(/blocks publishers/)
  } finally {
    await server.ctl('set_vm_memory_high_watermark', 'absolute', '1GB')
  }
  await deliverAll(sink, numberedEvents(6, 'after'))
  expect((await observer.received(queue)).map(eventId)).toEqual(
    expect.arrayContaining(['before0', ...numberedEvents(6, 'after').map(({ id }) => id)]),
  )
})

test('a silent server is abandoned after two heartbeats, and its connection closed', async () => {
  const { exchange } = await place(['k'])
  const proxy = await cutProxy(server.port)
  onTestFinished(() => proxy.close())
  const sink = await sinkFor({
    url: `amqp://127.0.0.1:${proxy.port}`,
    exchange,
    routing_key: 'k',
    heartbeat: '1s',
    timeout: '1h',
  })
  await deliverAll(sink, numberedEvents(1, 'before'))
  proxy.hold(true)
  // An hour: only the heartbeat of client or server can end this.
  expect(await outcome(sink)).toMatch(/is lost \((?:Heartbeat timeout|Unexpected close)/)
  proxy.hold(false)
  await deliverAll(sink, numberedEvents(3, 'after'))
})

test('a megabyte is delivered, and with oversize: patch-only a larger change is sent as a patch', async () => {
  const { exchange, queue } = await place(['change'])
  const sink = await sinkFor({ exchange, routing_key: 'change', oversize: 'patch-only' })
  const state = (bytes: number, word: string): object => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'large' },
    data: { large: 'x'.repeat(bytes), word },
  })
  const updated = (bytes: number): ChangeData => ({
    cluster: 'c1',
    group: '',
    version: 'v1',
    kind: 'ConfigMap',
    resource: 'configmaps',
    namespace: 'shop',
    name: 'large',
    uid: `u-${bytes}`,
    resourceVersion: '2',
    operation: 'updated',
    old: state(bytes, 'one'),
    new: state(bytes, 'two'),
    patch: [{ op: 'replace', path: '/data/word', value: 'two' }],
  })
  expect(
    await sink.send(
      eventBatch(
        [2 ** 20, 2 ** 21].map((bytes) => changeEvent(updated(bytes), 1_700_000_000_000)),
        't',
      ),
      never,
    ),
  ).toEqual([])
  const bodies = (await observer.received(queue)).map(
    ({ content }) => JSON.parse(content.toString()) as { reduced?: boolean; new: unknown; patch: unknown },
  )
  expect(bodies.find(({ reduced }) => reduced === true)).toMatchObject({ new: null, patch: [{ path: '/data/word' }] })
  expect(bodies.find(({ reduced }) => reduced !== true)?.new).toEqual(state(2 ** 20, 'two'))
})

test('users, virtual hosts and rights: each refusal names the correction', async () => {
  const { exchange } = await place(['k'])
  const common = { exchange, routing_key: 'k' }
  const auth = { type: 'user', user: 'weir', password: 'pass word' } as const
  expect(await outcome(await sinkFor({ ...common, auth }))).toBe('stored')
  expect(await outcome(await sinkFor({ ...common, auth: { ...auth, password: 'wrong' } }))).toMatch(
    /rejected the login \(ACCESS_REFUSED.*correct `auth`$/,
  )
  expect(await outcome(await sinkFor({ exchange: 'made', vhost: 'shop/prod', declare: { queue: 'made' } }))).toBe(
    'stored',
  )
  expect(await outcome(await sinkFor({ ...common, vhost: 'shop/prod', auth }))).toMatch(
    /vhost shop\/prod is not accessible; create it, grant the user access/,
  )
  expect(await outcome(await sinkFor({ ...common, vhost: 'nowhere' }))).toMatch(/vhost nowhere is not accessible/)
  await server.ctl('set_permissions', 'weir', '.*', '^other', '.*')
  expect(await outcome(await sinkFor({ ...common, auth }))).toMatch(
    /denies publishing to exchange-\d+ \(.*grant the user write permission/,
  )
  await server.ctl('set_permissions', 'weir', '.*', '.*', '.*')
  expect(await outcome(await sinkFor({ url: 'amqp://127.0.0.1:1', fallback_urls: [server.url], ...common }))).toBe(
    'stored',
  )
  expect(await (await sinkFor({ url: 'amqp://127.0.0.1:1' })).probe?.(never)).toMatchObject({
    is: 'fail',
    message: expect.stringContaining("can't be reached") as string,
  })
})

test('a password that changes is read again without a new start, and nothing is lost meanwhile', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'weir-rabbit-secret-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const [file, { exchange, queue }] = [join(dir, 'password'), await place(['k'])]
  await writeFile(file, 'first\n')
  const sink = await sinkFor({
    exchange,
    routing_key: 'k',
    auth: { type: 'user', user: 'rotated', password: `file:${file}` },
  })
  await deliverAll(sink, numberedEvents(3, 'a'))
  await server.ctl('change_password', 'rotated', 'second')
  await server.ctl('close_all_user_connections', 'rotated', 'the password changed')
  await expect.poll(() => outcome(sink)).toMatch(/rejected the login/)
  await writeFile(file, 'second\n')
  await deliverAll(sink, numberedEvents(3, 'b'))
  expect(new Set((await observer.received(queue)).map(eventId))).toEqual(new Set(['a0', 'a1', 'a2', 'b0', 'b1', 'b2']))
})

test('over TLS the authority and the name are verified, and a known client certificate logs in', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'weir-rabbit-tls-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const at = (name: string): string => join(dir, name)
  const { server: serverCertificate, weirCertificate, stranger } = certificates
  for (const [name, text] of Object.entries({
    ca: serverCertificate.cert,
    cert: weirCertificate.cert,
    key: weirCertificate.key,
    other: stranger.cert,
    otherKey: stranger.key,
  }))
    await writeFile(at(name), text)
  const { exchange } = await place(['k'])
  const url = `amqps://127.0.0.1:${server.tlsPort}`
  const tried = async (written: Partial<Written>): Promise<string> =>
    outcome(await sinkFor({ url, exchange, routing_key: 'k', ...written }))
  expect(await tried({ tls: { ca_file: at('ca') } })).toBe('stored')
  expect(await tried({ url: `amqp://127.0.0.1:${server.tlsPort}`, tls: { ca_file: at('ca') } })).toBe('stored')
  expect(await tried({})).toMatch(/can't be reached \(.*self-signed certificate/)
  expect(await tried({ tls: { ca_file: at('ca'), server_name: 'other.example' } })).toMatch(
    /can't be reached \(.*does not match certificate/,
  )
  expect(await tried({ url: `amqps://127.0.0.1:${server.port}`, tls: { ca_file: at('ca') } })).toMatch(
    /does not support TLS .*use amqp:/,
  )
  const external = { type: 'external' } as const
  expect(await tried({ auth: external, tls: { ca_file: at('ca'), cert_file: at('cert'), key_file: at('key') } })).toBe(
    'stored',
  )
  expect(
    await tried({ auth: external, tls: { ca_file: at('ca'), cert_file: at('other'), key_file: at('otherKey') } }),
  ).toMatch(/may not trust the client certificate: see `tls\.cert_file`/)
})

test('weir bus check reads back through a temporary queue, and a queue that is missing is still noticed', async () => {
  const check = async (written: Partial<Written>): Promise<Finding[]> => [
    ...(await checkBus(
      {
        type: 'rabbitmq',
        settings: configFrom(rabbitmqSchema, { url: server.url, routing_key: 'k', ...written }),
        notes: [],
      },
      { write: true, mayCreate: false, stepMs: 10_000 },
    )),
  ]
  const findingTexts = (findings: readonly Finding[]): string[] =>
    findings.map(({ check: step, status }) => `${step} ${status}`)
  for (const type of ['direct', 'topic', 'fanout', 'headers']) {
    const { exchange, queue } = await place(['k'], type)
    expect(findingTexts(await check({ exchange })), type).toEqual(['connect ok', 'write ok', 'read ok'])
    // Sent once more for the reading, with the same id.
    const ids = (await observer.received(queue)).map(eventId)
    expect([ids.length, new Set(ids).size], type).toEqual([2, 1])
  }
  // Its own are gone with their connections.
  await expect
    .poll(() => server.ctl('list_queues', 'name'), { timeout: 20_000, interval: 500 })
    .not.toContain('amq.gen')
  const { exchange } = await place([])
  expect((await check({ exchange })).at(-1)).toMatchObject({
    check: 'write',
    status: 'fail',
    fact: expect.stringContaining('no queue of exchange') as string,
  })
  const { queue } = await place([])
  expect((await check({ exchange: 'amq.default', routing_key: queue })).at(-1)).toMatchObject({
    check: 'read',
    status: 'warn',
    fact: expect.stringContaining('would take it from the consumers') as string,
  })
  expect(await observer.received(queue)).toHaveLength(1)
})

test('weir bus check reports the missing rights of a user that may only write', async () => {
  const { exchange } = await place(['k'])
  await server.ctl('set_permissions', 'weir', '^none$', '.*', '.*')
  onTestFinished(async () => {
    await server.ctl('set_permissions', 'weir', '.*', '.*', '.*')
  })
  const settings = configFrom(rabbitmqSchema, {
    url: server.url,
    routing_key: 'k',
    exchange,
    auth: { type: 'user', user: 'weir', password: 'pass word' },
  })
  const found = async (): Promise<Finding | undefined> =>
    (await checkBus({ type: 'rabbitmq', settings, notes: [] }, { write: true, mayCreate: false, stepMs: 10_000 })).at(
      -1,
    )
  expect(await found()).toMatchObject({
    check: 'read',
    status: 'warn',
    fact: expect.stringContaining('denies permission to create a queue to listen') as string,
  })
  await server.ctl('set_permissions', 'weir', '.*', '.*', '^none$')
  expect(await found()).toMatchObject({
    check: 'read',
    status: 'warn',
    fact: expect.stringContaining(`denies permission to read messages of exchange ${exchange}`) as string,
  })
})

test('the queue of a source is checked without taking messages', async () => {
  const { queue } = await place(['k'])
  await observer.send(queue, 'one', {})
  const look = async (name: string) =>
    rabbitmqSource.probe?.(configFrom(rabbitmqSourceSchema, { url: server.url, queue: name }), testContext(), never)
  // A queue counts a message a moment after it confirms it.
  await expect
    .poll(() => look(queue))
    .toMatchObject({
      is: 'ok',
      message: expect.stringContaining(`queue ${queue} has 1 messages and 0 consumers`) as string,
    })
  expect(await look('nothing')).toMatchObject({
    is: 'fail',
    message: expect.stringContaining('no queue nothing in vhost /') as string,
  })
  expect(await observer.received(queue)).toHaveLength(1)
})
