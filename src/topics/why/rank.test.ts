import { describe, expect, test } from 'vitest'
import { rank, type RankOptions } from './rank.ts'
import { selects } from './selector.ts'
import type { Candidate, Workload } from './types.ts'
import { impactsOf, type Pair } from './traffic.ts'
import { changeWeight, resourceWeight } from './weights.ts'

const onset = 1_000_000_000
const options = {
  onset: { time: onset, from: onset, to: onset },
  kind: 'fall',
  others: [],
  lookbackMs: 1_800_000,
  graceMs: 20_000,
  inventoryGraceMs: 600_000,
} as const

function candidate(more: Partial<Candidate>): Candidate {
  return {
    is: 'change',
    at: onset - 5000,
    time: '',
    cluster: 'c1',
    group: '',
    kind: 'Deployment',
    namespace: 'shop',
    name: 'web',
    ref: null,
    operation: 'updated',
    actor: 'alice',
    actor_kind: 'user',
    actor_ref: null,
    manager: null,
    audit_id: null,
    paths: ['/spec/template/spec/containers/0/image'],
    diff: [],
    pos: '',
    before: null,
    after: null,
    ...more,
  }
}

const web: Workload = {
  cluster: 'c1',
  namespace: 'shop',
  kind: 'Deployment',
  name: 'web',
  share: 1,
  impact: 1,
  via: undefined,
  labels: [{ app: 'web' }],
  nodes: new Set(['n1']),
  images: new Set(['web:1']),
  configs: new Set(['ConfigMap/settings']),
  services: new Set(['web']),
  clouds: new Map([
    ['exoscale:org/z/instance/i1', 'machine'],
    ['exoscale:org/z/security_group/sg', 'attached'],
  ]),
}

/** `instance/i1` of the account of {@link web}. */
function cloud(of: string, more: Partial<Candidate> = {}): Partial<Candidate> {
  const [kind = '', name = ''] = of.split('/')
  const paths = ['/state']
  return { is: 'resource', cluster: null, namespace: null, kind, name, ref: `exoscale:org/z/${of}`, paths, ...more }
}

function reasonOf(more: Partial<Candidate>): string | undefined {
  return rank([candidate(more)], [web], options).ranked[0]?.reasons[0]?.is
}

describe('the relation of a change to a workload', () => {
  test.each<[string | undefined, Partial<Candidate>]>([
    ['workload', {}],
    ['workload', { kind: 'Pod', name: 'web-5d7f9-abc', operation: 'deleted' }],
    ['namespace', { kind: 'Pod', name: 'web-admin-5d7f9-abc-1', operation: 'deleted' }],
    ['policy', { kind: 'NetworkPolicy', name: 'p', after: { podSelector: { matchLabels: { app: 'web' } } } }],
    ['policy', { kind: 'NetworkPolicy', name: 'p', before: { podSelector: {} }, operation: 'deleted' }],
    ['namespace', { kind: 'NetworkPolicy', name: 'p', after: { podSelector: { matchLabels: { app: 'db' } } } }],
    ['service', { kind: 'Service', name: 'other', before: { selector: { app: 'web' } } }],
    ['route', { kind: 'Ingress', name: 'i', after: { rules: [{ backend: { service: { name: 'web' } } }] } }],
    [
      'scaler',
      { kind: 'HorizontalPodAutoscaler', name: 'h', after: { scaleTargetRef: { kind: 'Deployment', name: 'web' } } },
    ],
    ['config', { kind: 'ConfigMap', name: 'settings' }],
    ['namespace', { kind: 'ConfigMap', name: 'unused' }],
    ['node', { kind: 'Node', name: 'n1', namespace: null }],
    [undefined, { kind: 'Node', name: 'n2', namespace: null }],
    ['image', { name: 'copy', after: { template: { containers: [{ image: 'web:1' }] } } }],
    [undefined, { namespace: 'other' }],
    [undefined, { cluster: 'c2' }],
    [
      'rules',
      { is: 'audit', cluster: null, kind: 'securityGroup', namespace: null, name: 'sg-1', operation: 'updateRule' },
    ],
    ['machine', cloud('instance/i1')],
    ['attached', cloud('security_group/sg')],
    [undefined, cloud('instance/i2')],
    ['rules', cloud('security_group/other')],
    [undefined, cloud('security_group/other', { after: { attachedTo: [] } })],
    [undefined, { is: 'audit', cluster: null, kind: 'bucket', namespace: null, name: 'b', operation: 'putObject' }],
  ])('%s: %j', (reason, more) => {
    expect(reasonOf(more)).toBe(reason)
  })
})

test('results of controllers are excluded and counted; nodes and users’ programs are not', () => {
  const { ranked, excluded } = rank(
    [
      candidate({ kind: 'Pod', actor: null, actor_kind: null }),
      candidate({ kind: 'EndpointSlice', actor: null, actor_kind: null }),
      candidate({ actor: 'system:serviceaccount:kube-system:deployment-controller' }),
      candidate({ actor: 'kube-controller-manager', actor_kind: 'manager', manager: 'kube-controller-manager' }),
      candidate({ actor: 'system:serviceaccount:argocd:sync' }),
      candidate({
        kind: 'Node',
        name: 'n1',
        namespace: null,
        actor: 'system:node:n1',
        paths: ['/status/conditions/0/status'],
      }),
    ],
    [web],
    options,
  )
  expect([ranked.length, excluded]).toEqual([2, { controllers: 4, unrelated: 0 }])
})

test('a nearer, closer or weightier change ranks higher; metadata and late reactions rank last', () => {
  const names = rank(
    [
      candidate({ pos: 'old', at: onset - 1_200_000 }),
      candidate({ pos: 'near' }),
      candidate({ pos: 'note', at: onset - 1000, paths: ['/metadata/annotations/note'] }),
      candidate({ pos: 'unmounted', at: onset - 1000, kind: 'ConfigMap', name: 'unused' }),
      candidate({
        pos: 'scaled',
        at: onset + 4000,
        actor: 'system:serviceaccount:kube-system:horizontal-pod-autoscaler',
        paths: ['/spec/replicas'],
      }),
      candidate({ pos: 'too old', at: onset - 1_900_000 }),
      candidate({ pos: 'too late', at: onset + 30_000 }),
    ],
    [web],
    options,
  ).ranked.map(({ candidate: { pos } }) => pos)
  expect(names).toEqual(['near', 'scaled', 'unmounted', 'note', 'old'])
})

test('repeated changes of an object that is only in the same namespace are counted with the newest', () => {
  const flags = { kind: 'ConfigMap', name: 'flags', ref: 'k8s:c1//ConfigMap/shop/flags' }
  const { ranked } = rank(
    [5000, 60_000, 120_000].map((before) => candidate({ ...flags, at: onset - before, pos: String(before) })),
    [web],
    options,
  )
  expect(ranked.map(({ candidate: { pos }, repeats }) => [pos, repeats])).toEqual([['5000', 2]])
})

test('an unrelated change of the first candidate’s actor is listed with this reason', () => {
  const { ranked, excluded } = rank(
    [
      candidate({}),
      candidate({ namespace: 'dev', name: 'tool' }),
      candidate({ namespace: 'dev', name: 'x', actor: 'bob' }),
    ],
    [web],
    options,
  )
  expect(ranked.map(({ reasons }) => reasons[0])).toEqual([
    { is: 'workload', object: 'shop/web' },
    { is: 'actor', object: 'alice' },
  ])
  expect(excluded.unrelated).toBe(1)
})

test('weights depend on the changed fields', () => {
  const weight = (more: Partial<Candidate>) => changeWeight(candidate(more))
  expect(weight({ operation: 'deleted' })).toBe(1)
  expect(weight({ paths: ['/spec/replicas'], after: { replicas: 0 } })).toBe(1)
  expect(weight({ paths: ['/spec/replicas'], after: { replicas: 3 } })).toBeLessThan(weight({}))
  expect(weight({ kind: 'Service', paths: ['/spec/selector/app'] })).toBeGreaterThan(
    weight({ kind: 'Service', paths: ['/spec/sessionAffinity'] }),
  )
  expect(weight({ kind: 'Node', paths: ['/status/images/0'] })).toBeLessThan(0.2)
})

test('a change that removes more replicas weighs more', () => {
  const scaled = (kind: string, field: string, from: number, to: number) =>
    changeWeight(candidate({ kind, paths: [`/spec/${field}`], before: { [field]: from }, after: { [field]: to } }))
  for (const [kind, field] of [
    ['Deployment', 'replicas'],
    ['HorizontalPodAutoscaler', 'maxReplicas'],
  ] as const) {
    expect(scaled(kind, field, 2, 8)).toBe(0.6)
    expect(scaled(kind, field, 8, 6)).toBeCloseTo(0.7)
    expect(scaled(kind, field, 8, 1)).toBeCloseTo(0.95)
    expect(scaled(kind, field, 8, 0)).toBe(1)
  }
})

test('a change that several workloads depend on has the sum of their shares', () => {
  const parts = ['web', 'api', 'cart'].map((name): Workload => ({ ...web, name, share: 0.3 }))
  const shareOf = (more: Partial<Candidate>) => rank([candidate(more)], parts, options).ranked[0]?.share
  expect(shareOf({ kind: 'Node', name: 'n1', namespace: null })).toBeCloseTo(0.9)
  expect(shareOf(cloud('instance/i1'))).toBeCloseTo(0.9)
  expect(shareOf({ name: 'web' })).toBeCloseTo(0.3)
  expect(shareOf({ kind: 'ConfigMap', name: 'unused' })).toBeCloseTo(0.3)
})

test('the record of an inventory may be later than the drop, unless an audit event has its time', () => {
  const later = { at: onset + 300_000, ...cloud('instance/i1') }
  const found = [later, { ...later, audit_id: 'a1' }].map((more) => rank([candidate(more)], [web], options).ranked)
  expect(found.map(({ length }) => length)).toEqual([1, 0])
  expect(found[0]?.[0]?.secondsBefore).toBe(-300)
})

test('a cloud resource counts by its type and its changed fields', () => {
  const weight = (more: Partial<Candidate>) =>
    resourceWeight({ ...candidate({}), ...cloud('instance/i1'), operation: 'changed', ...more })
  expect(weight({})).toBe(0.9)
  expect(weight({ operation: 'deleted', paths: [] })).toBe(1)
  expect(weight({ paths: ['/tags/team', '/costPerHour'] })).toBe(0.05)
  expect(weight({ kind: 'bucket' })).toBeLessThan(0.2)
})

test('label selectors follow Kubernetes', () => {
  const labels = { app: 'web', tier: 'front' }
  expect(selects({}, labels)).toBe(true)
  expect(selects({ matchLabels: { app: 'db' } }, labels)).toBe(false)
  const holds = (key: string, operator: string, values?: readonly string[]) =>
    selects({ matchExpressions: [{ key, operator, values }] }, labels)
  expect([holds('app', 'In', ['web', 'db']), holds('app', 'NotIn', ['web']), holds('none', 'NotIn', ['web'])]).toEqual([
    true,
    false,
    true,
  ])
  expect([holds('tier', 'Exists'), holds('tier', 'DoesNotExist'), holds('app', 'Unknown')]).toEqual([
    true,
    false,
    false,
  ])
})

describe('other writes', () => {
  const prices = { kind: 'ConfigMap', name: 'settings', ref: 'k8s:c1//ConfigMap/shop/settings', paths: ['/data/price'] }
  const scoreOf = (pos: string, more: readonly Candidate[], further: Partial<RankOptions> = {}) =>
    rank(more, [web], { ...options, ...further }).ranked.find((ranked) => ranked.candidate.pos === pos)?.score ?? 0

  test('of the same fields every minute make a change usual, unless its number is unusual', () => {
    const write = (minutes: number, price: unknown) =>
      candidate({
        ...prices,
        pos: String(minutes),
        at: onset - minutes * 60_000,
        diff: [{ op: 'replace', path: '/data/price', value: price }],
      })
    const others = [1, 2, 3, 4, 5, 6].map((minutes) => write(minutes, minutes))
    const alone = scoreOf('0', [write(0, 3)])
    expect(scoreOf('0', [write(0, 3), ...others])).toBeLessThan(alone / 3)
    expect(scoreOf('0', [write(0, 300), ...others])).toBeCloseTo(alone)
  })

  test('of a program make no habit of the write of a person', () => {
    const scale = { paths: ['/spec/replicas'], ref: 'k8s:c1/apps/Deployment/shop/web' }
    const write = (minutes: number, more: Partial<Candidate>) =>
      candidate({
        ...scale,
        at: onset - minutes * 60_000,
        pos: String(minutes),
        diff: [{ op: 'replace', path: '/spec/replicas', value: minutes % 3 }],
        ...more,
      })
    const writes = (more: Partial<Candidate>) => [1, 2, 3, 4, 5, 6].map((minutes) => write(minutes, more))
    const person = write(0, {})
    const alone = scoreOf('0', [person])
    const keda = { actor: 'system:serviceaccount:keda:operator', actor_kind: 'user' }
    expect(scoreOf('0', [person, ...writes(keda)])).toBeCloseTo(alone)
    expect(scoreOf('0', [write(0, keda), ...writes(keda)])).toBeLessThan(alone / 3)
    // Without an audit log the writer of some is unknown.
    expect(scoreOf('0', [person, ...writes({ actor: null, manager: null })])).toBeLessThan(alone / 3)
  })

  test('that restored the state before the onset make a change less likely', () => {
    const [before, after] = [{ replicas: 2 }, { replicas: 0 }]
    const scale = { paths: ['/spec/replicas'], ref: 'k8s:c1/apps/Deployment/shop/web' }
    const broken = candidate({ ...scale, pos: 'broken', at: onset - 60_000, before, after })
    const repaired = candidate({ ...scale, pos: 'repaired', at: onset - 30_000, before: after, after: before })
    expect(scoreOf('broken', [broken, repaired])).toBeLessThan(scoreOf('broken', [broken]) / 3)
    expect(scoreOf('repaired', [repaired])).toBeLessThan(0.5)
    expect(scoreOf('repaired', [repaired], { kind: 'recovery' })).toBeGreaterThan(0.5)
  })

  test('that broke, repaired and broke traffic again do not make the last change a repair or a habit', () => {
    const [open, closed] = [{ ingress: [{}] }, { ingress: [] }]
    const policy = { kind: 'NetworkPolicy', name: 'p', ref: 'k8s:c1//NetworkPolicy/shop/p', paths: ['/spec/ingress'] }
    const selected = { podSelector: { matchLabels: { app: 'web' } } }
    const write = (pos: string, minutes: number, [before, after]: readonly [object, object]) =>
      candidate({
        ...policy,
        pos,
        at: onset - minutes * 60_000,
        before: { ...selected, ...before },
        after: { ...selected, ...after },
      })
    const level = (kind: 'fall' | 'recovery', minutes: number) => {
      const at = onset - minutes * 60_000 + 10_000
      return { from: at, to: at + 10_000, kind, ends: new Set(['shop/web']) }
    }
    const again = write('again', 0, [open, closed])
    const earlier = [write('broke', 20, [open, closed]), write('repaired', 10, [closed, open])]
    const others = [level('fall', 20), level('recovery', 10)]
    expect(scoreOf('again', [...earlier, again], { others })).toBeCloseTo(scoreOf('again', [again]))
    expect(scoreOf('again', [earlier[1]!, again], { others })).toBeCloseTo(scoreOf('again', [again]))
    expect(scoreOf('repaired', earlier, { others: [level('fall', 20)] })).toBeLessThan(0.3)
  })

  test('an earlier change of the same traffic explains the change before it', () => {
    const early = candidate({ pos: 'early', at: onset - 90_000 })
    const level = { from: onset - 85_000, to: onset - 75_000, kind: 'fall', ends: new Set(['shop/web']) } as const
    expect(scoreOf('early', [early], { others: [level] })).toBeLessThan(scoreOf('early', [early]) / 3)
    const elsewhere = { ...level, ends: new Set(['shop/other']) }
    expect(scoreOf('early', [early], { others: [elsewhere] })).toBe(scoreOf('early', [early]))
  })
})

describe('the traffic of a workload itself', () => {
  const end = (name: string) => ({ cluster: 'c1', namespace: 'shop', kind: 'Deployment', name })
  const pair = (source: string, destination: string, before: number, after: number): Pair => ({
    source: end(source),
    destination: end(destination),
    before,
    after,
  })

  test('ranks a workload that failed above its peers, of which most traffic did not change', () => {
    const api = { ...web, name: 'api', impact: 0.2 }
    const [first, second] = rank([candidate({ name: 'api' }), candidate({})], [api, web], options).ranked
    expect(first?.candidate.name).toBe('web')
    expect(second?.score).toBeLessThan((first?.score ?? 0) / 2)
  })

  test('does not count for a node, which a workload lost with a part of its pods', () => {
    const node = candidate({ kind: 'Node', namespace: null, name: 'n1', paths: ['/status/conditions/0'] })
    const scoreAt = (impact: number) => rank([node], [{ ...web, impact }], options).ranked[0]?.score
    expect(scoreAt(0.3)).toBe(scoreAt(1))
  })

  test('has its impact from rates of received, sent or all flows', () => {
    const pairs = [pair('web', 'db', 100, 10), pair('web', 'cache', 100, 10), pair('api', 'db', 900, 450)]
    const keys = ['web', 'api', 'db'].map((name) => `shop/Deployment/${name}`)
    const impacts = impactsOf(keys, pairs, { before: 2, after: 1 })
    const [ofWeb, ofApi, ofDb] = keys.map((key) => impacts.get(key))
    expect(ofWeb).toBe(1)
    expect(ofApi).toBe(0)
    // From 500 to 460 per second; web from 100 to 20.
    expect(ofDb).toBeCloseTo(0.08 / 0.8)
  })
})

test('before a rise more replicas count as fewer ones before a fall', () => {
  const scale = (from: number, to: number) =>
    candidate({ paths: ['/spec/replicas'], before: { replicas: from }, after: { replicas: to } })
  const scoreOf = (change: Candidate, kind: RankOptions['kind']) =>
    rank([change], [web], { ...options, kind }).ranked[0]?.score ?? 0
  expect(scoreOf(scale(0, 4), 'recovery')).toBe(scoreOf(scale(4, 0), 'fall'))
  expect(scoreOf(scale(1, 2), 'rise')).toBeLessThan(scoreOf(scale(0, 2), 'rise'))
})

test('a change counts half at three quarters of its time of effect', () => {
  const scoreOf = (before: number) => rank([candidate({ at: onset - before })], [web], options).ranked[0]?.score ?? 0
  expect(scoreOf(90_000)).toBeCloseTo(scoreOf(0) / 2)
  expect(scoreOf(180_000)).toBeCloseTo(scoreOf(0) / 5)
})
