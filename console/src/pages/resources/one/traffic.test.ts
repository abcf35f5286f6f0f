import { expect, test } from 'vitest'
import type { ResourceState, WholeResource } from '../../../api/objects.ts'
import { writeRef } from '../../../state/refs.ts'
import { lifeOf, trafficOf } from './traffic.ts'

const at = (time: string): string => `2026-11-20T${time}.000Z`

function state(kind: string, name: string, from: string, to: string | null = null, uid = 'u1'): ResourceState {
  return {
    cluster: 'c',
    group: '',
    kind,
    namespace: kind === 'Node' || kind === 'Namespace' ? null : 'shop',
    name,
    uid,
    ref: `k8s:c//${kind}/shop/${name}`,
    labels: null,
    node: null,
    zone: null,
    phase: null,
    status: null,
    ready: null,
    desired: null,
    restarts: null,
    images: [],
    addresses: [],
    conditions: null,
    owner_kind: null,
    owner_name: null,
    owner_uid: null,
    created: null,
    valid_from: at(from),
    valid_to: to === null ? null : at(to),
    resource_version: null,
  }
}

function whole(now: ResourceState, data: object = {}, more: Partial<WholeResource> = {}): WholeResource {
  return {
    ref: now.ref,
    moments: [],
    at: at('12:00:00'),
    now: { ...now, data },
    manifest: null,
    state: null,
    manifest_note: null,
    versions: [],
    intervals: [now],
    owners: [],
    owned: [],
    relations: [],
    changes: [],
    events: [],
    ...more,
  }
}

const owns = (owner: string, pod: string): WholeResource['owned'][number] => ({
  relation: 'owned-by',
  from: writeRef({ cluster: 'c', group: '', kind: 'Pod', namespace: 'shop', name: pod }),
  to: owner,
  valid_from: at('10:00:00'),
  valid_to: null,
})

test('a pod has the flows of its addresses in the last hour of its lifetime', () => {
  const pod = state('Pod', 'web-1', '11:30:00', '11:50:00')
  expect(
    trafficOf(
      whole(pod, {
        addresses: [
          { ip: '10.0.0.1', as: 'pod' },
          { ip: 'fd00::1', as: 'pod' },
        ],
      }),
    ),
  ).toEqual({
    sends: 'src_addr in ("10.0.0.1", "fd00::1") and (cluster = "c" or not exists(cluster))',
    receives: 'dst_addr in ("10.0.0.1", "fd00::1") and (cluster = "c" or not exists(cluster))',
    from: at('11:30:00'),
    to: at('11:50:00'),
  })
  expect(
    trafficOf(whole(state('Pod', 'web-1', '08:00:00'), { addresses: [{ ip: '10.0.0.1', as: 'pod' }] })),
  ).toMatchObject({ sends: 'src_addr = "10.0.0.1" and (cluster = "c" or not exists(cluster))', from: at('11:00:00') })
  expect(trafficOf(whole(pod, { hostNetwork: true, addresses: [{ ip: '10.0.0.1', as: 'node' }] })).none).toContain(
    'uses the host network',
  )
})

test('an object with more states than the page has its flows since it was created', () => {
  const now = { ...state('Pod', 'web-1', '11:59:00', '11:59:30'), created: at('11:20:00') }
  const newest = [state('Pod', 'web-1', '13:00:00', null, 'u2')]
  expect(trafficOf(whole(now, { addresses: [{ ip: '10.0.0.1', as: 'pod' }] }, { intervals: newest }))).toMatchObject({
    from: at('11:20:00'),
    to: at('11:59:30'),
  })
})

test('workloads have the flows that name them, replica sets those of their pods', () => {
  const set = state('ReplicaSet', 'web-abc', '10:00:00')
  expect(trafficOf(whole(state('Deployment', 'web', '10:00:00'))).receives).toBe(
    'dst_owner_kind = "Deployment" and dst_owner_name = "web" and dst_namespace = "shop" and (cluster = ' +
      '"c" or not exists(cluster))',
  )
  expect(trafficOf(whole(set, {}, { owned: [owns(set.ref, 'web-1'), owns(set.ref, 'web-2')] })).sends).toBe(
    'src_namespace = "shop" and src_name in ("web-1", "web-2") and (cluster = "c" or not exists(cluster))',
  )
  expect(trafficOf(whole(state('Namespace', 'shop', '10:00:00'))).sends).toBe(
    'src_namespace = "shop" and (cluster = "c" or not exists(cluster))',
  )
  expect(
    trafficOf(whole(state('Node', 'n1', '10:00:00'), { addresses: [{ ip: '192.168.0.1', as: 'node' }] })).sends,
  ).toBe('src_node = "n1" and (cluster = "c" or not exists(cluster))')
  expect(trafficOf(whole(state('ConfigMap', 'prices', '10:00:00'))).none).toContain('This kind has no flows')
  expect(trafficOf({ ...whole(set), now: null }).none).toContain('did not exist')
})

test('a reused name has the lifetime of its current object', () => {
  const states = [
    state('Pod', 'a', '11:00:00', null, 'u2'),
    state('Pod', 'a', '10:00:00', '10:30:00', 'u1'),
    state('Pod', 'a', '09:00:00', '10:00:00', 'u1'),
  ]
  expect(lifeOf(states, 'u2')).toEqual({ from: Date.parse(at('11:00:00')), to: Infinity })
  expect(lifeOf(states, 'u1')).toEqual({ from: Date.parse(at('09:00:00')), to: Date.parse(at('10:30:00')) })
})
