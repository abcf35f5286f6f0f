import { createSocket, type Socket } from 'node:dgram'
import { afterEach, describe, expect, test } from 'vitest'
import { flowRows, type FlowRow } from '../../../test/kit/flow-rows.ts'
import { datagram, flowSample, tagged, vectorG, words } from '../../codecs/sflow5/testing/datagrams.ts'
import { defaultLimits } from '../../ingest/write.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { realHost } from '../../host/index.ts'
import { decodeBatch } from '../../journal/bodies.ts'
import type { Unit } from '../../journal/types.ts'
import type { FlowBatch } from '../../model/batches.ts'
import type { FlowBuilder } from '../../model/flow-builder.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { MetricStore } from '../../telemetry/metrics.ts'
import { metricTable } from '../../components/manifests.ts'
import { sflowSchema } from './config.ts'
import { openSflow, type SflowLimits, type SflowSource } from './source.ts'

const real = realHost()
// Housekeeping runs every five seconds; the tests trigger it.
const host = {
  ...real,
  timers: {
    ...real.timers,
    sleep: (ms: number, signal?: AbortSignal) => real.timers.sleep(ms === 5000 ? 20 : ms, signal),
  },
}

interface Running {
  readonly source: SflowSource
  readonly units: Omit<Unit, 'source'>[]
  readonly shed: Record<string, number>
  readonly lines: string[]
  readonly port: number
  metric(name: string, labels?: Readonly<Record<string, string>>): number
  stop(): Promise<void>
}

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

type Append = (unit: Omit<Unit, 'source'>) => Promise<void>

async function start(
  written: WrittenConfigOf<typeof sflowSchema> = {},
  append: Append = async () => undefined,
  limits?: SflowLimits,
  more: Partial<SourceContext> = {},
): Promise<Running> {
  const units: Omit<Unit, 'source'>[] = []
  const shed: Record<string, number> = {}
  const lines: string[] = []
  const metrics = new MetricStore({ strict: true, table: metricTable })
  const line = (message: string): void => void lines.push(message)
  const context: SourceContext = {
    id: 'sflow',
    host,
    epoch: 1,
    cursor: undefined,
    metrics,
    log: { debug: line, info: line, warn: line, error: line },
    async append(unit) {
      await append(unit)
      // Buffers are reused after the sync; `Buffer.slice` would not copy.
      units.push({ ...unit, raw: Uint8Array.from(unit.raw) })
      return { position: { sequence: units.length, row: 0 }, epoch: 1, sourceSequence: units.length }
    },
    shed: (reason, rows) => {
      shed[reason] = (shed[reason] ?? 0) + rows
    },
    ...more,
  }
  const source = await openSflow(
    configFrom(sflowSchema, { listen: '127.0.0.1:0', receive_buffer: '1MiB', flush: '5ms', ...written }),
    context,
    limits,
  )
  const abort = new AbortController()
  const running = source.run(abort.signal)
  const stop = async (): Promise<void> => {
    abort.abort()
    await running
  }
  cleanups.push(stop)
  const metric: Running['metric'] = (name, labels = {}) =>
    metrics.value(`weir_sflow_${name}`, { source: 'sflow', ...labels })
  return { source, units, shed, lines, port: Number(source.addresses[0]?.split(':').at(-1)), metric, stop }
}

async function agent(address = '127.0.0.1'): Promise<Socket> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, address, resolve))
  cleanups.push(() => new Promise<void>((resolve) => socket.close(() => resolve())))
  return socket
}

async function send(running: Running, ...datagrams: readonly Uint8Array[]): Promise<void> {
  const socket = await agent()
  for (const bytes of datagrams) {
    await new Promise<void>((resolve, reject) =>
      socket.send(bytes, running.port, '127.0.0.1', (error) => (error ? reject(error) : resolve())),
    )
  }
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await host.timers.sleep(2)
}

const rowsOf = ({ units }: Running): FlowRow[] =>
  units.filter(({ kind }) => kind === 'flows').flatMap(({ raw }) => flowRows(decodeBatch('flows', raw) as FlowBatch))
const counters = tagged(2, words(1, 3, 0))

describe('the sflow source', () => {
  test('decodes vector G into one unit, with the source address as exporter and the receive time', async () => {
    const running = await start()
    const before = host.clock.now()
    await send(running, vectorG)
    await until(() => running.units.length === 1)
    const [unit] = running.units
    expect(unit).toMatchObject({
      stream: 'sflow',
      kind: 'flows',
      count: 1,
      timeMin: unit?.received,
      timeMax: unit?.received,
    })
    expect(unit?.received).toBeGreaterThanOrEqual(before)
    expect(rowsOf(running)).toMatchObject([
      {
        exporter_addr: '127.0.0.1',
        time_start: unit?.received,
        time_end: unit?.received,
        protocol: 'sflow5',
        protocol_version: 5,
        src_addr: '10.0.0.1',
        dst_addr: '10.0.0.2',
        src_mac: '02:00:00:00:00:01',
        dst_mac: '02:00:00:00:00:02',
        vlan: 100,
        tcp_flags: 0x12,
        dscp: 46,
        packets: 1,
        bytes: 1000,
        sampling: 1000,
        in_if: 3,
        out_if: 4,
      },
    ])
    expect(running.source.status()).toMatchObject({
      exporters: [
        {
          address: '127.0.0.1',
          agent: '192.0.2.1',
          datagrams: 1,
          rows: 1,
          malformed: 0,
          missing: 0,
          lastRow: unit?.received,
        },
      ],
    })
    expect(running.source.status().exporters[0]).not.toHaveProperty('why')
  })

  test('uses the agent address as exporter if configured', async () => {
    const running = await start({ exporter: 'agent' })
    await send(running, vectorG)
    await until(() => running.units.length === 1)
    expect(rowsOf(running)).toMatchObject([{ exporter_addr: '192.0.2.1' }])
  })

  test('accounts for every byte', async () => {
    const running = await start()
    const sent = [
      vectorG,
      datagram([counters, flowSample([])]),
      Buffer.from('not sFlow at all'),
      vectorG.subarray(0, 100),
      Buffer.concat([vectorG, Buffer.alloc(5)]),
    ]
    await send(running, ...sent)
    await until(() => running.metric('datagrams_total') === sent.length)
    const received = sent.reduce((sum, { length }) => sum + length, 0)
    expect(running.metric('received_bytes_total')).toBe(received)
    const outcomes = ['decoded', 'padding', 'skipped', 'malformed'].map((outcome) =>
      running.metric('accounted_bytes_total', { outcome }),
    )
    expect(outcomes.reduce((sum, bytes) => sum + bytes, 0)).toBe(received)
    expect(outcomes.every((bytes) => bytes > 0)).toBe(true)
    expect(running.metric('malformed_datagrams_total', { reason: 'version' })).toBe(1)
    expect(running.metric('malformed_datagrams_total', { reason: 'sample' })).toBe(1)
    expect(running.metric('counter_samples_total')).toBe(1)
    expect(running.shed).toEqual({ malformed: 2 })
    expect(running.lines).toHaveLength(2)
  })

  test('counts missing datagrams and samples', async () => {
    const running = await start()
    const one = (sequence: number): Buffer => datagram([flowSample([], { sequence: 10 * sequence })], { sequence })
    await send(running, one(5), one(9), one(7))
    await until(() => running.source.status().exporters[0]?.datagrams === 3)
    expect(running.source.status().exporters).toMatchObject([
      { missing: 3, late: 1, missingSamples: 39, lateSamples: 1, restarts: 0 },
    ])
    expect(running.metric('missing_datagrams_total')).toBe(3)
    expect(running.metric('late_datagrams_total')).toBe(1)
    expect(running.metric('missing_samples_total')).toBe(39)
  })

  test('enriches each unit before the append', async () => {
    const fill = (flows: FlowBuilder): void => flows.column('src_as').fill(64_500, 0, flows.count)
    const running = await start({}, undefined, undefined, { enrichment: { fill } })
    await send(running, vectorG)
    await until(() => running.units.length === 1)
    expect(rowsOf(running)).toMatchObject([{ src_addr: '10.0.0.1', src_as: 64_500 }])
  })

  test('reports why no rows are received', async () => {
    const running = await start()
    expect(running.source.status().why).toMatch(
      /^No datagram was received at udp:\/\/127\.0\.0\.1:\d+: check the collector address/,
    )
    await send(running, datagram([counters]))
    await until(() => running.source.status().exporters.length === 1)
    expect(running.source.status()).not.toHaveProperty('why')
    expect(running.source.status().exporters[0]?.why).toBe(
      'The agent sends counters and no packet samples: enable packet sampling on its interfaces.',
    )
    const other = await start()
    await send(other, Buffer.concat([words(4), vectorG.subarray(4)]))
    await until(() => other.source.status().exporters.length === 1)
    expect(other.source.status().exporters[0]?.why).toMatch(/does not send sFlow version 5/)
  })

  test('sheds datagrams from addresses outside the allowed ranges', async () => {
    const running = await start({ allow: ['10.0.0.0/8'] })
    await send(running, vectorG)
    await until(() => running.metric('accounted_bytes_total', { outcome: 'not_allowed' }) === vectorG.length)
    expect(running.shed).toEqual({ not_allowed: 1 })
    expect(running.source.status().exporters).toEqual([])
    expect(() => configFrom(sflowSchema, { allow: ['10.0.0.0/40'] })).toThrow(/is not a range of addresses/)
  })

  test('sheds rows and follows their sequence while the disk is slow', async () => {
    let release = (): void => undefined
    const disk = new Promise<void>((resolve) => {
      release = resolve
    })
    const running = await start({ flush: '10s' }, () => disk, {
      units: { ...defaultLimits, rows: 1, inFlight: 1 },
      exporters: 10,
    })
    const one = (sequence: number): Buffer => datagram([flowSample([], { sequence })], { sequence })
    await send(running, one(1), one(2), one(3), one(6))
    await until(() => running.metric('datagrams_total') === 4)
    expect(running.shed).toEqual({ journal_behind: 2 })
    expect(running.source.status()).toMatchObject({
      inFlight: 1,
      exporters: [{ rows: 2, missing: 2, missingSamples: 2 }],
    })
    release()
    await running.stop()
    expect(rowsOf(running)).toHaveLength(2)
  })

  test('listens on port 6343 of every address by default, and `off` opens nothing', async () => {
    expect(configFrom(sflowSchema, {}).listen).toEqual([{ host: '0.0.0.0', port: 6343 }])
    const { source, stop, units } = await start({ listen: 'off' })
    expect(source.addresses).toEqual([])
    await stop()
    expect(units).toEqual([])
  })

  test('appends the counts of shed rows on stop', async () => {
    const running = await start()
    await send(running, Buffer.from('no sFlow'))
    await until(() => running.metric('datagrams_total') === 1)
    await running.stop()
    expect(running.units).toMatchObject([{ stream: 'sflow', kind: 'empty', count: 0 }])
  })
})
