import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSocket, type Socket } from 'node:dgram'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { selfSigned } from '../../../test/kit/certificate.ts'
import { freePorts } from '../../../test/kit/free-port.ts'
import { vectorD, vectorF } from '../../codecs/templates/testing/vectors.ts'
import { defaultLimits } from '../../ingest/write.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { realHost } from '../../host/index.ts'
import { decodeBatch } from '../../journal/bodies.ts'
import type { Unit } from '../../journal/types.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { WeirError } from '../../model/errors.ts'
import { formatIp } from '../../model/ip.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { MetricStore } from '../../telemetry/metrics.ts'
import { metricTable } from '../../components/manifests.ts'
import { netflowSchema } from './config.ts'
import { openNetflow, type NetflowLimits, type NetflowSource } from './source.ts'
import { Exporters } from './source-exporters.ts'

const real = realHost()
// Housekeeping runs every second; the tests trigger it.
const host = {
  ...real,
  timers: {
    ...real.timers,
    sleep: (ms: number, signal?: AbortSignal) => real.timers.sleep(ms === 1000 ? 20 : ms, signal),
  },
}
const vectorA = Buffer.from(
  '00050001000927c06553f1001dcd6500000000290007400a0a0000010a00000200000000000300040000000a000003e8' +
    '000900b0000923d89c4001bb001b0600fbf4fbf518100000',
  'hex',
)

/** A datagram with `records` copies of vector A's flow and this sequence number. */
function export5(sequence: number, records = 1): Buffer {
  const bytes = Buffer.concat([vectorA.subarray(0, 24), ...Array<Buffer>(records).fill(vectorA.subarray(24))])
  bytes.writeUInt16BE(records, 2)
  bytes.writeUInt32BE(sequence, 16)
  return bytes
}

interface Running {
  readonly source: NetflowSource
  readonly units: Omit<Unit, 'source'>[]
  readonly shed: Record<string, number>
  readonly counts: Record<string, number>
  readonly lines: string[]
  readonly port: number
  readonly tcpPort: number
  stop(): Promise<void>
}

/** A message with the same header and other sets. */
function message(...sets: Uint8Array[]): Buffer {
  const bytes = Buffer.concat([vectorD.subarray(0, 16), ...sets])
  bytes.writeUInt16BE(bytes.length, 2)
  return bytes
}
const templateOfD = message(vectorD.subarray(16, 16 + 0x3c))
const dataOfD = message(vectorD.subarray(16 + 0x3c))

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

type Append = (unit: Omit<Unit, 'source'>) => Promise<void>

async function start(
  written: WrittenConfigOf<typeof netflowSchema> = {},
  append: Append = async () => undefined,
  limits?: NetflowLimits,
  state?: string,
): Promise<Running> {
  const units: Omit<Unit, 'source'>[] = []
  const shed: Record<string, number> = {}
  const counts: Record<string, number> = {}
  const lines: string[] = []
  const strict = new MetricStore({ strict: true, table: metricTable })
  const say =
    (level: string) =>
    (message: string): void =>
      void lines.push(`${level} ${message}`)
  const context: SourceContext = {
    id: 'netflow',
    host,
    epoch: 1,
    cursor: undefined,
    ...(state === undefined ? {} : { state }),
    log: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
    metrics: {
      count: (name, by, labels) => {
        strict.count(name, by, labels)
        counts[key(name, labels)] = (counts[key(name, labels)] ?? 0) + by
      },
      set: (name, value, labels) => {
        strict.set(name, value, labels)
        counts[key(name, labels)] = value ?? 0
      },
    },
    async append(unit) {
      await append(unit)
      // Buffers are reused after the sync; `Buffer.slice` would not copy.
      units.push({ ...unit, raw: Uint8Array.from(unit.raw) })
      return { position: { sequence: units.length, row: 0 }, epoch: 1, sourceSequence: units.length }
    },
    shed: (reason, rows) => {
      shed[reason] = (shed[reason] ?? 0) + rows
    },
  }
  const config = configFrom(netflowSchema, {
    listen: '127.0.0.1:0',
    tcp: '127.0.0.1:0',
    flush: '5ms',
    receive_buffer: '1MiB',
    ...written,
  })
  const source = await openNetflow(config, context, limits)
  const abort = new AbortController()
  const running = source.run(abort.signal)
  const stop = async (): Promise<void> => {
    abort.abort()
    await running
  }
  cleanups.push(stop)
  const portOf = (scheme: string): number =>
    Number(
      source.addresses
        .find((one) => one.startsWith(scheme))
        ?.split(':')
        .at(-1),
    )
  return { source, units, shed, counts, lines, port: portOf('udp'), tcpPort: portOf('tcp'), stop }
}

function key(name: string, labels: Readonly<Record<string, string>> = {}): string {
  const { source: _, listener: __, ...rest } = labels
  return [name.replace(/^weir_netflow_/, ''), ...Object.values(rest)].join(' ')
}

async function exporter(address = '127.0.0.1'): Promise<Socket> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, address, resolve))
  cleanups.push(() => new Promise<void>((resolve) => socket.close(() => resolve())))
  return socket
}

function send(socket: Socket, bytes: Uint8Array, port: number): Promise<void> {
  return new Promise((resolve, reject) =>
    socket.send(bytes, port, '127.0.0.1', (error) => (error ? reject(error) : resolve())),
  )
}

async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1)
  return port
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await host.timers.sleep(2)
}

/** Bytes with an outcome. */
function accounted({ counts }: Running): number {
  return Object.entries(counts).reduce(
    (sum, [name, value]) => sum + (name.startsWith('accounted_bytes_total') || name === 'parked_bytes' ? value : 0),
    0,
  )
}

const flowsOf = (units: Running['units']): FlowBatch[] =>
  units.filter(({ kind }) => kind === 'flows').map(({ raw }) => decodeBatch('flows', raw) as FlowBatch)
const rowsOf = (units: Running['units']): number => units.reduce((sum, { count }) => sum + count, 0)

function exporterAddresses(units: Running['units']): string[] {
  return flowsOf(units).flatMap((batch) => {
    const column = batch.columns.exporter_addr
    return column?.kind === 'ip' ? Array.from({ length: batch.count }, (_, row) => formatIp(column.words, 4 * row)) : []
  })
}

describe('the netflow source', () => {
  test('decodes vector A into one unit with its values', async () => {
    const running = await start()
    const before = host.clock.now()
    await send(await exporter(), vectorA, running.port)
    await until(() => running.units.length === 1)
    const [unit] = running.units
    expect(unit).toMatchObject({
      stream: 'netflow',
      kind: 'flows',
      count: 1,
      timeMin: 1_699_999_990_500,
      timeMax: 1_699_999_999_500,
    })
    expect(unit?.received).toBeGreaterThanOrEqual(before)
    const [batch] = flowsOf(running.units)
    expect(batch?.dictionary).toEqual(['', 'netflow5'])
    expect(batch?.columns).toMatchObject({
      src_addr: { words: Uint32Array.of(0, 0, 0xffff, 0x0a000001) },
      exporter_addr: { words: Uint32Array.of(0, 0, 0xffff, 0x7f000001) },
      time_received: { values: Float64Array.of(unit?.received ?? 0) },
      bytes: { words: Uint32Array.of(1000, 0) },
      sampling: { values: Uint32Array.of(10) },
      time_skewed: { values: Uint8Array.of(1) },
      protocol: { codes: Uint32Array.of(1) },
    })
    await until(() => running.counts.rows_total === 1)
    expect(running.counts).toMatchObject({
      'datagrams_total netflow5': 1,
      received_bytes_total: 72,
      rows_total: 1,
      skewed_rows_total: 1,
      'accounted_bytes_total header': 24,
      'accounted_bytes_total decoded': 48,
    })
    expect(running.shed).toEqual({})
  })

  test('keeps 30 exporters of one listener apart, rows and losses alike', async () => {
    const running = await start()
    for (let i = 1; i <= 30; i++) {
      const socket = await exporter(`127.0.1.${i}`)
      await send(socket, export5(0, i), running.port)
      await send(socket, export5(i, 1), running.port)
      // The last exporter lost five flows.
      await send(socket, export5(i + 1 + (i === 30 ? 5 : 0), 1), running.port)
    }
    await until(() => rowsOf(running.units) === 465 + 60)
    const rows = exporterAddresses(running.units)
    for (let i = 1; i <= 30; i++) expect(rows.filter((address) => address === `127.0.1.${i}`)).toHaveLength(i + 2)
    const { exporters } = running.source.status()
    expect(exporters).toHaveLength(30)
    expect(exporters.map(({ missing }) => missing)).toEqual([...Array<number>(29).fill(0), 5])
    await until(() => running.counts.rows_total === 525)
    expect(running.counts).toMatchObject({ missing_flows_total: 5, rows_total: 525 })
  })

  test('does not count losses for two exporters behind one address', async () => {
    const running = await start()
    const [one, two] = [await exporter(), await exporter()]
    for (let i = 0; i < 10; i++) {
      await send(one, export5(i), running.port)
      await send(two, export5(1_000_000 + i), running.port)
    }
    await until(() => rowsOf(running.units) === 20)
    expect(running.source.status().exporters).toMatchObject([
      { address: '127.0.0.1', datagrams: 20, missing: 0, restarts: 0 },
    ])
  })

  test('counts malformed datagrams and continues', async () => {
    const running = await start()
    const socket = await exporter()
    const cut = export5(0, 30).subarray(0, 24 + 29 * 48 + 20)
    const sent = [
      Buffer.of(0, 9, 0, 1),
      Buffer.of(0, 10, 0, 16),
      Buffer.of(0, 10, 0, 15),
      Buffer.of(7),
      Buffer.of(0, 6, 1, 1),
      Buffer.alloc(0),
      cut,
      export5(30, 2),
    ]
    for (const bytes of sent) await send(socket, bytes, running.port)
    await until(() => running.counts.rows_total === 31 && rowsOf(running.units) === 31)
    expect(running.shed).toEqual({ malformed: 7, unread_flows: 1 })
    expect(running.counts).toMatchObject({
      'datagrams_total netflow9': 1,
      'datagrams_total ipfix': 2,
      'datagrams_total netflow5': 2,
      'malformed_datagrams_total version': 3,
      'malformed_datagrams_total short': 3,
      'malformed_datagrams_total truncated': 1,
    })
    expect(running.counts).not.toHaveProperty('missing_flows_total')
    expect(running.source.status().exporters).toMatchObject([{ malformed: 7, rows: 31, lastMalformed: 'truncated' }])
    expect(accounted(running)).toBe(sent.reduce((sum, { length }) => sum + length, 0))
    // One log line per kind of error, not per datagram.
    expect(running.lines.filter((line) => line.includes('malformed export'))).toHaveLength(3)
  })

  test('rejects datagrams from an address outside `allow`', async () => {
    const running = await start({ allow: ['127.0.2.0/24'] })
    await send(await exporter('127.0.3.1'), vectorA, running.port)
    await send(await exporter('127.0.2.9'), vectorA, running.port)
    await until(() => rowsOf(running.units) === 1)
    expect(exporterAddresses(running.units)).toEqual(['127.0.2.9'])
    expect(running.shed).toEqual({ not_allowed: 1 })
    expect(running.source.status().exporters.map(({ address }) => address)).toEqual(['127.0.2.9'])
  })

  test('sheds whole datagrams while the journal is slow, and loses no accepted row', async () => {
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const running = await start({}, () => held, { units: { rows: 10, bytes: 1e6, inFlight: 2 }, exporters: 100 })
    const socket = await exporter()
    for (let i = 0; i < 8; i++) await send(socket, export5(5 * i, 5), running.port)
    // Two units of up to ten rows are in flight, ten rows are pending, and the rest is shed.
    await until(() => running.source.status().exporters[0]?.datagrams === 8 && running.source.status().inFlight === 2)
    const taken = running.source.status().exporters[0]?.rows ?? 0
    expect(taken).toBeLessThanOrEqual(30)
    expect(running.shed).toEqual({ journal_behind: 40 - taken })
    expect(running.counts).not.toHaveProperty('missing_flows_total')
    release()
    await until(() => rowsOf(running.units) === taken)
    await send(socket, export5(40, 5), running.port)
    await until(() => rowsOf(running.units) === taken + 5)
    expect(running.counts).not.toHaveProperty('missing_flows_total')
  })

  test('counts rows that a full journal rejects, and appends the count in a frame without rows on stop', async () => {
    let full = true
    const running = await start({}, async () => {
      if (full) throw new WeirError('WEIR_JOURNAL_FULL', 'full')
    })
    await send(await exporter(), export5(0, 7), running.port)
    await until(() => running.shed.journal_full === 7)
    expect(running.lines.filter((line) => line.startsWith('error'))).toEqual([
      'error The journal did not take rows that were received; they are lost and counted as shed.',
    ])
    expect(running.units).toEqual([])
    full = false
    await running.stop()
    expect(running.units).toMatchObject([{ kind: 'empty', count: 0, stream: 'netflow' }])
  })

  test('appends shed counts once in a frame without rows while nothing else arrives', async () => {
    const running = await start()
    await send(await exporter(), Buffer.of(0, 9, 0, 1), running.port)
    await until(() => running.units.length === 1)
    expect(running.units).toMatchObject([{ kind: 'empty', count: 0, stream: 'netflow' }])
    expect(running.counts.exporters).toBe(1)
    await real.timers.sleep(100)
    await running.stop()
    expect(running.units).toHaveLength(1)
  })

  test('retries a unit once after a failed sync, then counts its rows', async () => {
    let failures = 1
    const running = await start({}, async () => {
      if (failures-- > 0) throw new WeirError('WEIR_JOURNAL_SYNC', 'sync')
    })
    const socket = await exporter()
    await send(socket, export5(0, 3), running.port)
    await until(() => rowsOf(running.units) === 3)
    expect(running.shed).toEqual({})
    failures = 2
    await send(socket, export5(3, 4), running.port)
    await until(() => running.shed.journal_failed === 4)
    expect(rowsOf(running.units)).toBe(3)
  })

  test('syncs all received rows before stop resolves', async () => {
    const running = await start({ flush: '10s' }, () => host.timers.sleep(30))
    const socket = await exporter()
    for (let i = 0; i < 200; i++) await send(socket, export5(30 * i, 30), running.port)
    await until(() => running.source.status().exporters[0]?.datagrams === 200)
    await running.stop()
    expect(rowsOf(running.units)).toBe(6000)
    expect(running.source.status().inFlight).toBe(0)
    expect(running.shed).toEqual({})
  })

  test('closes its port on stop, also before it runs', async () => {
    const running = await start()
    const { port } = running
    await running.stop()
    const again = await start({ listen: `127.0.0.1:${port}` })
    expect(again.port).toBe(port)
  })

  test('opens nothing when one of its ports is in use', async () => {
    const first = await start()
    const free = (await start()).port
    await cleanups.pop()?.()
    await expect(start({ listen: [`127.0.0.1:${free}`, `127.0.0.1:${first.port}`] })).rejects.toMatchObject({
      code: 'WEIR_LISTEN_IN_USE',
    })
    expect((await start({ listen: `127.0.0.1:${free}` })).port).toBe(free)
  })

  test('limits units by rows', async () => {
    const running = await start({ flush: '10s' }, undefined, { units: { ...defaultLimits, rows: 60 }, exporters: 10 })
    const socket = await exporter()
    for (let i = 0; i < 10; i++) await send(socket, export5(30 * i, 30), running.port)
    await until(() => running.units.length === 4)
    expect(running.units.map(({ count }) => count)).toEqual([60, 60, 60, 60])
  })
})

describe('IPFIX over TCP', () => {
  async function connected(port: number): Promise<ReturnType<typeof connect>> {
    const socket = connect(port, '127.0.0.1')
    cleanups.push(() => void socket.destroy())
    socket.on('error', () => undefined)
    socket.setNoDelay(true)
    await new Promise<void>((resolve) => socket.once('connect', resolve))
    return socket
  }

  test('is decoded by message, wherever the stream is split', async () => {
    const running = await start()
    const socket = await connected(running.tcpPort)
    const stream = Buffer.concat([vectorD, vectorF, vectorD])
    for (let at = 0; at < stream.length; at += 7) {
      socket.write(stream.subarray(at, at + 7))
      await host.timers.yield()
    }
    await until(() => rowsOf(running.units) === 2)
    const samplings = flowsOf(running.units).flatMap(({ columns, count }) =>
      columns.sampling?.kind === 'u32' ? [...columns.sampling.values] : Array<number>(count).fill(0),
    )
    expect(samplings).toEqual([0, 10])
    await until(() => running.counts.received_bytes_total === stream.length)
    expect(running.counts['datagrams_total ipfix']).toBe(3)
    expect(accounted(running)).toBe(stream.length)
    expect(running.source.status().exporters).toMatchObject([
      { datagrams: 3, rows: 2, domains: [{ transport: 'tcp', domain: 9, sampling: 10 }] },
    ])
  })

  test('over TLS needs a certificate of the authority, and a silent connection delays no stop', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-netflow-'))
    cleanups.push(() => rm(folder, { recursive: true, force: true }))
    const own = selfSigned()
    const files = { cert_file: join(folder, 'tls.crt'), key_file: join(folder, 'tls.key') }
    await writeFile(files.cert_file, own.cert)
    await writeFile(files.key_file, own.key)
    const running = await start({ tls: { ...files, client_ca_file: files.cert_file } })
    const port = Number(
      running.source.addresses
        .find((one) => one.startsWith('tls:'))
        ?.split(':')
        .at(-1),
    )
    const send = (identity: object) =>
      new Promise<void>((resolve) => {
        const socket = connectTls({ port, host: '127.0.0.1', ca: own.cert, ...identity })
        socket.on('error', () => resolve()).on('close', () => resolve())
        socket.end(vectorD)
      })
    await send({})
    await until(() => running.lines.some((line) => line.includes('A TLS connection failed')))
    expect(rowsOf(running.units)).toBe(0)
    await send(own)
    await until(() => running.counts['datagrams_total ipfix'] === 1 && rowsOf(running.units) === 1)
    await connected(port)
    await running.stop()
  })

  test('keeps its templates for the lifetime of its connection only', async () => {
    const running = await start()
    const [first, second] = [await connected(running.tcpPort), await connected(running.tcpPort)]
    first.write(vectorD)
    await until(() => rowsOf(running.units) === 1)
    second.write(dataOfD)
    await until(() => running.source.status().exporters[0]?.parkedSets === 1)
    first.destroy()
    second.write(vectorD)
    await until(() => rowsOf(running.units) === 3)
    expect(running.shed).toEqual({})
  })

  test('with another protocol is malformed and its connection is closed', async () => {
    const running = await start()
    const junks = ['GET / HTTP/1.1\r\n\r\n', Buffer.of(0, 10, 0, 3, 0, 0)]
    for (const junk of junks) {
      const socket = await connected(running.tcpPort)
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
      socket.write(junk)
      await closed
    }
    await until(() => running.counts.received_bytes_total === 18 + 6)
    expect(running.shed).toEqual({ malformed: 2 })
    expect(running.counts['malformed_datagrams_total framing']).toBe(2)
    expect(accounted(running)).toBe(18 + 6)
  })

  test('is read at the speed of the journal, and nothing is shed', async () => {
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const running = await start({}, () => held, { units: { rows: 2, bytes: 1e6, inFlight: 1 }, exporters: 100 })
    const socket = await connected(running.tcpPort)
    for (let i = 0; i < 50; i++) socket.write(vectorD)
    await until(() => running.source.status().inFlight === 1)
    await real.timers.sleep(50)
    expect(running.source.status().exporters[0]?.rows).toBeLessThanOrEqual(4)
    release()
    await until(() => rowsOf(running.units) === 50)
    expect(running.shed).toEqual({})
  })

  test('waits for a full journal, and loses nothing', async () => {
    let full = true
    const running = await start(
      {},
      async () => {
        if (full) throw new WeirError('WEIR_JOURNAL_FULL', 'full')
      },
      { units: { rows: 2, bytes: 1e6, inFlight: 2 }, exporters: 100 },
    )
    const socket = await connected(running.tcpPort)
    for (let i = 0; i < 40; i++) socket.write(vectorD)
    await until(() => running.source.status().inFlight === 2)
    await real.timers.sleep(50)
    expect(running.source.status().exporters[0]?.rows).toBeLessThanOrEqual(6)
    full = false
    await until(() => rowsOf(running.units) === 40)
    expect(running.shed).toEqual({})
  })

  test('stops also while the journal is full, and counts unappended messages', async () => {
    const running = await start(
      {},
      async () => {
        throw new WeirError('WEIR_JOURNAL_FULL', 'full')
      },
      { units: { rows: 2, bytes: 1e6, inFlight: 2 }, exporters: 100 },
    )
    const socket = await connected(running.tcpPort)
    for (let i = 0; i < 40; i++) socket.write(vectorD)
    await until(() => running.source.status().inFlight === 2)
    await running.stop()
    const rows = running.source.status().exporters[0]?.rows
    expect(rows).toBeGreaterThan(0)
    expect(running.shed).toEqual({ journal_full: rows })
  })

  test('does not keep the source from stopping', async () => {
    const running = await start()
    const socket = await connected(running.tcpPort)
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    socket.write(vectorD.subarray(0, 100))
    await running.stop()
    await closed
    expect(running.shed).toEqual({})
  })
})

describe('exporter status', () => {
  const folder = async (): Promise<string> => {
    const path = await mkdtemp(join(tmpdir(), 'weir-netflow-'))
    cleanups.push(() => rm(path, { recursive: true, force: true }))
    return join(path, 'state', 'netflow')
  }

  test('is restored after a restart: data is decoded before a template arrives', async () => {
    const state = await folder()
    const socket = await exporter()
    const listen = `127.0.0.1:${await freePort()}`
    const first = await start({ listen }, undefined, undefined, state)
    for (const bytes of [vectorF, vectorD]) await send(socket, bytes, first.port)
    await until(() => rowsOf(first.units) === 1)
    await first.stop()
    const again = await start({ listen }, undefined, undefined, state)
    expect(again.source.status().exporters).toMatchObject([
      {
        address: '127.0.0.1',
        datagrams: 0,
        domains: [{ domain: 9, templates: [302, 300], sampling: 10 }],
        why: 'Nothing was received since the start; the templates were restored.',
      },
    ])
    await send(socket, dataOfD, again.port)
    await until(() => rowsOf(again.units) === 1)
    expect(flowsOf(again.units)[0]?.columns.sampling).toMatchObject({ values: Uint32Array.of(10) })
    expect(again.lines).toEqual([])
  })

  test('is saved within a second, so that a kill does not lose it', async () => {
    const state = await folder()
    const running = await start({}, undefined, undefined, state)
    await send(await exporter(), vectorD, running.port)
    await until(() => existsSync(join(state, 'templates')))
    expect(rowsOf(running.units)).toBe(1)
    expect((await stat(join(state, 'templates'))).mode & 0o077).toBe(0)
  })

  test('parked data is decoded once after a restart, when its template arrives', async () => {
    const state = await folder()
    const socket = await exporter()
    const listen = `127.0.0.1:${await freePort()}`
    const first = await start({ listen }, undefined, undefined, state)
    await send(socket, dataOfD, first.port)
    await until(() => first.source.status().exporters[0]?.parkedSets === 1)
    await first.stop()
    const second = await start({ listen }, undefined, undefined, state)
    expect(second.source.status().exporters[0]?.why).toMatch(/is parked without template 300/)
    await send(socket, vectorD, second.port)
    await until(() => rowsOf(second.units) === 2)
    await until(() => second.counts.received_bytes_total === vectorD.length + 58)
    expect(accounted(second)).toBe(vectorD.length + 58)
    await second.stop()
    const third = await start({ listen }, undefined, undefined, state)
    expect(third.source.status().exporters[0]).toMatchObject({ parkedSets: 0 })
  })

  test('that is damaged on disk is skipped with a warning', async () => {
    const state = await folder()
    const first = await start({}, undefined, undefined, state)
    await send(await exporter(), vectorD, first.port)
    await until(() => rowsOf(first.units) === 1)
    await first.stop()
    const path = join(state, 'templates')
    const bytes = await readFile(path)
    for (const damaged of [Buffer.from(bytes).fill(0x20, 20, 21), bytes.subarray(0, 30), Buffer.alloc(0)]) {
      await writeFile(path, damaged)
      const again = await start({}, undefined, undefined, state)
      expect(again.lines).toEqual([
        'warn Saved templates are unreadable and were skipped; data is parked until exporters announce them again.',
      ])
      expect(again.source.status().exporters).toEqual([])
      await again.stop()
    }
  })
})

describe('the reason for missing rows', () => {
  test('is reported for each exporter and for the source', async () => {
    const running = await start()
    expect(running.source.status().why).toMatch(/^No datagram was received at udp:.*: check the collector address/)
    const why = async (...datagrams: Uint8Array[]): Promise<string | undefined> => {
      const address = `127.0.9.${running.source.status().exporters.length + 1}`
      const socket = await exporter(address)
      for (const bytes of datagrams) await send(socket, bytes, running.port)
      const status = (): ReturnType<NetflowSource['status']>['exporters'][number] | undefined =>
        running.source.status().exporters.find((one) => one.address === address)
      await until(() => status()?.datagrams === datagrams.length)
      return status()?.why
    }
    expect(await why(templateOfD)).toMatch(/sent templates and no flows yet/)
    expect(await why(dataOfD)).toMatch(/observation domain 9 \(port \d+\) is parked without template 300/)
    expect(await why(Buffer.of(0, 0, 0, 5))).toMatch(/neither NetFlow v5 or v9 nor IPFIX/)
    expect(await why(vectorA.subarray(0, 30))).toMatch(/Datagrams are malformed \(truncated\)/)
    expect(await why(vectorD)).toBeUndefined()
  })

  test('data without a template is counted as shed when it is dropped', async () => {
    const running = await start({ park_time: '50ms' })
    await send(await exporter(), dataOfD, running.port)
    await until(() => running.shed.no_template === 1)
    expect(running.counts).toMatchObject({ expired_sets_total: 1, parked_bytes: 0 })
    expect(running.source.status().exporters[0]?.why).toMatch(/no template arrived in time/)
  })
})

describe('interface names from a file', () => {
  test('apply to v5 and v9, and follow the file', async () => {
    const path = await mkdtemp(join(tmpdir(), 'weir-netflow-'))
    cleanups.push(() => rm(path, { recursive: true, force: true }))
    const file = join(path, 'interfaces.yaml')
    await writeFile(file, 'interfaces:\n  - { exporter: 127.0.0.1, index: 3, name: uplink }\n')
    const running = await start({ interfaces: file })
    const socket = await exporter()
    const names = (): unknown[] =>
      flowsOf(running.units).map(({ columns, dictionary }) =>
        columns.in_if_name?.kind === 'dict' ? dictionary[columns.in_if_name.codes[0] ?? 0] : undefined,
      )
    await send(socket, vectorA, running.port)
    await until(() => running.units.length === 1)
    await writeFile(file, 'interfaces:\n  - { exporter: 127.0.0.1, index: 3, name: renamed uplink }\n')
    await until(() => {
      socket.send(vectorA, running.port, '127.0.0.1')
      return names().includes('renamed uplink')
    })
    expect(names()[0]).toBe('uplink')
    await writeFile(file, 'interfaces: nonsense\n')
    await until(() => running.lines.length > 0)
    expect(running.lines[0]).toBe('warn The file of interface names is invalid; the current names remain.')
  })
})

describe('the exporter table', () => {
  test('stays bounded under spoofed addresses, which evict no active exporter', () => {
    const exporters = new Exporters([], 100)
    const real = Array.from({ length: 50 }, (_, i) => `10.0.0.${i}`)
    for (const address of [...real, ...real]) exporters.seen(address, 0)
    for (let i = 0; i < 100_000; i++) {
      exporters.seen(`172.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`, i)
      if (i % 1000 === 0) for (const address of real) exporters.seen(address, i)
    }
    expect(exporters.size).toBeLessThanOrEqual(100)
    const kept = new Set(exporters.list().map(({ address }) => address))
    expect(real.filter((address) => !kept.has(address))).toEqual([])
  })

  test('evicts silent exporters when as many others keep sending', () => {
    const exporters = new Exporters([], 8)
    for (let i = 0; i < 20; i++) for (let round = 0; round < 2; round++) exporters.seen(`10.0.0.${i}`, i)
    const kept = exporters.list().map(({ address }) => address)
    expect(kept).toHaveLength(6)
    expect(kept).toContain('10.0.0.19')
    expect(kept).not.toContain('10.0.0.0')
  })

  test('identifies an exporter equally on sockets of both families', () => {
    const exporters = new Exporters([], 8)
    expect(exporters.seen('::ffff:10.0.0.1', 0)).toBe(exporters.seen('10.0.0.1', 1))
    expect(exporters.seen('fe80::1%eth0', 0)?.words).toEqual(Uint32Array.of(0xfe800000, 0, 0, 1))
  })
})

test('an invalid range is rejected with its location', () => {
  expect(() => configFrom(netflowSchema, { allow: ['10.0.0.0/8', '10.0.0.0/40'] })).toThrow(
    /10\.0\.0\.0\/40.* is not a range of addresses/,
  )
})
