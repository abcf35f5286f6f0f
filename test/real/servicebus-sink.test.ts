// Sink `azure-servicebus` against a stand-in that speaks AMQP 1.0 as the service does: the service itself can't be had
// here.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import rhea, { type Message } from 'rhea'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { launch } from '../../src/cli/testing/launch.ts'
import { decodeEnvelope } from '../../src/codecs/kollect/index.ts'
import { serviceBusSchema } from '../../src/connectors/azure-servicebus/config.ts'
import { sink as serviceBus } from '../../src/connectors/azure-servicebus/sink.ts'
import type { Context, Sink } from '../../src/engine/contracts.ts'
import type { WeirEvent } from '../../src/model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { eventBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { cutProxy } from '../conformance/cut-proxy.ts'
import { deliverAll, settle } from '../conformance/deliver.ts'
import { sinkConformance, type OtherSide } from '../conformance/sink.ts'
import { selfSigned } from '../kit/certificate.ts'
import { checkBus } from '../../src/cli/bus-check.ts'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { anyChanges, changeEvent } from '../kit/changes.ts'
import { startServiceBus, type ServiceBus } from '../kit/service-bus.ts'
import { startEntra, type Entra } from '../kit/entra.ts'
import { startWeir } from '../kit/weir-process.ts'
import { sasToken } from '../kit/service-bus-token.ts'

const never = new AbortController().signal
let server: ServiceBus
let named = 0

beforeAll(async () => {
  // So that no test's time goes into loading it.
  await import('@azure/service-bus')
  server = await startServiceBus()
})
afterAll(() => server.stop())

type Written = Partial<WrittenConfigOf<typeof serviceBusSchema>>
const secretName = 'WEIR_TEST_SERVICEBUS'

function sinkTo(
  entity: string,
  written: Written = {},
  port = server.port,
  context: Context = testContext(),
): Promise<Sink> {
  process.env[secretName] = server.connectionString(port)
  return serviceBus.build(
    configFrom(serviceBusSchema, { connection_string: `env:${secretName}`, entity, timeout: '5s', ...written }),
    context,
  )
}

const ended = (sink: Sink): Sink => {
  onTestFinished(() => sink.close())
  return sink
}
const idOf = ({ application_properties: properties }: Message): string => String(properties?.['cloudEvents:id'])

async function startOther(sessions: boolean): Promise<OtherSide> {
  const name = `conformance-${++named}`
  const entity = server.queue(name, { sessions })
  const proxy = await cutProxy(server.port)
  // A connection takes a dozen round trips, which on a busy machine exceed the shortest timeouts.
  const build: OtherSide['build'] = (context, timeoutMs) =>
    sinkTo(name, { sessions, timeout: `${Math.max(timeoutMs, 2000)}ms` }, proxy.port, context)
  const received = (): Promise<string[]> => Promise.resolve(entity.taken.map(idOf))
  return {
    build,
    received,
    // What a consumer, or duplicate detection, knows by the message id.
    held: () =>
      Promise.resolve([
        ...new Map(entity.taken.map((message) => [String(message.message_id), idOf(message)])).values(),
      ]),
    refuse: (on) => Promise.resolve(on ? server.drop(name) : server.restore(name)),
    slow: (on) => Promise.resolve(proxy.hold(on)),
    disconnectAfter: (events) => Promise.resolve(proxy.cutAfter(events, '"number"')),
    poison: () => Promise.resolve(),
    poisoned: (event) => ({ ...event, data: Buffer.from(JSON.stringify('x'.repeat(300_000))) }),
    async duplicateAck() {
      const other = await build(testContext(), 10_000)
      await deliverAll(other, numberedEvents(20, 'u'))
      await other.close()
    },
    restart: () => server.restart(),
    stop: () => proxy.close(),
  }
}

for (const sessions of [false, true]) {
  sinkConformance(
    sessions ? 'azure-servicebus sessions' : 'azure-servicebus',
    { accepts: serviceBus.accepts, idempotency: serviceBus.idempotency, start: () => startOther(sessions) },
    {
      system: 'azure-servicebus',
      server: 'server of AMQP 1.0',
      standIn: true,
      part: sessions ? 'sessions' : 'queues',
      ...(sessions ? {} : { unordered: true }),
    },
  )
}

test('an AMQP client gets attributes as application properties, data as body, id and session', async () => {
  const name = `plain-${++named}`
  server.queue(name, { sessions: true })
  const sink = ended(await sinkTo(name, { sessions: true, time_to_live: '1h' }))
  const [event] = numberedEvents(1, 'e')
  const events: WeirEvent[] = [
    {
      ...event!,
      key: 'a key',
      subject: 'grün und/blau',
      extensions: { n: 7 },
      family: 'audit',
      time: Date.UTC(2024, 4, 1),
    },
  ]
  expect(await sink.send(eventBatch(events, 't'), never)).toEqual([])
  const message = await plainRead(name, 'a key')
  expect(message['application_properties']).toEqual({
    'cloudEvents:specversion': '1.0',
    'cloudEvents:id': 'e0',
    'cloudEvents:source': '/conformance',
    'cloudEvents:type': 'io.weir.test',
    'cloudEvents:subject': 'grün und/blau',
    'cloudEvents:partitionkey': 'a key',
    'cloudEvents:time': '2024-05-01T00:00:00.000Z',
    'cloudEvents:n': '7',
    'cloudEvents:weirfamily': 'audit',
    family: 'audit',
    type: 'io.weir.test',
  })
  expect(message).toMatchObject({
    content_type: 'application/json',
    group_id: 'a key',
    ttl: 3_600_000,
    message_id: expect.stringMatching(/^[\w-]{43}$/) as string,
    body: { typecode: 0x75, content: Buffer.from('{"number":0}') },
  })
})

/** Reads the first message of a session with nothing but AMQP: shows a token, attaches, takes one. */
function plainRead(name: string, session: string): Promise<Readonly<Record<string, unknown>>> {
  const { promise, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>()
  const audience = `sb://127.0.0.1:${server.port}/${name}`
  const connection = rhea
    .create_container()
    .connect({ host: '127.0.0.1', port: server.port, reconnect: false, username: 'anonymous' })
  const answers = connection.open_receiver({ source: { address: '$cbs' } })
  const login = connection.open_sender({ target: { address: '$cbs' } })
  login.once('sendable', () => {
    const body = sasToken(
      audience,
      server.keyName,
      server.keys.get(server.keyName) ?? '',
      Math.floor(Date.now() / 1000) + 60,
    )
    login.send({
      message_id: 1,
      reply_to: 'me',
      application_properties: { operation: 'put-token', type: 'servicebus.windows.net:sastoken', name: audience },
      body,
    })
  })
  answers.once('message', ({ message }) => {
    if (message?.application_properties?.['status-code'] !== 202)
      return reject(new Error(String(message?.application_properties?.['status-description'])))
    const reader = connection.open_receiver({
      source: { address: name, filter: { 'com.microsoft:session-filter': session } },
    } as unknown as Parameters<typeof connection.open_receiver>[0])
    reader.once('message', ({ message: found }) => {
      resolve(found as Readonly<Record<string, unknown>>)
      connection.close()
    })
  })
  connection.once('disconnected', ({ error }) => {
    reject(error ?? new Error('disconnected'))
  })
  return promise
}

test('structured mode sends one CloudEvent in JSON; codec kollect sends the envelope, key and subject', async () => {
  const name = `forms-${++named}`
  const entity = server.queue(name)
  const [event] = numberedEvents(1, 'e')
  expect(await ended(await sinkTo(name, { mode: 'structured' })).send(eventBatch([event!], 't'), never)).toEqual([])
  expect(entity.taken[0]).toMatchObject({
    content_type: 'application/cloudevents+json; charset=utf-8',
    application_properties: { family: 'event', type: 'io.weir.test' },
  })
  const changes = anyChanges(3, 20, 'c1').map((change, index) => changeEvent(change, index))
  expect(
    await ended(await sinkTo(name, { codec: 'kollect', mode: 'raw', partition_key: true })).send(
      eventBatch(changes, 't'),
      never,
    ),
  ).toEqual([])
  for (const { body, application_properties: properties, message_annotations: annotations } of entity.taken.slice(1)) {
    const { payload } = decodeEnvelope((body as { content: Buffer }).content)
    if (payload.is === 'unknown') throw new Error(payload.typeUrl)
    expect((annotations as Record<string, string>)['x-opt-partition-key']).toContain(payload.uid)
    expect(properties).toMatchObject({
      cluster: payload.clusterId,
      kind: payload.kind,
      name: payload.name,
      family: 'change',
    })
  }
  expect(entity.taken).toHaveLength(1 + changes.length)
})

test('a refused key is reported with the remedy and reloaded; pending rows are delivered', async () => {
  const name = `login-${++named}`
  // What Azure's client logs must not reach the console.
  const printed = vi.spyOn(process.stderr, 'write')
  onTestFinished(() => printed.mockRestore())
  const entity = server.queue(name)
  const sink = ended(await sinkTo(name))
  await deliverAll(sink, numberedEvents(5, 'a'))
  const [event] = numberedEvents(1, 'b')
  const before = server.keys.get(server.keyName) ?? ''
  server.keys.set(server.keyName, 'bmV4dA==')
  server.expire()
  /** The eventual message: at first the connection may only seem lost. */
  const rejectionOf = async (events: readonly WeirEvent[]): Promise<string> => {
    for (;;) {
      const { failures } = await settle(sink, eventBatch(events, 't'), never)
      expect(failures.map(({ is }) => is)).toEqual(events.map(() => 'retry'))
      const [{ reason } = { reason: '' }] = failures
      if (!/can't be used/.test(reason)) return reason
    }
  }
  const refused = await rejectionOf([event!])
  expect(refused).toMatch(/^Service Bus rejected the login \(InvalidSignature.*correct `connection_string`/)
  expect(await sink.probe?.(never)).toMatchObject({
    is: 'fail',
    message: expect.stringContaining('rejected the login'),
  })
  expect(refused).not.toContain(before)
  process.env[secretName] = server.connectionString()
  await deliverAll(sink, [event!])
  // A token of another issuer, and an expired one.
  const token = (seconds: number): string =>
    `Endpoint=sb://127.0.0.1:${server.port};UseDevelopmentEmulator=true;SharedAccessSignature=${sasToken(`sb://127.0.0.1:${server.port}/`, server.keyName, 'bmV4dA==', Math.floor(Date.now() / 1000) + seconds)}`
  process.env[secretName] = token(-60)
  server.expire()
  expect(await rejectionOf(numberedEvents(1, 'c'))).toContain('ExpiredToken')
  process.env[secretName] = token(3600)
  await deliverAll(sink, numberedEvents(1, 'c'))
  process.env[secretName] = 'not any of this'
  server.expire()
  expect(await rejectionOf(numberedEvents(1, 'd'))).toContain('invalid `connection_string` for Service Bus')
  expect(entity.taken.map(idOf)).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', 'b0', 'c0'])
  server.keys.set(server.keyName, before)
  expect(printed.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('azure:'))).toEqual([])
})

test('requests are filled by key; a mebibyte passes in tier premium, and larger messages fail alone', async () => {
  const name = `large-${++named}`
  const entity = server.queue(name, { largest: 4 << 20 })
  const sink = ended(await sinkTo(name, { timeout: '20s' }))
  const large = (id: string, bytes: number): WeirEvent => ({
    ...numberedEvents(1, 'x')[0]!,
    id,
    key: id,
    data: Buffer.from(JSON.stringify('x'.repeat(bytes))),
  })
  const events = [large('l1', 1 << 20), large('l2', 4 << 20), large('l3', 3 << 20), ...numberedEvents(10, 'm')]
  expect(await sink.send(eventBatch(events, 't'), never)).toEqual([
    {
      index: 1,
      is: 'reject',
      reason: expect.stringContaining('exceeds the limit (4194304; see `max_message`') as string,
    },
  ])
  expect(entity.taken.map(idOf)).toEqual(['l1', 'l3', ...numberedEvents(10, 'm').map(({ id }) => id)])
  const small = ended(await sinkTo(name, { max_message: '64KiB' }))
  expect(await small.send(eventBatch([large('s1', 100_000)], 't'), never)).toMatchObject([{ is: 'reject' }])
})

test('a message without a session to a queue with sessions is reported with the remedy', async () => {
  const name = `wants-${++named}`
  server.queue(name, { sessions: true })
  expect(
    (await settle(ended(await sinkTo(name)), eventBatch(numberedEvents(3, 'e'), 't'), never)).failures,
  ).toMatchObject([
    { is: 'retry', reason: expect.stringContaining('set `sessions: true`') },
    { is: 'retry' },
    { is: 'retry' },
  ])
})

test('weir bus check connects to azuresb://, writes and peeks a message without affecting consumers', async () => {
  const name = `checked-${++named}`
  const entity = server.queue(name)
  await deliverAll(ended(await sinkTo(name)), numberedEvents(300, 'w'))
  const ran = await launch(['bus', 'check', `azuresb://${name}`, '-o', 'json'], {
    env: { SERVICEBUS_CONNECTION_STRING: server.connectionString() },
  })
  const { checks } = JSON.parse(ran.stdout) as {
    checks: readonly { readonly check: string; readonly status: string }[]
  }
  expect(checks.map(({ check, status }) => `${check} ${status}`)).toEqual([
    'url warn',
    'connect ok',
    'write ok',
    'read ok',
  ])
  expect(entity.left.map(({ lock, deliveries }) => [lock, deliveries])).toEqual(
    Array.from({ length: 301 }, () => [undefined, 0]),
  )
})

test('weir bus check: a queue with sessions is peeked, too; a topic is not, which is reported', async () => {
  const check = async (entity: string, sessions: boolean): Promise<Finding[]> => {
    process.env[secretName] = server.connectionString()
    return [
      ...(await checkBus(
        {
          type: 'azure-servicebus',
          settings: configFrom(serviceBusSchema, { connection_string: `env:${secretName}`, entity, sessions }),
          notes: [],
        },
        { write: true, mayCreate: false, stepMs: 10_000 },
      )),
    ]
  }
  server.queue('checked-sessions', { sessions: true })
  expect((await check('checked-sessions', true)).map(({ check: step, status }) => `${step} ${status}`)).toEqual([
    'connect ok',
    'write ok',
    'read ok',
  ])
  const { taken } = server.subscription('checked-topic', 'one')
  expect((await check('checked-topic', false)).at(-1)).toMatchObject({
    check: 'read',
    status: 'warn',
    fact: expect.stringContaining('for a topic, check its subscriptions') as string,
  })
  expect(taken).toHaveLength(1)
})

test('over TLS, as the service has it: an untrusted certificate is refused', async () => {
  const certificate = selfSigned()
  const secure = await startServiceBus(certificate)
  onTestFinished(() => secure.stop())
  const dir = await mkdtemp(join(tmpdir(), 'weir-servicebus-tls-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  await writeFile(join(dir, 'ca.pem'), certificate.cert)
  const entity = secure.queue('secure')
  const check = async (env: Record<string, string>): Promise<string> =>
    (
      await launch(['bus', 'check', 'azuresb://secure'], {
        env: { SERVICEBUS_CONNECTION_STRING: secure.connectionString(), ...env },
      })
    ).stdout
  expect(await check({})).toMatch(/fail\s+connect.*certificate/)
  expect(await check({ NODE_EXTRA_CA_CERTS: join(dir, 'ca.pem') })).toMatch(/ok\s+write/)
  expect(entity.taken).toHaveLength(1)
})

describe('by Entra ID', () => {
  let [secure, entra, dir] = [undefined, undefined, ''] as [ServiceBus | undefined, Entra | undefined, string]
  beforeAll(async () => {
    const certificate = selfSigned()
    entra = await startEntra()
    secure = await startServiceBus(certificate)
    secure.entra = entra
    dir = await mkdtemp(join(tmpdir(), 'weir-entra-'))
    await writeFile(join(dir, 'ca.pem'), certificate.cert)
  })
  afterAll(async () => {
    await secure?.stop()
    await entra?.close()
    await rm(dir, { recursive: true, force: true })
  })
  const known = (): { secure: ServiceBus; entra: Entra } => ({ secure: secure as ServiceBus, entra: entra as Entra })

  test('by application secret, service account token or machine identity; refusals name the credential', async () => {
    const { secure: bus, entra: authority } = known()
    bus.queue('entra')
    const run = async (
      auth: object,
      env: Record<string, string> = {},
    ): Promise<{ readonly check: string; readonly status: string; readonly fact: string }[]> => {
      const file = join(dir, 'weir.yaml')
      await writeFile(
        file,
        JSON.stringify({
          sinks: { bus: { type: 'azure-servicebus', namespace: `127.0.0.1:${bus.port}`, entity: 'entra', auth } },
        }),
      )
      const ran = await launch(['bus', 'check', '--config', file, '--sink', 'bus', '-o', 'json'], {
        env: { NODE_EXTRA_CA_CERTS: join(dir, 'ca.pem'), ...env },
      })
      if (ran.stdout === '') throw new Error(ran.stderr)
      return (JSON.parse(ran.stdout) as { checks: Awaited<ReturnType<typeof run>> }).checks
    }
    const checkTexts = (checks: Awaited<ReturnType<typeof run>>): string[] =>
      checks.map(({ check, status }) => `${check} ${status}`)
    const all = ['connect ok', 'write ok', 'read ok']
    const application = {
      type: 'client_secret',
      tenant: authority.tenant,
      client: authority.client,
      secret: 'env:SECRET',
      authority: authority.url,
    }
    expect(checkTexts(await run(application, { SECRET: authority.secret }))).toEqual(all)
    expect(await run(application, { SECRET: 'wrong' })).toMatchObject([
      {
        check: 'connect',
        status: 'fail',
        fact: expect.stringMatching(
          /^Entra ID returned no token \(HTTP 401, invalid_client, AADSTS7000215: Invalid client secret provided\); correct `auth`$/,
        ) as string,
      },
    ])
    await writeFile(join(dir, 'token'), `${authority.assertion}\n`)
    const given = {
      AZURE_TENANT_ID: authority.tenant,
      AZURE_CLIENT_ID: authority.client,
      AZURE_FEDERATED_TOKEN_FILE: join(dir, 'token'),
      AZURE_AUTHORITY_HOST: authority.url,
    }
    expect(checkTexts(await run({ type: 'workload_identity' }, given))).toEqual(all)
    expect(checkTexts(await run({ type: 'managed_identity', address: authority.url }))).toEqual(all)
    expect(new Set(authority.received)).toEqual(new Set(['client_secret', 'refused', 'client_assertion', 'machine']))
    // Service Bus itself does not take what another one signed.
    const other = await startEntra()
    onTestFinished(() => other.close())
    expect(await run({ type: 'managed_identity', address: other.url })).toMatchObject([
      {
        check: 'connect',
        status: 'fail',
        fact: expect.stringMatching(/rejected the login .*role Azure Service Bus Data Sender/) as string,
      },
    ])
  })

  test('a whole Weir sends and reads, and continues with new tokens and another secret', async () => {
    const { secure: bus, entra: authority } = known()
    // So short that each use wants another.
    authority.lifetime = 20
    const [there, back] = [bus.queue('there'), bus.queue('back')]
    await writeFile(join(dir, 'secret'), authority.secret)
    const common = {
      type: 'azure-servicebus',
      namespace: `127.0.0.1:${bus.port}`,
      auth: {
        type: 'client_secret',
        tenant: authority.tenant,
        client: authority.client,
        secret: `file:${join(dir, 'secret')}`,
        authority: authority.url,
      },
    }
    const weir = await startWeir({
      folder: dir,
      env: { NODE_EXTRA_CA_CERTS: join(dir, 'ca.pem') },
      config: {
        sources: { back: { ...common, entity: 'back' } },
        sinks: {
          there: {
            ...common,
            entity: 'there',
            from: ['http'],
            delivery: { retry_initial: '50ms', retry_max: '200ms' },
          },
        },
      },
    })
    onTestFinished(async () => {
      await weir.stop()
    })
    const send = (id: string): Promise<unknown> =>
      weir.post(
        '/events',
        { specversion: '1.0', id, source: '/test', type: 'numbered' },
        'application/cloudevents+json',
      )
    const patience = { timeout: 30_000, interval: 50 }
    await send('1')
    await expect.poll(() => there.taken.map(idOf), patience).toEqual(['1'])
    // The secret changes, and Service Bus closes all connections: only the new one gets a token.
    authority.secret = 'another'
    const before = authority.received.filter((how) => how === 'refused').length
    bus.expire()
    await send('2')
    await expect
      .poll(() => authority.received.filter((how) => how === 'refused').length, patience)
      .toBeGreaterThan(before)
    await writeFile(join(dir, 'secret'), 'another')
    await expect.poll(() => [...new Set(there.taken.map(idOf))], patience).toEqual(['1', '2'])
    const [first] = there.taken as [Message]
    back.put({ ...first, application_properties: { ...first.application_properties, 'cloudEvents:id': 'read' } })
    await expect
      .poll(() => weir.sql('SELECT id FROM events ORDER BY id'), patience)
      .toEqual([{ id: '1' }, { id: '2' }, { id: 'read' }])
    await expect.poll(() => back.left, patience).toEqual([])
  })
})

test('a host that accepts connections and stays silent is abandoned in time, and nothing stays open', async () => {
  const open = new Set<Socket>()
  const silent = createServer((socket) => {
    open.add(socket)
    socket
      .resume()
      .on('error', () => undefined)
      .on('close', () => open.delete(socket))
  })
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    silent.close()
  })
  const sink = ended(await sinkTo('anything', { timeout: '300ms' }, (silent.address() as AddressInfo).port))
  expect((await settle(sink, eventBatch(numberedEvents(2, 's'), 't'), never)).failures).toMatchObject([
    { is: 'retry', reason: expect.stringContaining('respond within 300 ms') },
    { is: 'retry' },
  ])
  await expect.poll(() => open.size, { timeout: 15_000 }).toBe(0)
})
