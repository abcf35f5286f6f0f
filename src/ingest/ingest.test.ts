import { expect, test } from 'vitest'
import { fakeHost } from '../../test/kit/fake-host.ts'
import { flowRows } from '../../test/kit/flow-rows.ts'
import { noBytes } from '../codecs/templates/bytes.ts'
import { ExporterState } from '../codecs/templates/state.ts'
import { usualTemplateLimits } from '../codecs/templates/table.ts'
import { ip4, ipfix, set, template, u32 } from '../codecs/templates/testing/datagrams.ts'
import type { FlowEnrichment, SourceContext } from '../engine/contracts.ts'
import { decodeBatch } from '../journal/bodies.ts'
import { NetflowIngest, type NetflowExporter } from './decode-netflow.ts'
import { FlowWriter, defaultLimits, type UnitLimits } from './write.ts'

const received = 1_700_000_000_000
const transport = { kind: 'udp', listener: 0, port: 50_000 } as const
const announce = ipfix(
  {},
  set(
    2,
    template(300, [
      [8, 4],
      [1, 4],
    ]),
  ),
)
const data = (...bytes: readonly number[]): Buffer =>
  ipfix({}, set(300, ...bytes.flatMap((each) => [ip4('10.0.0.1'), u32(each)])))

function start(limits: Partial<UnitLimits> = {}, enrichment?: FlowEnrichment) {
  const units: { readonly bytes: readonly unknown[]; readonly received: number }[] = []
  const systems: unknown[] = []
  const shed: Record<string, number> = {}
  const synced: (() => void)[] = []
  const silent = (): void => {}
  const context: SourceContext = {
    id: 'netflow',
    host: fakeHost(1),
    log: { debug: silent, info: silent, warn: silent, error: silent },
    metrics: { count: silent, set: silent },
    cursor: undefined,
    epoch: 1,
    ...(enrichment === undefined ? {} : { enrichment }),
    async append(unit) {
      const batch = decodeBatch('flows', Uint8Array.from(unit.raw))
      const rows = batch.kind === 'flows' ? flowRows(batch) : []
      units.push({ bytes: rows.map((row) => row.bytes), received: unit.received })
      systems.push(...rows.map((row) => row.src_as))
      await new Promise<void>((resolve) => synced.push(resolve))
      return { position: { sequence: units.length, row: 0 }, epoch: 1, sourceSequence: units.length }
    },
    shed: (reason, rows) => void (shed[reason] = (shed[reason] ?? 0) + rows),
  }
  const writer = new FlowWriter(context, { ...defaultLimits, ...limits })
  const totals = { bytes: noBytes(), datagrams: { netflow5: 0, netflow9: 0, ipfix: 0 } }
  const ingest = new NetflowIngest(writer, totals, {
    skewLimit: 3_600_000,
    sampling: 0,
    netobservPen: 2,
    extra: [],
    elements: 'all',
    templates: { ...usualTemplateLimits, expiry: 7_200_000 },
    parking: { bytes: 4_000_000, exporterBytes: 200_000, time: 60_000 },
  })
  const words = Uint32Array.of(0, 0, 0xffff, 0xc0000207)
  const exporter: NetflowExporter = { words, state: new ExporterState(words), lastRow: undefined, follow: silent }
  exporter.state.proven = true
  const take = (datagram: Buffer, at = received): string | undefined => ingest.take(datagram, exporter, transport, at)
  return { writer, exporter, units, systems, shed, synced, totals, take }
}

test('a datagram is decoded as a whole, and a full unit is handed over before the next one', () => {
  const { writer, units, take } = start({ rows: 2 })
  take(announce)
  take(data(1, 2, 3), received)
  expect([writer.flows.count, units.length]).toEqual([3, 0])
  take(data(4), received + 1)
  writer.flush()
  expect(units).toEqual([
    { bytes: [1, 2, 3], received },
    { bytes: [4], received: received + 1 },
  ])
})

test('data sets that waited for a template are handed over in several units if they exceed one', () => {
  const { writer, exporter, units, take } = start({ rows: 2 })
  for (let i = 0; i < 5; i++) take(data(10 * i, 10 * i + 1), received + i)
  expect(exporter.lastRow).toBeUndefined()
  take(announce, received + 60)
  writer.flush()
  expect(units.map(({ bytes }) => bytes)).toEqual([0, 10, 20, 30, 40].map((first) => [first, first + 1]))
  expect(exporter).toMatchObject({ lastRow: received + 60, state: { rows: 10, shedRows: 0 } })
})

test('while the journal is behind, rows are counted as shed, and templates are learned', async () => {
  const { writer, exporter, units, shed, synced, totals, take } = start({ rows: 1, inFlight: 1 })
  take(announce)
  take(data(1))
  take(data(2))
  take(data(3, 4))
  take(ipfix({}, set(2, template(301, [[8, 4]]))))
  expect(shed).toEqual({ journal_behind: 2 })
  expect(exporter.state).toMatchObject({ rows: 2, shedRows: 2, templates: 2 })
  expect(totals.bytes).toMatchObject({ decoded: 16, skipped: 16 })
  synced.shift()?.()
  await writer.ready()
  take(data(5))
  writer.stopWaiting()
  expect(units.map(({ bytes }) => bytes)).toEqual([[1], [2]])
  expect(shed).toEqual({ journal_behind: 2 })
})

test('each unit is enriched once, with all of its rows', () => {
  const fills: number[] = []
  const enrichment: FlowEnrichment = {
    fill(flows) {
      fills.push(flows.count)
      flows.column('src_as').fill(64_500, 0, flows.count)
    },
  }
  const { writer, systems, take } = start({ rows: 2 }, enrichment)
  take(announce)
  for (const bytes of [1, 2, 3]) take(data(bytes))
  writer.flush()
  expect(fills).toEqual([2, 1])
  expect(systems).toEqual([64_500, 64_500, 64_500])
})
