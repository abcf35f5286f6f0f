import { expect, it } from 'vitest'
import { Workloads } from '../identity/workloads.ts'
import { WorkloadResolver } from '../identity/workload-resolver.ts'
import { gone, node, pod, t0 } from '../identity/testing/objects.ts'
import { cellReader } from '../api/live/cells.ts'
import { flowBatch, FrameMaker, resolver } from '../store/testing/frames.ts'
import { compileLive } from './live.ts'
import { flowNames, readFilter } from './index.ts'

const workloads = new Workloads()
const a = pod('a', '10.1.0.1', 0)
for (const data of [
  node('worker-1', '10.0.0.2', 'z1'),
  a,
  gone(a, 60_000),
  pod('b', '10.1.0.1', 61_000, { namespace: 'bank' }),
])
  workloads.apply(data)
let watching = true
const networks = {
  ...resolver,
  resolve: (...given: Parameters<typeof resolver.resolve>) => resolver.resolve(...given) as never,
  reload: () => Promise.resolve(),
  close: () => {},
}
const names = new WorkloadResolver(networks, workloads, () => watching)
const received = t0 + 120_000
const batch = flowBatch(
  [
    { src: '10.1.0.1', dst: '192.0.2.1', start: t0 + 30_000 },
    { src: '192.0.2.1', dst: '10.1.0.1', start: t0 + 90_000 },
    { src: '10.0.0.1', dst: '192.0.2.1', start: t0 },
  ],
  received,
)
const { header } = new FrameMaker().batch(batch, received, 'netflow')

function matching(filter: string): number[] {
  const test = compileLive(readFilter(filter, flowNames).bound)(batch, header, names)
  return [0, 1, 2].filter((row) => test(row))
}

it('a live row has the workloads of its time, in cells and in filters', () => {
  const cells = (name: string): unknown[] => [0, 1, 2].map(cellReader(batch, header, name, names))
  expect([cells('src_name'), cells('src_label')]).toEqual([
    ['a', null, 'gateway'],
    [null, null, 'net=core'],
  ])
  expect([cells('src_namespace'), cells('dst_namespace')]).toEqual([
    ['shop', null, null],
    [null, 'bank', null],
  ])
  expect([cells('src_zone'), cells('cluster')]).toEqual([
    ['z1', null, null],
    ['prod', 'prod', null],
  ])
  expect([
    matching('src.ns = shop'),
    matching('any.ns = bank'),
    matching('cluster = prod'),
    matching('src_kind = Pod'),
    matching('src_namespace != shop'),
  ]).toEqual([[0], [1], [0, 1], [0], [1, 2]])
})

it('without a watched cluster only networks have names', () => {
  watching = false
  expect([matching('any.ns = bank'), matching('src_name = gateway')]).toEqual([[], [2]])
  watching = true
})
