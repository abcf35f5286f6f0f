import { expect, test } from 'vitest'
import { seedFlows } from '../../../test/graph/seed.ts'
import { eventBatch } from '../../../test/conformance/batches.ts'
import type { SinkPiece } from '../../engine/contracts.ts'
import type { Column } from '../../model/columns.ts'
import { addFlows, type TrafficSum } from './map-traffic.ts'

const came = Date.UTC(2026, 0, 1, 12, 30)
const hour = Date.UTC(2026, 0, 1, 12)

function talksOf(
  columns: Record<string, Column>,
  dictionary: readonly string[],
  rows: readonly number[],
  counts: (row: number) => boolean = () => true,
): TrafficSum[] {
  const piece: SinkPiece = {
    header: {
      ...eventBatch([{ id: 'x', source: '/x', type: 'x', encoding: 'none' }], 't').pieces[0]!.header,
      received: came,
    },
    batch: { kind: 'flows', count: 6, dictionary, columns },
    rows: Uint32Array.from(rows),
    firstRow: 0,
  }
  const talks = new Map<string, TrafficSum>()
  addFlows(talks, piece, counts)
  return [...talks.values()]
}

const dict = (...codes: number[]): Column => ({ kind: 'dict', codes: Uint32Array.from(codes) })
const words = ['', 'c1', 'Deployment', 'shop', 'web', 'Node', 'n1', 'CronJob', 'job']
const ends = {
  cluster: dict(1, 1, 1, 1, 1, 0),
  src_owner_kind: dict(2, 2, 2, 5, 7, 2),
  src_namespace: dict(3, 3, 3, 0, 3, 3),
  src_owner_name: dict(4, 4, 4, 6, 8, 4),
  dst_owner_kind: dict(7, 7, 0, 7, 2, 7),
  dst_namespace: dict(3, 3, 3, 3, 3, 3),
  dst_owner_name: dict(8, 8, 8, 8, 4, 8),
}
const whole = (values: number[]): Column => ({
  kind: 'u64',
  words: Uint32Array.from(values.flatMap((value) => [value % 2 ** 32, Math.floor(value / 2 ** 32)])),
})

test('sums flows between workloads by hour and sampling interval, and omits flows without two workloads', () => {
  const [web, job] = ['k8s:c1/apps/Deployment/shop/web', 'k8s:c1/batch/CronJob/shop/job']
  const columns = {
    ...ends,
    bytes: whole([2 ** 33, 5, 7, 7, 11, 7]),
    packets: whole([1, 2, 3, 3, 4, 3]),
    sampling: { kind: 'u32' as const, values: Uint32Array.from([1, 10, 1, 1, 1, 1]), valid: Uint8Array.of(0b101110) },
  }
  expect(talksOf(columns, words, [0, 1, 2, 3, 4, 5])).toEqual([
    { id: `${hour} ${web} ${job}`, from: web, to: job, hour, bytes: 2 ** 33 + 50, packets: 21, flows: 2 },
    { id: `${hour} ${job} ${web}`, from: job, to: web, hour, bytes: 11, packets: 4, flows: 1 },
  ])
  expect(talksOf(columns, words, [0, 1, 4], (row) => row === 1).map(({ bytes }) => bytes)).toEqual([50])
})

test('the hour is that of the flow end, unless the exporter clock is implausible', () => {
  const minutes = (...values: number[]): Float64Array => Float64Array.from(values, (value) => came + value * 60_000)
  const time_end = { kind: 'time' as const, values: minutes(-31, -60, -61, 1, 2, 0) }
  const of = (row: number, more: Record<string, Column> = {}): number =>
    ((talksOf(
      {
        ...ends,
        cluster: dict(1, 1, 1, 1, 1, 1),
        dst_owner_kind: dict(7, 7, 7, 7, 7, 7),
        src_namespace: dict(3, 3, 3, 3, 3, 3),
        time_end,
        ...more,
      },
      words,
      [row],
    )[0]?.hour ?? 0) -
      hour) /
    3_600_000
  expect([of(0), of(1), of(2), of(3), of(4)]).toEqual([-1, -1, 0, 0, 0])
  expect(of(0, { time_skewed: { kind: 'u8', values: Uint8Array.of(1, 0, 0, 0, 0, 0) } })).toBe(0)
  expect(
    of(5, {
      time_end: { kind: 'time', values: minutes(0, 0, 0, 0, 0, 29.999) },
      time_received: { kind: 'time', values: minutes(0, 0, 0, 0, 0, 31) },
    }),
  ).toBe(0)
})

test('every seeded flow between two workloads is in a sum', () => {
  const batch = seedFlows()
  const talks = talksOf(
    batch.columns as Record<string, Column>,
    batch.dictionary,
    Array.from({ length: batch.count }, (_, row) => row),
  )
  const named = (row: number): boolean =>
    ['src_owner_name', 'dst_owner_name'].every(
      (name) => (batch.columns[name] as { codes?: Uint32Array } | undefined)?.codes?.[row] !== 0,
    )
  expect(talks.reduce((sum, { flows }) => sum + flows, 0)).toBe(
    Array.from({ length: batch.count }, (_, row) => row).filter(named).length,
  )
})
