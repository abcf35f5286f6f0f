import { describe, expect, it } from 'vitest'
import type { FlowBatch } from '../model/batches.ts'
import { toEventBatch, type WeirEvent } from '../model/events.ts'
import { compileRowFilter, filterKinds, type FilterKind, type WrittenFilter } from './row-filter.ts'

const header = { source: 'in', epoch: 1, sourceSequence: 1, received: 1_700_000_000_000 }
const flows: FlowBatch = {
  kind: 'flows',
  count: 3,
  dictionary: ['', 'shop', 'bank'],
  columns: {
    dst_port: { kind: 'u16', values: Uint16Array.of(443, 53, 443) },
    src_namespace: { kind: 'dict', codes: Uint32Array.of(1, 1, 2) },
  },
}
const body = (value: unknown): Pick<WeirEvent, 'encoding' | 'data'> => ({
  encoding: 'json',
  data: new TextEncoder().encode(JSON.stringify(value)),
})
const events = toEventBatch([
  { id: 'a', source: '/shop', type: 'order.paid', encoding: 'none' },
  {
    id: 'b',
    source: '/kubernetes/prod',
    type: 'weir.kubernetes.updated',
    family: 'change',
    ref: 'k8s:prod/apps/Deployment/shop/web',
    key: 'prod/u-1',
    ...body({ actor: { manager: 'helm' }, patch: [{ op: 'replace', path: '/spec/replicas', value: 3 }], noise: ['n'] }),
  },
  {
    id: 'c',
    source: '/kubernetes/prod',
    type: 'weir.kubernetes.deleted',
    family: 'change',
    ref: 'k8s:prod//Node//n1',
    ...body({ coalesced: true, old: { a: 1 }, new: null }),
  },
  {
    id: 'd',
    source: '/cts',
    type: 'iam',
    family: 'audit',
    ref: 'otc:t/ecs/server/1',
    ...body({ audit: { actor: { kind: 'user', name: 'eve' }, action: 'delete', severity: 'incident' } }),
  },
])
const chosen = (written: WrittenFilter): string => {
  const test = compileRowFilter(written)
  const [inFlows, inEvents] = [test(flows, header), test(events, header)]
  return (
    ['0', '1', '2'].filter((row) => inFlows(Number(row))).join('') +
    ['a', 'b', 'c', 'd'].filter((_, row) => inEvents(row)).join('')
  )
}

describe('a filter for rows of every kind', () => {
  it.each<[WrittenFilter, string]>([
    ['dst.port = 443', '02'],
    ['src.ns = shop', '01'],
    ['family = audit', 'd'],
    ['source = /shop', 'a'],
    ['type = weir.kubernetes.deleted', 'c'],
    ['operation = updated', 'b'],
    ['kind = Deployment and namespace = shop', 'b'],
    ['cluster = prod and not exists(namespace)', 'c'],
    ['manager = helm', 'b'],
    ['paths = /spec/replicas', 'b'],
    ['noise = n', 'b'],
    ['noise != n', 'c'],
    ['coalesced = true', 'c'],
    ['exists(old)', 'c'],
    ['text ~ "replicas"', 'b'],
    ['uid = u-1', 'b'],
    ['severity = incident and actor_name = eve', 'd'],
    ['resource = otc:*', 'd'],
    [{ flows: 'dst_port = 53' }, '1abcd'],
    [{ events: 'type = order.paid' }, '012a'],
    [{ changes: 'kind = Node' }, '012acd'],
    [{ flows: 'dst_port = 53', audit: 'severity = normal', changes: 'kind = Node', events: 'type = x' }, '1c'],
  ])('%j selects %s', (written, expected) => {
    expect(chosen(written)).toBe(expected)
  })

  it.each<[WrittenFilter, FilterKind[], RegExp]>([
    ['dst_prot = 443', [...filterKinds], /dst_prot/],
    ['dst_port = 443', ['events'], /dst_port/],
    ['family = audit', ['flows'], /family/],
    [{ changes: 'actor = eve' }, [...filterKinds], /joined from audit logs/],
    [{ flows: 'dst_port = x' }, [...filterKinds], /x/],
  ])('%j is refused for %j', (written, kinds, message) => {
    expect(() => compileRowFilter(written, kinds)).toThrow(message)
  })
})
