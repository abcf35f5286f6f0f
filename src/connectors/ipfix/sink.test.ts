import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { flowBatch, testContext } from '../../../test/conformance/batches.ts'
import { selfSigned } from '../../../test/kit/certificate.ts'
import { freePorts } from '../../../test/kit/free-port.ts'
import { flowSinkBatch } from '../../../test/kit/metric-flows.ts'
import { tcpCollector, udpCollector, type IpfixCollector } from '../../../test/kit/ipfix-collector.ts'
import type { Sink, SinkBatch } from '../../engine/contracts.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { ipfixSchema } from './config.ts'
import { sink as ipfix } from './sink.ts'

const never = new AbortController().signal

async function open(written: WrittenConfigOf<typeof ipfixSchema>, context = testContext()): Promise<Sink> {
  const sink = await ipfix.build(configFrom(ipfixSchema, { elements: 'netobserv', ...written }), context)
  onTestFinished(() => sink.close())
  return sink
}

async function listening(collector: Promise<IpfixCollector>): Promise<IpfixCollector> {
  const opened = await collector
  onTestFinished(() => opened.close().catch(() => undefined))
  return opened
}

/** Source ports, which number the rows of `flowBatch`. */
const ports = (collector: IpfixCollector): number[] =>
  collector.records().map(({ fields }) => fields.get('7')?.readUInt16BE(0) ?? -1)

const upTo = (count: number): number[] => Array.from({ length: count }, (_, row) => row)

const batchOf = (count: number): SinkBatch => flowBatch(count, 't').batch

test('over UDP datagrams keep to their size, and sequence numbers count data records', async () => {
  const collector = await listening(udpCollector())
  const sink = await open({ target: `127.0.0.1:${collector.port}`, transport: 'udp', datagram_size: 600 })
  expect(await sink.send(batchOf(100), never)).toEqual([])
  await expect.poll(() => ports(collector).length).toBe(100)
  expect(ports(collector)).toEqual(upTo(100))
  const { messages } = collector
  expect(messages.slice(0, 3).map(({ templates }) => templates)).toEqual([[256], [257], []])
  expect(Math.max(...messages.map(({ bytes }) => bytes))).toBeLessThanOrEqual(600)
  let before = 0
  for (const { sequence, records } of messages) {
    expect(sequence).toBe(before)
    before += records.length
  }
  expect(collector.problems).toEqual([])
})

test('over UDP templates are repeated after each interval', async () => {
  const collector = await listening(udpCollector())
  const context = testContext()
  let now = 0
  const clock = { now: () => 1_700_000_000_000 + now, monotonic: () => now }
  const sink = await open(
    { target: `127.0.0.1:${collector.port}`, transport: 'udp', template_interval: '30s' },
    { ...context, host: { ...context.host, clock } },
  )
  for (const time of [0, 29_000, 31_000, 59_000, 61_000]) {
    now = time
    expect(await sink.send(batchOf(1), never)).toEqual([])
  }
  await expect.poll(() => collector.messages.length).toBe(11)
  expect(collector.messages.map(({ templates }) => templates.length)).toEqual([1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0])
  expect(collector.messages.map(({ seconds }) => seconds - 1_700_000_000)).toEqual([
    0, 0, 0, 29, 31, 31, 31, 59, 61, 61, 61,
  ])
})

test.each(['udp', 'tcp'] as const)(
  'over %s the options template precedes the first sampled flow',
  async (transport) => {
    const collector = await listening(transport === 'udp' ? udpCollector() : tcpCollector())
    const sink = await open({ target: `127.0.0.1:${collector.port}`, transport })
    const flow = { SrcAddr: '10.0.0.1', DstAddr: '10.0.0.2', Proto: 6 }
    for (const Sampling of [1, 50, 50])
      expect(await sink.send(flowSinkBatch([{ ...flow, Sampling }], 't'), never)).toEqual([])
    await expect.poll(() => collector.records().length).toBe(3)
    expect(collector.problems).toEqual([])
    const templates = collector.messages.map((message) => message.templates)
    expect(templates.filter((list) => list.includes(258)).length).toBe(1)
    expect(templates.slice(0, 3)).toEqual([[256], [257], []])
  },
)

test('over UDP a refused datagram is retried after the templates', async () => {
  const [port = 0] = await freePorts(1)
  const sink = await open({ target: `127.0.0.1:${port}`, transport: 'udp' })
  const failures = await sink.send(batchOf(5), never)
  expect(failures.map(({ index, is }) => [index, is])).toEqual(upTo(5).map((index) => [index, 'retry']))
  expect(failures[0]?.reason).toMatch(/^udp:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED.*correct `target`$/)
  const collector = await listening(udpCollector({ port }))
  expect(await sink.send(batchOf(5), never)).toEqual([])
  await expect.poll(() => ports(collector)).toEqual(upTo(5))
})

test('over UDP bursts are limited to the configured rate', async () => {
  const collector = await listening(udpCollector())
  const context = testContext()
  let now = 0
  let slept = 0
  const timers = {
    ...context.host.timers,
    sleep: (ms: number): Promise<void> => {
      now += ms
      slept += ms
      return Promise.resolve()
    },
  }
  const sink = await open(
    { target: `127.0.0.1:${collector.port}`, transport: 'udp', datagram_size: 512, datagram_rate: 100 },
    { ...context, host: { ...context.host, timers, clock: { now: () => now, monotonic: () => now } } },
  )
  expect(await sink.send(batchOf(200), never)).toEqual([])
  await expect.poll(() => ports(collector).length).toBe(200)
  const sent = collector.messages.length
  expect(slept).toBeGreaterThanOrEqual((sent - 32) * 10)
  expect(slept).toBeLessThan((sent + 32) * 10)
})

test('case 46: the collector may have an IPv6 address, over UDP and TCP', async () => {
  for (const transport of ['udp', 'tcp'] as const) {
    const collector = await listening(
      transport === 'udp' ? udpCollector({ address: '::1' }) : tcpCollector({ address: '::1' }),
    )
    const sink = await open({ target: `[::1]:${collector.port}`, transport })
    expect(await sink.send(batchOf(3), never)).toEqual([])
    await expect.poll(() => ports(collector)).toEqual(upTo(3))
  }
})

test('over TCP a thousand flows are few messages of at most 64 KiB', async () => {
  const collector = await listening(tcpCollector())
  const sink = await open({ target: `127.0.0.1:${collector.port}` })
  expect(await sink.send(batchOf(1000), never)).toEqual([])
  await expect.poll(() => ports(collector)).toEqual(upTo(1000))
  expect(collector.messages.length).toBeLessThan(5)
  expect(Math.max(...collector.messages.map(({ bytes }) => bytes))).toBeLessThanOrEqual(65_535)
})

/** The flow of one row of a batch. */
function flow(row: number): SinkBatch {
  const batch = batchOf(row + 1)
  return { ...batch, count: 1, pieces: batch.pieces.map((piece) => ({ ...piece, rows: Uint32Array.of(row) })) }
}

/** Sends a row until the collector has it from its `connection`-th connection. */
async function sendOver(connection: number, sink: Sink, collector: IpfixCollector, row: number): Promise<void> {
  let got = ports(collector).length
  await expect
    .poll(async () => {
      const isOpen = collector.connections() >= connection
      if (isOpen && ports(collector).length > got) return true
      if (!isOpen) got = ports(collector).length
      await sink.send(flow(row), never)
      return false
    })
    .toBe(true)
}

test('case 46: after a closed connection the next begins with templates, and no flow is lost', async () => {
  const collector = await listening(tcpCollector())
  const context = testContext()
  const sink = await open({ target: `127.0.0.1:${collector.port}`, repeat: '1m' }, context)
  await sendOver(1, sink, collector, 0)
  for (let row = 1; row < 9; row++) {
    collector.disconnect()
    // The system may accept it for a connection that the collector has closed.
    await expect.poll(() => sink.send(flow(row), never)).toEqual([])
    await sendOver(row + 1, sink, collector, 9)
  }
  expect(collector.problems).toEqual([])
  const starts = collector.messages.filter(({ templates }) => templates.length > 0)
  expect(starts.map(({ sequence }) => sequence)).toEqual(Array<number>(18).fill(0))
  expect([...new Set(ports(collector))].toSorted((a, b) => a - b)).toEqual(upTo(10))
  expect(context.lines.filter((line) => line.includes('were sent again')).length).toBeGreaterThan(0)
})

test('over TCP nothing is repeated with `repeat: 0s`', async () => {
  const collector = await listening(tcpCollector())
  const context = testContext()
  const sink = await open({ target: `127.0.0.1:${collector.port}`, repeat: '0s' }, context)
  await sendOver(1, sink, collector, 0)
  collector.disconnect()
  await sendOver(2, sink, collector, 1)
  expect(context.lines.join()).not.toContain('sent again')
})

test('over TCP a collector that does not read ends the send with a retry', async () => {
  const { createServer } = await import('node:net')
  const server = createServer((socket) => void socket.pause().on('error', () => undefined))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  onTestFinished(() => void server.close())
  const sink = await open({ target: `127.0.0.1:${port}`, timeout: '200ms' })
  // More than the buffers of both ends.
  const failures = await sink.send(batchOf(150_000), never)
  expect(failures).toHaveLength(150_000)
  expect(failures[0]).toMatchObject({ is: 'retry', reason: expect.stringContaining('did not read') as string })
})

test('TLS: only a trusted certificate is accepted, and the client shows its own', async () => {
  const certificate = selfSigned()
  const folder = await mkdtemp(join(tmpdir(), 'weir-ipfix-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  await Promise.all([
    writeFile(ca, certificate.cert),
    writeFile(cert, certificate.cert),
    writeFile(key, certificate.key),
  ])
  const collector = await listening(
    tcpCollector({
      tls: {
        cert: certificate.cert,
        key: certificate.key,
        ca: certificate.cert,
        requestCert: true,
        rejectUnauthorized: true,
      },
    }),
  )
  const target = `127.0.0.1:${collector.port}`
  const untrusting = await open({ target, tls: {} })
  expect((await untrusting.send(batchOf(1), never))[0]).toMatchObject({
    is: 'retry',
    reason: expect.stringContaining('certificate') as string,
  })
  const sink = await open({ target, tls: { ca_file: ca, cert_file: cert, key_file: key } })
  expect(await sink.probe?.(never)).toMatchObject({ is: 'ok' })
  expect(await sink.send(batchOf(3), never)).toEqual([])
  await expect.poll(() => ports(collector)).toEqual(upTo(3))
})

test('a name that does not resolve is a retry with the remedy', async () => {
  for (const transport of ['udp', 'tcp'] as const) {
    const sink = await open({ target: 'collector.invalid:4739', transport })
    const [failure] = await sink.send(batchOf(1), never)
    expect(failure).toMatchObject({ is: 'retry', reason: expect.stringContaining('collector.invalid') as string })
  }
})

test('TLS over UDP is refused by the configuration', () => {
  const written = { target: '127.0.0.1:4739', transport: 'udp', tls: {} } as const
  expect(() => configFrom(ipfixSchema, written)).toThrow('transport is UDP')
})
