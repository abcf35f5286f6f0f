import { credentials, status } from '@grpc/grpc-js'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import http2 from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { TestJournal } from '../../../test/conformance/test-journal.ts'
import { selfSigned, type TestCertificate } from '../../../test/kit/certificate.ts'
import { flowRows, type FlowRow } from '../../../test/kit/flow-rows.ts'
import { flow, records } from '../../codecs/pbflow/testing/messages.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { realHost } from '../../host/index.ts'
import { defaultLimits, type UnitLimits } from '../../ingest/write.ts'
import { decodeBatch } from '../../journal/bodies.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { netobservSchema } from './config.ts'
import { openNetobserv, type NetobservSource } from './source.ts'
import { agentClient, type AgentClient } from './testing/agent.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

interface Running {
  readonly source: NetobservSource
  readonly journal: TestJournal
  readonly rows: () => FlowRow[]
  readonly stop: () => Promise<void>
  readonly connect: (secure?: ReturnType<typeof credentials.createSsl>) => AgentClient
}

async function start(
  written: Partial<WrittenConfigOf<typeof netobservSchema>> = {},
  { limits = {}, context = {} }: { limits?: Partial<UnitLimits>; context?: Partial<SourceContext> } = {},
): Promise<Running> {
  const journal = new TestJournal()
  const source = await openNetobserv(
    configFrom(netobservSchema, { listen: '127.0.0.1:0', wait: '100ms', ...written }),
    { ...journal.context(1), ...context },
    { ...defaultLimits, ...limits },
  )
  const abort = new AbortController()
  const done = source.run(abort.signal)
  const stop = async (): Promise<void> => {
    journal.release()
    abort.abort()
    await done
  }
  cleanups.push(stop)
  const connect = (secure?: ReturnType<typeof credentials.createSsl>): AgentClient => {
    const client = agentClient(source.addresses[0] ?? '', secure)
    cleanups.push(() => client.close())
    return client
  }
  const rows = (): FlowRow[] =>
    journal.units.flatMap((unit) =>
      unit.kind === 'flows' ? flowRows(decodeBatch('flows', unit.raw) as FlowBatch) : [],
    )
  return { source, journal, rows, connect, stop }
}

const many = (count: number): Buffer => records(...Array.from({ length: count }, () => flow()))

test('a large message becomes several units, and is accepted when all are synced', async () => {
  const { rows, journal, connect, source } = await start({ wait: '30s' }, { limits: { rows: 300, inFlight: 2 } })
  expect(await connect().send(many(1000))).toMatchObject({ code: status.OK })
  expect(rows()).toHaveLength(1000)
  expect(journal.units.map(({ count }) => count)).toEqual([300, 300, 300, 100])
  expect(source.status().exporters).toMatchObject([{ address: '127.0.0.1', rows: 1000, datagrams: 1 }])
})

test('flows that the journal does not take in time are rejected and counted, and later ones are accepted', async () => {
  const { journal, connect, rows, source } = await start({}, { limits: { rows: 10, inFlight: 1 } })
  const agent = connect()
  journal.refuse()
  expect(await agent.send(many(5))).toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
    details: expect.stringContaining('5 flows') as string,
  })
  expect(journal.shed).toEqual({ journal_full: 5 })
  journal.hold()
  const waiting = agent.send(many(5))
  await expect.poll(() => journal.waiting).toBe(1)
  expect(await agent.send(many(7))).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
  expect(journal.shed).toEqual({ journal_full: 5, journal_behind: 7 })
  journal.release()
  expect(await waiting).toMatchObject({ code: status.OK })
  expect(rows()).toHaveLength(5)
  expect(source.status().exporters).toMatchObject([{ rejected: 12 }])
})

test('a message with some malformed flows is accepted without them', async () => {
  const { journal, connect, rows } = await start()
  expect(await connect().send(records(flow(), Buffer.from('0b', 'hex'), flow()))).toMatchObject({ code: status.OK })
  expect([rows().length, journal.shed]).toEqual([2, { malformed: 1 }])
  expect(await connect().send(Buffer.from([0xff]))).toMatchObject({ code: status.INVALID_ARGUMENT })
})

test('agents outside `allow`, and messages above `max_message`, are rejected', async () => {
  const { connect, journal } = await start({ allow: ['10.0.0.0/8'] })
  expect(await connect().send(many(1))).toMatchObject({ code: status.PERMISSION_DENIED })
  expect(journal.shed).toEqual({ not_allowed: 1 })
  const small = await start({ max_message: '64KiB' })
  expect(await small.connect().send(many(2000))).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
  expect(small.rows()).toEqual([])
})

test('a message waits while others use the memory for decoding, and is rejected after `wait`', async () => {
  const host = realHost()
  host.memory.capacity = 4 << 20
  const { connect, journal, rows } = await start({}, { context: { host } })
  const others = [host.memory.reserve(3 << 20), host.memory.reserve(1 << 19)]
  expect(await connect().send(many(3))).toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
    details: expect.stringContaining('in use by other requests') as string,
  })
  expect([rows().length, journal.shed]).toEqual([0, { busy: 1 }])
  const patient = await start({ wait: '30s' }, { context: { host } })
  const answer = patient.connect().send(many(3))
  await expect.poll(() => patient.source.status().exporters).toHaveLength(1)
  for (const lease of others) lease.release()
  expect(await answer).toMatchObject({ code: status.OK })
  expect(await connect().send(new Uint8Array(5 << 20))).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
  expect(journal.shed).toEqual({ busy: 1, too_large: 1 })
})

test('a client that never reads holds up no other agent and no stop, and its open calls are bounded', async () => {
  const { source, rows, connect, stop } = await start({ wait: '200ms' })
  const address = source.addresses[0]?.slice('grpc://'.length) ?? ''
  // Its windows are closed, so that no response can be written.
  const client = http2.connect(`http://${address}`, {
    settings: { initialWindowSize: 0 },
  })
  client.on('error', () => undefined)
  cleanups.push(() => client.destroy())
  const message = many(10)
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  for (let call = 0; call < 200; call++) {
    const stream = client.request({
      ':method': 'POST',
      ':path': '/pbflow.Collector/Send',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    stream.on('error', () => undefined)
    stream.end(Buffer.concat([head, message]))
  }
  await expect.poll(() => rows().length).toBeGreaterThanOrEqual(640)
  expect(await connect().send(many(1))).toMatchObject({ code: status.OK })
  // 64 calls of the first client stay open, so that it can begin no other.
  expect(rows()).toHaveLength(641)
  await stop()
  await expect(start({ listen: address })).resolves.toBeDefined()
})

test('an address that is in use is an error that names it', async () => {
  const { source } = await start()
  const address = source.addresses[0]?.slice('grpc://'.length) ?? ''
  await expect(start({ listen: address })).rejects.toThrow(`TCP ${address} is in use`)
})

async function certificates(own: TestCertificate): Promise<{ readonly cert_file: string; readonly key_file: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-netobserv-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  const paths = { cert_file: join(folder, 'tls.crt'), key_file: join(folder, 'tls.key') }
  await writeFile(paths.cert_file, own.cert)
  await writeFile(paths.key_file, own.key)
  return paths
}

test('with TLS a client certificate is required if configured', async () => {
  const own = selfSigned()
  const paths = await certificates(own)
  const [ca, key, cert] = [own.cert, own.key, own.cert].map((pem) => Buffer.from(pem)) as [Buffer, Buffer, Buffer]
  const open = await start({ tls: paths })
  expect(open.source.addresses[0]).toMatch(/^grpcs:/)
  expect(await open.connect(credentials.createSsl(ca)).send(many(1))).toMatchObject({ code: status.OK })
  expect(await open.connect().send(many(1))).toMatchObject({ code: status.UNAVAILABLE })
  const closed = await start({ tls: { ...paths, client_ca_file: paths.cert_file } })
  expect(await closed.connect(credentials.createSsl(ca)).send(many(1))).toMatchObject({ code: status.UNAVAILABLE })
  expect(await closed.connect(credentials.createSsl(ca, key, cert)).send(many(1))).toMatchObject({ code: status.OK })
  expect(closed.rows()).toHaveLength(1)
})

test('a renewed certificate applies to later connections', async () => {
  const [first, second] = [selfSigned('first'), selfSigned('second')]
  const paths = await certificates(first)
  const real = realHost()
  const timers = { ...real.timers, sleep: (_: number, signal?: AbortSignal) => real.timers.sleep(5, signal) }
  const { connect } = await start({ tls: paths }, { context: { host: { ...real, timers } } })
  const trusted = async ({ cert }: TestCertificate): Promise<boolean> => {
    const client = connect(credentials.createSsl(Buffer.from(cert)))
    const { code } = await client.send(many(1))
    client.close()
    return code === status.OK
  }
  expect([await trusted(first), await trusted(second)]).toEqual([true, false])
  await writeFile(paths.cert_file, second.cert)
  await writeFile(paths.key_file, second.key)
  await expect.poll(() => trusted(second), { timeout: 20_000 }).toBe(true)
})
