import { expect, it } from 'vitest'
import { flowBatch } from '../store/testing/frames.ts'
import type { FlowBatch } from '../model/batches.ts'
import { formatIp } from '../model/ip.ts'
import { enrichFlows } from './enrich.ts'
import { gone, node, other, pod, t0 } from './testing/objects.ts'
import { Workloads } from './workloads.ts'

function text(batch: FlowBatch, name: string): (string | undefined)[] {
  const column = batch.columns[name]
  return column?.kind === 'dict'
    ? [...column.codes].map((code) => (code === 0 ? undefined : batch.dictionary[code]))
    : []
}

function known(): Workloads {
  const workloads = new Workloads()
  const a = pod('a', '10.1.0.1', 0, { owners: [{ kind: 'StatefulSet', group: 'apps', name: 'db', uid: 'u' }] })
  for (const data of [
    node('worker-1', '10.0.0.1', 'z1'),
    a,
    gone(a, 60_000),
    pod('b', '10.1.0.1', 65_000),
    other('Service', 'web', { addresses: [{ ip: '10.96.0.1', as: 'cluster' }] }),
  ])
    workloads.apply(data)
  workloads.settle()
  return workloads
}

it('flows get the names of their ends at their time', () => {
  const batch = flowBatch(
    [
      { src: '10.1.0.1', dst: '10.96.0.1', start: t0 + 30_000 },
      { src: '10.1.0.1', dst: '192.0.2.9', start: t0 + 70_000 },
      { src: '10.0.0.1', dst: '10.1.0.1', start: t0 + 30_000 },
    ],
    t0 + 80_000,
  )
  const { batch: named, unknown } = enrichFlows(batch, t0 + 80_000, { holders: known() })
  expect(unknown).toBe(false)
  expect(text(named, 'src_name')).toEqual(['a', 'b', 'worker-1'])
  expect(text(named, 'src_kind')).toEqual(['Pod', 'Pod', 'Node'])
  expect(text(named, 'src_namespace')).toEqual(['shop', 'shop', undefined])
  expect([text(named, 'src_owner_kind'), text(named, 'src_owner_name')]).toEqual([
    ['StatefulSet', 'Pod', 'Node'],
    ['db', 'b', 'worker-1'],
  ])
  expect([text(named, 'src_node'), text(named, 'src_zone')]).toEqual([
    ['worker-1', 'worker-1', 'worker-1'],
    ['z1', 'z1', 'z1'],
  ])
  expect(text(named, 'dst_name')).toEqual(['web', undefined, 'a'])
  expect(text(named, 'dst_kind')).toEqual(['Service', undefined, 'Pod'])
  expect(text(named, 'cluster')).toEqual(['prod', 'prod', 'prod'])
  const nodes = named.columns['dst_node_addr']
  expect(nodes?.kind === 'ip' && [formatIp(nodes.words, 8), nodes.valid?.[0]]).toEqual(['10.0.0.1', 0b100])
  expect(batch.columns['src_name']).toBeUndefined()
})

it('fields that a flow carries stay, and unknown addresses add none', () => {
  const batch = flowBatch([{ src: '10.1.0.1', dst: '192.0.2.9', start: t0 + 30_000 }], t0 + 80_000)
  const carried: FlowBatch = {
    ...batch,
    dictionary: [...batch.dictionary, 'named'],
    columns: { ...batch.columns, src_name: { kind: 'dict', codes: Uint32Array.of(2) } },
  }
  const { batch: named } = enrichFlows(carried, t0 + 80_000, { holders: known() })
  expect([text(named, 'src_name'), text(named, 'src_namespace')]).toEqual([['named'], ['shop']])
  const strange = flowBatch([{ src: '192.0.2.1', dst: '192.0.2.9' }])
  expect(enrichFlows(strange, t0, { holders: known() })).toEqual({ batch: strange, unknown: false })
})

it('an address within the ranges of a cluster and without a holder is unknown', () => {
  const batch = flowBatch([{ src: '10.1.0.200', dst: '192.0.2.9', start: t0 }], t0)
  expect(enrichFlows(batch, t0, { holders: known() }).unknown).toBe(true)
})
