import { beforeEach, expect, test } from 'vitest'
import { seedEvents, seedFlows } from '../../../test/graph/seed.ts'
import { toEventBatch } from '../../model/events.ts'
import { cloudEvent } from '../../store/testing/cloud-events.ts'
import { queryRows } from '../../store/testing/query-rows.ts'
import { resourceEvent } from '../../store/testing/resource-events.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

const noon = Date.parse('2026-11-20T12:00:00Z')
const [alice, api, web, gateway] = [
  'user:c1/k-alice',
  'k8s:c1/apps/Deployment/shop/api',
  'k8s:c1/apps/Deployment/shop/web',
  'k8s:c1/apps/DaemonSet/edge/gateway',
]

interface Answer {
  readonly nodes: readonly {
    readonly ref: string
    readonly label: string
    readonly kind: string | null
    readonly name: string
    readonly hops: number
  }[]
  readonly edges: readonly {
    readonly from: string
    readonly relation: string
    readonly to: string
    readonly count: number
    readonly first: string
    readonly last: string | null
    readonly severity: string | null
    readonly bytes: number | null
  }[]
  readonly cut: readonly { readonly ref: string; readonly others: number }[]
  readonly paths: readonly (readonly string[])[]
}

let stored: StoredApi

async function start(options: Parameters<typeof startStored>[0] = {}): Promise<StoredApi> {
  const made = await startStored(options)
  await made.addBatch(toEventBatch(seedEvents()), noon)
  await made.addBatch(seedFlows(), noon)
  return made
}

beforeEach(async () => {
  stored = await start()
})

async function get(
  path: string,
  parameters: Record<string, string>,
  from = stored,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const { status, body } = await from.get(
    path,
    { ...(path === 'graph' ? { to: '2026-11-20T12:00:00Z' } : { at: '2026-11-20T12:00:00Z' }), ...parameters },
    headers,
  )
  expect(status, JSON.stringify(body)).toBe(200)
  return body as unknown as Answer
}

const lines = ({ edges }: Answer): string[] =>
  edges.map(({ from, relation, to, count }) => `${from} ${relation} ${to} ${count}`).sort()

test('an actor has one edge per resource, with the number of actions, times and worst severity', async () => {
  const answer = await get('graph', { ref: alice })
  expect(lines(answer)).toEqual([
    `${alice} acted-on k8s:c1//ConfigMap/shop/old 1`,
    `${alice} acted-on k8s:c1/apps/Deployment/pay/worker 1`,
    `${alice} acted-on ${api} 1`,
  ])
  expect(answer.nodes.slice(0, 1)).toEqual([{ ref: alice, label: 'SUBJECT', kind: null, name: 'alice', hops: 0 }])
  expect(answer.nodes.find(({ ref }) => ref === api)).toEqual({
    ref: api,
    label: 'WORKLOAD',
    kind: 'Deployment',
    name: 'shop/api',
    hops: 1,
  })
  expect(answer.edges.find(({ to }) => to.endsWith('worker'))).toMatchObject({
    severity: 'warning',
    first: '2026-11-20T10:25:00.000Z',
    last: '2026-11-20T10:25:00.000Z',
  })
  expect(answer.cut).toEqual([])
})

test('a workload has its actors, owner, namespace and peers at the requested time', async () => {
  const at = async (to: string): Promise<string[]> => lines(await get('graph', { ref: api, to }))
  expect(await at('2026-11-20T12:00:00Z')).toEqual(
    [
      'k8s:c1/apps/Deployment/pay/worker talks-to k8s:c1/apps/Deployment/shop/api 1',
      `${web} talks-to ${api} 4`,
      `${api} in-namespace k8s:c1//Namespace//shop 1`,
      `${api} member-of tenant:/c1 1`,
      `${api} talks-to ${web} 1`,
      `${api} talks-to k8s:c1/apps/StatefulSet/shop/db 2`,
      'k8s:c1/apps/ReplicaSet/shop/api-1 owned-by k8s:c1/apps/Deployment/shop/api 1',
      'k8s:c1/apps/ReplicaSet/shop/api-2 owned-by k8s:c1/apps/Deployment/shop/api 1',
      `${alice} acted-on ${api} 1`,
    ].sort(),
  )
  expect((await at('2026-11-20T10:05:00Z')).filter((line) => / (acted-on|owned-by|member-of) /.test(line))).toEqual([
    'k8s:c1/apps/ReplicaSet/shop/api-1 owned-by k8s:c1/apps/Deployment/shop/api 1',
  ])
})

test('two hops continue from one hop, and each edge is returned once', async () => {
  const answer = await get('graph', { ref: alice, hops: '2' })
  expect(lines(answer)).toContain(`${gateway} talks-to k8s:c1/apps/Deployment/pay/worker 2`)
  expect(answer.nodes.find(({ ref }) => ref === gateway)?.hops).toBe(2)
  expect(new Set(lines(answer)).size).toBe(answer.edges.length)
})

test('a node with more edges than the limit reports how many are missing, and every relation is shown', async () => {
  const answer = await get('graph', { ref: api, limit: '4' })
  expect([answer.edges.length, answer.cut]).toEqual([4, [{ ref: api, others: 5 }]])
  expect(new Set(answer.edges.map(({ relation }) => relation)).size).toBe(4)
})

test('cloud resources have a name, a tenant and a region; a session leads to its actor', async () => {
  const { nodes, edges } = await get('graph', { ref: 'user:d1/u-deployer', hops: '2' })
  expect(nodes.find(({ ref }) => ref === 'otc:p1/ecs/ecs/vm-2')).toEqual({
    ref: 'otc:p1/ecs/ecs/vm-2',
    label: 'RESOURCE',
    kind: 'ecs/ecs',
    name: 'vm-2-name',
    hops: 1,
  })
  expect(edges.map(({ relation, to }) => `${relation} ${to}`)).toEqual(
    expect.arrayContaining([
      'assumed-by user:d2/u-carol',
      'member-of tenant:d1/p1',
      'acted-on otc:p2/evs/volume/vol-1',
    ]),
  )
  expect((await get('graph', { ref: 'tenant:d1/p1', relation: 'located-at' })).edges).toMatchObject([
    { from: 'tenant:d1/p1', to: 'region:eu-de' },
  ])
})

test('single actions are nodes on request and lead to all their references', async () => {
  const one = await get('graph', { ref: alice, relation: 'performed-by' })
  expect(one.nodes.filter(({ label }) => label === 'ACTION').map(({ ref }) => ref)).toContain('a-2/ResponseComplete')
  expect(lines(await get('graph', { ref: 'a-2/ResponseComplete' }))).toEqual([
    `a-2/ResponseComplete applied-on ${api} 1`,
    `a-2/ResponseComplete performed-by ${alice} 1`,
    'a-2/ResponseComplete with-status status:normal 1',
  ])
})

test('finds the shortest paths up to the requested length', async () => {
  const ends = { from: alice, to: 'k8s:c1/batch/CronJob/batch/report' }
  const { paths, edges, nodes } = await get('graph/paths', ends)
  expect(paths).toEqual(
    expect.arrayContaining([
      [alice, 'k8s:c1/apps/Deployment/pay/worker', gateway, ends.to],
      [alice, api, 'k8s:c1/apps/StatefulSet/shop/db', ends.to],
    ]),
  )
  expect(paths.every((path) => path.length === 4)).toBe(true)
  expect(nodes.map(({ ref }) => ref)).toEqual([...new Set(paths.flat())])
  expect(
    edges.every(({ from, to }) => paths.some((path) => Math.abs(path.indexOf(from) - path.indexOf(to)) === 1)),
  ).toBe(true)
  expect((await get('graph/paths', { ...ends, hops: '2' })).paths).toEqual([])
  expect((await get('graph/paths', { from: alice, to: api, hops: '1' })).paths).toEqual([[alice, api]])
  expect((await get('graph/paths', { from: alice, to: 'user:d1/u-bob' })).paths).toEqual([])
})

test('an action name leads to all its actors and resources, as an end of paths and never in the middle', async () => {
  const patches = 'action:patch'
  const audit = await queryRows(
    stored.store.reader,
    "SELECT actor, resource, count(*)::INTEGER AS n FROM audit WHERE action = 'patch' AND time >= " +
      "'2026-11-19T12:00:00Z' AND time < '2026-11-20T12:00:00Z' GROUP BY ALL",
  )
  const sums = (side: 'actor' | 'resource'): string[] =>
    [...new Set(audit.map((row) => String(row[side])))].map(
      (ref) =>
        `${side === 'actor' ? `${ref} did ${patches}` : `${patches} done-to ${ref}`} ` +
        `${audit.filter((row) => row[side] === ref).reduce((sum, { n }) => sum + Number(n), 0)}`,
    )
  const answer = await get('graph', { ref: patches })
  expect(lines(answer)).toEqual([...sums('actor'), ...sums('resource')].sort())
  expect(answer.nodes[0]).toEqual({ ref: patches, label: 'ACTION', kind: null, name: 'patch', hops: 0 })
  const paths = async (from: string, to: string): Promise<readonly (readonly string[])[]> =>
    (await get('graph/paths', { from, to })).paths
  expect(await paths(patches, alice)).toEqual([[patches, alice]])
  expect(await paths(alice, patches)).toEqual([[alice, patches]])
  expect(await paths(patches, api)).toEqual([[patches, api]])
  const both = await paths(patches, 'action:delete')
  expect(both).toEqual(expect.arrayContaining([[patches, alice, 'action:delete']]))
  expect(
    (await paths(patches, gateway)).every(
      (path) => path.length > 2 && path.slice(1).every((ref) => !ref.startsWith('action:')),
    ),
  ).toBe(true)
})

test('a viewer of namespaces sees edges of their objects, and nothing beyond', async () => {
  const token = 'a-token-of-forty-letters-aaaaaaaaaaaaaaaa'
  const limited = await start({
    auth: { tokens: [{ name: 'shop', role: 'viewer', token, namespaces: ['shop'] }] },
  } as never)
  const headers = { authorization: `Bearer ${token}` }
  const refs = async (parameters: Record<string, string>): Promise<string[]> =>
    (await get('graph', parameters, limited, headers)).nodes.map(({ ref }) => ref)
  const seen = await refs({ ref: alice, hops: '2' })
  expect(seen).toEqual(expect.arrayContaining([api, 'k8s:c1//ConfigMap/shop/old', web]))
  expect(seen.filter((ref) => /pay|edge|otc:/.test(ref))).toEqual([])
  expect(await refs({ ref: gateway })).toEqual([gateway])
  expect((await get('graph/paths', { from: alice, to: gateway }, limited, headers)).paths).toEqual([])
})

test('rejects an unknown relation and a span that ends before it begins', async () => {
  for (const wrong of [{ relation: 'likes' }, { from: '2026-11-21T00:00:00Z' }])
    expect((await stored.get('graph', { ref: alice, to: '2026-11-20T12:00:00Z', ...wrong })).status).toBe(400)
})

test('a volume leads through its instance to a node and a pool, and limited viewers have no such edges', async () => {
  const made = await startStored({
    auth: {
      tokens: [
        { name: 'eyes', token: 'viewer', role: 'viewer' },
        { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
      ],
    },
  })
  const time = noon - 3_600_000
  await made.addBatch(
    toEventBatch([
      resourceEvent({ kind: 'Node', name: 'n1', time, data: { providerId: 'exoscale://i1' } }),
      cloudEvent({ type: 'instance', id: 'i1', parent: 'pool', time }),
      cloudEvent({ type: 'node_pool', id: 'pool', time }),
      cloudEvent({ type: 'volume', id: 'v1', attachedTo: ['i1'], time }),
    ]),
    noon,
  )
  const edges = async (parameters: Record<string, string>, token = 'viewer'): Promise<unknown> =>
    (await get('graph', parameters, made, { authorization: `Bearer ${token}` })).edges.map(({ from, relation, to }) =>
      [from, relation, to].map((text) => text.slice(text.lastIndexOf('/') + 1)).join(' '),
    )
  const volume = 'exoscale:org/ch-gva-2/volume/v1'
  expect(await edges({ ref: volume, hops: '2' })).toEqual(['v1 attached-to i1', 'n1 hosted-on i1', 'i1 part-of pool'])
  expect(await edges({ ref: 'k8s:c1//Node//n1', relation: 'hosted-on' })).toEqual(['n1 hosted-on i1'])
  expect(await edges({ ref: volume }, 'shop')).toEqual([])
  const viewer = { authorization: 'Bearer viewer' }
  const { paths } = await get('graph/paths', { from: volume, to: 'k8s:c1//Node//n1' }, made, viewer)
  expect(paths).toEqual([[volume, 'exoscale:org/ch-gva-2/instance/i1', 'k8s:c1//Node//n1']])
})
