import { expect, test } from 'vitest'
import { netobservJson } from '../codecs/netobserv-json/encode.ts'
import type { FlowBatch } from '../model/batches.ts'
import { flowBatch } from '../store/testing/frames.ts'
import { enrichFlows } from './enrich.ts'
import type { LabelCopy } from './name-settings.ts'
import { node, other, pod, t0 } from './testing/objects.ts'
import { Workloads } from './workloads.ts'

const received = t0 + 100_000
const source: LabelCopy = { end: 'src', prefix: 'SrcK8S_Labels', include: [], exclude: [] }
const destination: LabelCopy = { end: 'dst', prefix: 'DstK8S_Labels', include: [], exclude: [] }

function cluster(): Workloads {
  const workloads = new Workloads()
  const service = { addresses: [{ ip: '10.96.0.1', as: 'cluster' as const }], labels: { app: 'db' } }
  for (const data of [
    node('worker-1', '10.0.0.1', 'z1', { labels: { 'topology.kubernetes.io/zone': 'z1' } }),
    pod('a', '10.1.0.1', 0, { labels: { team: 'cart', app: 'web', 'app.kubernetes.io/name': 'größe' } }),
    pod('b', '10.1.0.2', 0),
    other('Service', 'db', service),
  ])
    workloads.apply(data)
  workloads.settle()
  return workloads
}

/** Further members of each flow: all keys with `Labels`, and `Rack`. */
function members(
  workloads: Workloads,
  labels: readonly LabelCopy[],
  pairs: readonly (readonly [src: string, dst: string])[],
  more: (batch: FlowBatch) => FlowBatch = (batch) => batch,
): readonly Readonly<Record<string, unknown>>[] {
  const batch = more(
    flowBatch(
      pairs.map(([src, dst]) => ({ src, dst, start: t0 + 60_000 })),
      received,
    ),
  )
  const write = netobservJson(enrichFlows(batch, received, { holders: workloads, labels }).batch)
  return pairs.map((_, row) =>
    Object.fromEntries(
      Object.entries(JSON.parse(write(row)) as Record<string, unknown>).filter(([key]) => /Labels|Rack/.test(key)),
    ),
  )
}

test('pods, services and nodes have their labels, each end under its prefix', () => {
  const pairs = [
    ['10.1.0.1', '10.96.0.1'],
    ['10.0.0.1', '10.1.0.2'],
    ['10.1.0.2', '10.1.0.1'],
    ['192.0.2.1', '192.0.2.2'],
  ] as const
  expect(members(cluster(), [source, destination], pairs)).toEqual([
    {
      SrcK8S_Labels_app: 'web',
      SrcK8S_Labels_team: 'cart',
      'SrcK8S_Labels_app.kubernetes.io/name': 'größe',
      DstK8S_Labels_app: 'db',
    },
    { 'SrcK8S_Labels_topology.kubernetes.io/zone': 'z1' },
    {
      DstK8S_Labels_app: 'web',
      DstK8S_Labels_team: 'cart',
      'DstK8S_Labels_app.kubernetes.io/name': 'größe',
    },
    {},
  ])
  expect(members(cluster(), [source], pairs.slice(2))).toEqual([{}, {}])
  expect(members(cluster(), [], pairs.slice(0, 1))).toEqual([{}])
})

test.each([
  [{ include: ['app', 'none'] }, { Labels_app: 'web' }],
  [{ exclude: ['app.kubernetes.io/name', 'app'] }, { Labels_team: 'cart' }],
  [{ include: ['app', 'team'], exclude: ['app'] }, { Labels_team: 'cart' }],
  [{ include: ['app.kubernetes.io/name'], maxLength: 4 }, { 'Labels_app.kubernetes.io/name': 'g...' }],
  [{ include: ['app.kubernetes.io/name'], maxLength: 5 }, { 'Labels_app.kubernetes.io/name': 'größe' }],
  [{ include: ['team'], maxLength: 2 }, { Labels_team: '..' }],
])('%j selects and shortens labels', (more, expected) => {
  expect(members(cluster(), [{ ...source, prefix: 'Labels', ...more }], [['10.1.0.1', '10.1.0.2']])).toEqual([expected])
})

test('members that a flow carries stay', () => {
  const carrying = (batch: FlowBatch): FlowBatch => ({
    ...batch,
    dictionary: [...batch.dictionary, '{"SrcK8S_Labels_app":"own","Rack":9007199254740993}'],
    columns: { ...batch.columns, extra: { kind: 'json', codes: Uint32Array.of(batch.dictionary.length, 0) } },
  })
  const pairs = [
    ['10.1.0.1', '10.1.0.2'],
    ['10.1.0.1', '10.1.0.2'],
  ] as const
  expect(members(cluster(), [{ ...source, include: ['app', 'team'] }], pairs, carrying)).toEqual([
    { SrcK8S_Labels_app: 'own', SrcK8S_Labels_team: 'cart', Rack: 9007199254740992 },
    { SrcK8S_Labels_app: 'web', SrcK8S_Labels_team: 'cart' },
  ])
})

test('changed labels are the current ones, also after saving, loading and forgetting', () => {
  const workloads = cluster()
  workloads.apply(pod('a', '10.1.0.1', 50_000, { labels: { app: 'new' } }))
  workloads.settle()
  const loaded = new Workloads()
  for (const record of workloads.records(0)) loaded.load(JSON.parse(JSON.stringify(record)) as typeof record)
  const forgotten = cluster()
  forgotten.apply(pod('a', '10.1.0.1', 50_000, { labels: { app: 'new' } }))
  forgotten.apply({ ...pod('b', '10.1.0.2', 60_000), state: 'gone' })
  forgotten.forget(received, 1)
  for (const each of [workloads, loaded, forgotten])
    expect(members(each, [source, destination], [['10.1.0.1', '10.96.0.1']])).toEqual([
      { SrcK8S_Labels_app: 'new', DstK8S_Labels_app: 'db' },
    ])
})
