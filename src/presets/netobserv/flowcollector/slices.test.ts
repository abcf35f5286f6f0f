import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import type { NetobservPlan } from '../finish.ts'
import { plan, resource } from '../testing/flowcollector.ts'
import { part } from '../testing/plan.ts'

const withoutLoki = { loki: { enable: false } }

describe('slices', () => {
  const slice = (namespace: string, spec: object): object => ({
    apiVersion: 'flows.netobserv.io/v1alpha1',
    kind: 'FlowCollectorSlice',
    metadata: { name: 'own', namespace },
    spec,
  })
  const slices = [
    slice('shop', {
      sampling: 10,
      subnetLabels: [{ name: 'db', cidrs: ['10.0.5.0/24', '192.0.2.0/24', 'nowhere'] }],
    }),
    slice('bank', { subnetLabels: [{ name: 'late', cidrs: ['192.0.2.128/25', '192.0.0.0/16'] }] }),
    slice('admin', { sampling: 5 }),
    slice('no namespace', {}),
  ]
  const planOf = (slicesConfig: object): NetobservPlan => {
    const processor = { subnetLabels: { customLabels: [{ name: 'all', cidrs: ['10.0.0.0/8'] }] }, slicesConfig }
    return plan([resource({ ...withoutLoki, processor }), ...slices.map((one) => stringify(one))].join('---\n'))
  }
  const networks = (made: NetobservPlan): unknown =>
    (JSON.parse(made.files['netobserv-networks.yaml'] ?? '{}') as { readonly networks?: unknown }).networks
  const all = { cidr: '10.0.0.0/8', label: 'all' }

  test('label ranges, except those within a range that takes precedence', () => {
    const made = planOf({ enable: true })
    expect(networks(made)).toEqual([
      all,
      { cidr: '192.0.2.0/24', label: 'db' },
      { cidr: '192.0.0.0/16', label: 'late' },
    ])
    expect(made.notes.filter((note) => note.startsWith('FlowCollectorSlice'))).toEqual([
      'FlowCollectorSlice no namespace/own: has no namespace; ignored',
      'FlowCollectorSlice shop/own: 10.0.5.0/24 is within a range that takes precedence; ignored',
      'FlowCollectorSlice shop/own: `nowhere` is no range; ignored',
      'FlowCollectorSlice bank/own: 192.0.2.128/25 is within a range that takes precedence; ignored',
    ])
    expect(part(made, 'transforms')).toEqual({})
  })

  test('with AllowList only their namespaces and the listed ones have flows, with their sampling', () => {
    const made = planOf({
      enable: true,
      collectionMode: 'AllowList',
      namespacesAllowList: ['admin', '/^kube-/'],
    })
    const of = (test: string): string => `src_namespace ${test} or dst_namespace ${test}`
    const transforms = part(made, 'transforms')
    expect(Object.values(transforms).map(({ type, one_in: interval, adjust }) => [type, interval, adjust])).toEqual([
      ['filter', undefined, undefined],
      ['filter', undefined, undefined],
      ['sample', 10, true],
      ['filter', undefined, undefined],
    ])
    expect(JSON.stringify(transforms)).toContain(JSON.stringify(of('= "admin"')).slice(1, -1))
    expect(JSON.stringify(transforms)).toContain(JSON.stringify(of('= "shop"')).slice(1, -1))
    expect(JSON.stringify(transforms['filters-2'])).toContain('kube-')
  })

  test('have no effect while they are not enabled', () => {
    const made = planOf({ enable: false, collectionMode: 'AllowList', namespacesAllowList: ['admin'] })
    expect([networks(made), part(made, 'transforms')]).toEqual([[all], {}])
  })
})
