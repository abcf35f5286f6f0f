// Changes, audit events, objects and images of the API over ClickHouse, compared with the embedded store.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { kubernetesRef } from '../../src/model/refs.ts'
import { identity } from '../../src/store/testing/cluster.ts'
import { startOfDay } from '../../src/store/testing/frames.ts'
import { SeededRandom } from '../kit/random.ts'
import { drawn } from '../kit/seeds.ts'
import { installChdb } from './install/chdb.ts'
import { bothApis, type BothApis, type Parameters } from './kit/both-apis.ts'
import { certainEvents, odd } from './kit/certain-events.ts'
import { startChdb, type ChdbServer } from './kit/chdb.ts'
import { clusterEvents } from './kit/cluster-events.ts'

let server: ChdbServer

beforeAll(async () => {
  if ((await installChdb()).path !== undefined) server = await startChdb()
}, 180_000)

beforeEach(async (context) => {
  const found = await installChdb()
  if (found.path === undefined) context.skip(found.reason)
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
})

const at = (seconds: number): string => new Date(startOfDay + 1000 * seconds).toISOString()
const day = { from: at(-3600), to: at(86_400) }

const auth = {
  tokens: [
    { name: 'root', token: 'admin' },
    { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
    { name: 'odd', token: 'odd', role: 'viewer', namespaces: [odd, "') OR 1=1 --", '\\'] },
    { name: 'none', token: 'none', role: 'viewer', namespaces: [] },
  ],
} as const
const users = ['admin', 'shop', 'odd', 'none'] as const

async function started(): Promise<BothApis> {
  const apis = await bothApis(server.url, { auth })
  const random = new SeededRandom(1)
  for (let batch = 0; batch < 2; batch++) await apis.addEvents(clusterEvents(random, 60), startOfDay + batch * 1000)
  await apis.addEvents(certainEvents(), startOfDay + 5000)
  return apis
}

/** All pairs. Neighbours differ in both, so that some of them have each value. */
function pairsOf<A, B>(some: readonly A[], others: readonly B[]): readonly (readonly [A, B])[] {
  return others.flatMap((_, shift) =>
    some.map((one, at): readonly [A, B] => [one, others[(at + shift) % others.length] as B]),
  )
}

/** Each request as an admin or as a limited user; the first one as each user. */
async function expectSame(apis: BothApis, path: string, requests: readonly Parameters[]): Promise<void> {
  for (const [at, parameters] of requests.entries())
    for (const user of at === 0 ? users : [at % 3 === 0 ? 'shop' : 'admin'])
      await apis.expectSame(path, parameters, user)
}

const changeQueries: readonly Parameters[] = [
  {},
  { noise: 'shown' },
  { kind: 'Pod,Node' },
  { group: 'core', namespace: 'shop' },
  { cluster: 'c1', name: 'p' },
  { uid: 'u-Pod-shop-p' },
  { operation: 'created,deleted' },
  { actor: `alice,kubectl,${odd}` },
  { actor_ref: 'user:c1/alice' },
  { text: 'REPLICAS' },
  { text: odd },
  { filter: 'kind = Pod and not actor = system:*' },
  { filter: 'path = "/spec/*" and rule = status', noise: 'shown' },
  { filter: 'initial = false or coalesced = true' },
  { filter: 'text ~ "web|kubectl"' },
  { filter: 'not exists(actor)' },
  { from: '1969-12-31T23:00:00Z', to: '1970-01-02T00:00:00Z' },
  { from: at(100), to: at(101) },
]
const changesIn = changeQueries.map((query) => ({ ...day, ...query }))

const auditQueries: readonly Parameters[] = [
  {},
  { severity: 'warning,incident' },
  { severity: '!normal' },
  { address: '(none)' },
  { address: '!(none)' },
  { impersonated_by: '(none)' },
  { actor: `!user:c1/alice,user:c1/bob` },
  { text: odd },
  { text: 'USER-1' },
  { source: '/kubernetes/c1' },
  { tenant: 'project1,c1', region: '!eu-1' },
  { resource_type: 'pods' },
  { from: '1969-12-30T00:00:00Z', to: '1970-01-02T00:00:00Z' },
  { from: at(10_000), to: at(10_001) },
]
const auditIn = auditQueries.map((query) => ({ ...day, ...query }))

describe('over ClickHouse', () => {
  it('changes, pages, sums and gaps are the same', async () => {
    const apis = await started()
    await expectSame(apis, 'changes', changesIn)
    for (const user of users) {
      const changes = await apis.pages('changes', 'changes', { ...day, limit: '40', noise: 'shown' }, user)
      expect(changes.length > 0).toBe(user !== 'none')
      for (const change of changes.slice(0, 2))
        await apis.expectSame('changes/one', { pos: String((change as { pos: string }).pos) }, user)
    }
    const groups = ['operation', 'kind', 'namespace', 'cluster', 'actor']
    for (const [by, query] of drawn(pairsOf(groups, changesIn.slice(0, 3)), 2))
      await apis.expectSame('changes/sums', { ...query, by, limit: '2', buckets: '50' }, 'admin')
    await expectSame(apis, 'changes/sums', changesIn.slice(-7))
    for (const query of [day, { ...day, cluster: 'c1' }, { from: at(0), to: at(30) }])
      await apis.expectSame('changes/gaps', query, 'admin')
  }, 600_000)

  it('audit events, pages, sums and facts are the same', async () => {
    const apis = await started()
    await expectSame(apis, 'audit', auditIn)
    for (const user of users) {
      const traces = await apis.pages('audit', 'traces', { ...day, limit: '40' }, user)
      expect(traces.length > 0).toBe(user === 'admin' || user === 'shop')
      for (const trace of traces.slice(0, 3))
        await apis.expectSame('audit/one', { pos: String((trace as { pos: string }).pos) }, user)
    }
    for (const by of ['severity', 'actor', 'action', 'resource', 'address', 'tenant', 'region', 'source'])
      await expectSame(apis, 'audit/sums', [{ ...day, by, limit: '3', buckets: '20' }])
    await expectSame(apis, 'audit/sums', auditIn.slice(-3))
    await expectSame(apis, 'audit/columns', [...auditIn.slice(0, 6), { ...day, limit: '2' }])
    await expectSame(apis, 'audit/first-seen', auditIn)
    await expectSame(apis, 'audit/logins', [...auditIn, { ...day, limit: '1' }])
    await expectSame(apis, 'audit/newest', [{}])
  }, 600_000)

  it('statements of audit/query return the same rows', async () => {
    const { expectSameRows } = await started()
    for (const of of ['traces', 'columns', 'first-seen', 'logins'])
      for (const user of users) await expectSameRows('audit/query', { ...day, of, text: 'a' }, user)
  }, 600_000)

  it('objects, their history and their relations are the same', async () => {
    const apis = await started()
    const queries: readonly Parameters[] = [
      {},
      { kind: 'Pod' },
      { node: 'n1', phase: 'Running' },
      { owner: 'web-1' },
      { text: odd },
      { filter: 'label = "app=a1"' },
      { filter: `label = ${JSON.stringify(`app=${odd}`)}` },
      { filter: 'kind = Pod and not zone = z1' },
      { filter: 'text ~ "web"' },
      { filter: 'created > "2020-01-01" and exists(owner)' },
    ]
    const moments = drawn(pairsOf(queries, [30, 90, 4000]), 5)
    await expectSame(
      apis,
      'resources',
      moments.map(([query, moment]) => ({ ...query, at: at(moment) })),
    )
    for (const user of users) await apis.pages('resources', 'resources', { limit: '8', at: at(30) }, user)
    for (const of of ['Pod/shop/p', 'Node/n1', 'Deployment/shop/web', 'Namespace/shop', 'Pod/shop/old']) {
      const { group, kind, namespace = '', name } = identity(of)
      const ref = kubernetesRef({ cluster: 'c1', group, kind, namespace, name })
      const isUnknown = /^Namespace|old$/.test(of)
      for (const moment of isUnknown ? [4000] : [60, 4000])
        await apis.expectSame('resources/one', { ref, at: at(moment) }, 'admin')
      if (of.includes('shop') && !isUnknown) await apis.expectSame('resources/one', { ref, at: at(60) }, 'shop')
    }
  }, 600_000)

  it('the graph is the same', async () => {
    const { expectSame: expectSameGraph } = await started()
    const refs = ['Pod/shop/p', 'Node/n1', 'Deployment/shop/web'].map((of) => {
      const { group, kind, namespace = '', name } = identity(of)
      return kubernetesRef({ cluster: 'c1', group, kind, namespace, name })
    })
    const actors = ['user:c1/alice', 'user:c1/bob', `user:c1/${encodeURIComponent(odd)}`, 'action:update']
    const kinds = [{ hops: '2', limit: '5' }, { relation: 'performed-by,applied-on' }]
    for (const [ref, [user, kind]] of drawn(pairsOf([...refs, ...actors], pairsOf(users, kinds)), 7))
      await expectSameGraph('graph', { ref, from: at(-60), to: at(7200), ...kind }, user)
    for (const [from, to] of drawn(pairsOf(refs, actors), 2))
      await expectSameGraph('graph/paths', { from, to, since: at(-60), at: at(7200), hops: '3' }, 'admin')
  }, 600_000)
})
