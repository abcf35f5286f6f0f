import { expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import type { AuditRecord } from '../../model/audit.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { event } from '../../store/testing/frames.ts'
import { queryRows } from '../../store/testing/query-rows.ts'
import { traceEvent } from '../../store/testing/traces.ts'
import { post } from '../testing/kit.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

const at = (time: string): string => `2026-11-20T${time}.000Z`
const span = { from: at('10:00:00'), to: at('11:00:00') }

let made = 0

function trace(
  time: string,
  actor: string,
  action: string,
  more: Partial<AuditRecord> & { readonly ref?: string } = {},
): WeirEvent {
  const { ref, ...rest } = more
  const audit: AuditRecord = {
    actor: { kind: 'user', id: actor, name: actor.toUpperCase(), domain: 'd', address: '192.0.2.1' },
    action,
    service: 'ECS',
    tenant: 'p1',
    region: 'eu-de',
    outcome: 'success',
    severity: 'normal',
    ...rest,
  }
  return {
    ...event(`t${++made}`, {
      source: '/cloud',
      type: 't',
      family: 'audit',
      time: Date.parse(at(time)),
      json: { audit, request: 'all of it' },
    }),
    ...(ref === undefined ? {} : { ref }),
  }
}

const failed = { severity: 'warning', outcome: 'failure' } as const
const some: readonly WeirEvent[] = [
  trace('10:00:00', 'alice', 'login'),
  trace('10:01:00', 'mallory', 'loginFailed', {
    ...failed,
    actor: { kind: 'user', id: 'mallory', domain: 'd', address: '203.0.113.9' },
    service: 'IAM',
  }),
  trace('10:02:00', 'mallory', 'loginFailed', { ...failed, service: 'IAM' }),
  trace('10:03:00', 'alice', 'deleteServer', {
    ref: 'otc:p1/ecs/server/s1',
    resource: { type: 'server', id: 's1', name: 'web-1' },
    severity: 'incident',
    outcome: 'failure',
  }),
  trace('10:03:00', 'bob', 'patch', { ref: 'k8s:c1/apps/Deployment/shop/web', service: 'kubernetes', tenant: 'c1' }),
  trace('10:04:00', 'bob', 'get', { ref: 'k8s:c1//Secret/vault/key', service: 'kubernetes', tenant: 'c1' }),
  trace('11:00:00', 'late', 'login'),
  trace('09:00:00', 'alice', 'login'),
]

async function started(
  events: readonly WeirEvent[] = some,
  options: Parameters<typeof startStored>[0] = {},
): Promise<StoredApi> {
  const api = await startStored(options)
  await api.addBatch(toEventBatch(events), Date.parse(at('11:00:00')))
  return api
}

async function get<Body>(
  api: StoredApi,
  path: string,
  parameters: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Body> {
  const { status, body } = await api.get(path, { ...(path === 'audit/newest' ? {} : span), ...parameters }, headers)
  expect(status, JSON.stringify(body)).toBe(200)
  return body as Body
}

interface Page {
  readonly traces: readonly Readonly<Record<string, unknown>>[]
  readonly next: string | null
  readonly total?: number
}

const actions = ({ traces }: Page): unknown[] => traces.map(({ action }) => action)

test('lists traces newest first with actor and total, without their details', async () => {
  const api = await started()
  const page = await get<Page>(api, 'audit')
  expect([actions(page).slice(0, 1), actions(page).slice(1, 3).map(String).sort(), actions(page).slice(3)]).toEqual([
    ['get'],
    ['deleteServer', 'patch'],
    ['loginFailed', 'loginFailed', 'login'],
  ])
  expect([page.total, page.next]).toEqual([6, null])
  const deleted = page.traces.find(({ action }) => action === 'deleteServer')
  expect(deleted).toMatchObject({
    time: at('10:03:00'),
    actor: 'user:d/alice',
    actor_name: 'ALICE',
    address: '192.0.2.1',
    resource: 'otc:p1/ecs/server/s1',
    resource_name: 'web-1',
    severity: 'incident',
  })
  expect(deleted).not.toHaveProperty('data')
  const one = await api.get('audit/one', { pos: String(deleted?.['pos']) })
  expect([one.status, (one.body['data'] as Record<string, unknown>)['request']]).toEqual([200, 'all of it'])
  expect((await api.get('audit/one', { pos: 'none:1:1:1' })).status).toBe(404)
})

test('filters by included, excluded and absent values, and searches text in any column', async () => {
  const api = await started()
  const fetchAudit = async (parameters: Record<string, string>): Promise<unknown> =>
    (await get<Page>(api, 'audit', parameters)).total
  expect(
    await Promise.all([
      fetchAudit({ actor: 'user:d/alice' }),
      fetchAudit({ actor: 'user:d/alice,user:d/bob' }),
      fetchAudit({ actor: '!user:d/alice' }),
      fetchAudit({ severity: 'warning,incident' }),
      fetchAudit({ address: '203.0.113.9' }),
      fetchAudit({ resource: '(none)' }),
      fetchAudit({ resource: '!(none)' }),
      fetchAudit({ resource: '!(none),!otc:p1/ecs/server/s1' }),
      fetchAudit({ resource: '(none),otc:p1/ecs/server/s1' }),
      fetchAudit({ resource_type: '!server' }),
      fetchAudit({ text: 'WEB' }),
      fetchAudit({ text: 'loginfailed', actor: 'user:d/mallory' }),
      fetchAudit({ tenant: 'c1', service: 'kubernetes', action: 'get' }),
      fetchAudit({ actor: "o'brien" }),
    ]),
  ).toEqual([2, 4, 4, 3, 1, 3, 3, 2, 4, 5, 2, 2, 1, 0])
})

test('pages return every trace once, also when many share one timestamp', async () => {
  const api = await started(
    Array.from({ length: 250 }, (_, n) =>
      trace(n < 120 ? '10:10:00' : `10:${String(11 + (n % 40))}:00`, `u${n}`, `a${n}`),
    ),
  )
  const seen: unknown[] = []
  let cursor: string | undefined
  do {
    const page: Page = await get(api, 'audit', { limit: '17', ...(cursor === undefined ? {} : { cursor }) })
    seen.push(...actions(page))
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  expect([seen.length, new Set(seen).size]).toEqual([250, 250])
  const first = await get<Page>(api, 'audit', { limit: '17' })
  expect((await api.get('audit', { ...span, limit: '17', cursor: first.next ?? '', actor: 'user:d/u1' })).status).toBe(
    400,
  )
})

test('sums and graph columns, with others, match SQL', async () => {
  const api = await started(
    Array.from({ length: 3000 }, (_, n) => traceEvent(n, Date.parse(at('10:00:00')) + n * 1000)),
  )
  const [{ n: total } = {}] = await queryRows(
    api.store.reader,
    `SELECT count(*)::INTEGER AS n FROM audit WHERE time >= '${span.from}' AND time < '${span.to}'`,
  )
  const bySeverity = await get<{
    total: number
    groups: { value: string; traces: number }[]
    buckets: { traces: number[] }[]
  }>(api, 'audit/sums', { buckets: '60' })
  expect(bySeverity.total).toBe(total)
  for (const { value, traces } of bySeverity.groups)
    expect(
      await queryRows(api.store.reader, `SELECT count(*)::INTEGER AS n FROM audit WHERE severity = '${value}'`),
    ).toEqual([{ n: traces }])
  expect(bySeverity.buckets.reduce((sum, { traces }) => sum + traces.reduce((a, b) => a + b, 0), 0)).toBe(total)
  const graph = await get<{
    total: number
    columns: {
      column: string
      nodes: { value: string | null; traces: number; failed: number }[]
      others: { values: number; traces: number }
    }[]
    edges: { column: number; from: number; to: number; traces: number }[]
  }>(api, 'audit/columns', { limit: '5' })
  expect(graph.columns.map(({ column }) => column)).toEqual(['actor', 'action', 'resource', 'tenant', 'region'])
  for (const [index, { column, nodes, others }] of graph.columns.entries()) {
    const values = await queryRows(
      api.store.reader,
      `SELECT ${column} AS value, count(*)::INTEGER AS traces, count(*) FILTER (severity <> ` +
        `'normal')::INTEGER AS failed FROM audit GROUP BY 1 ORDER BY traces DESC, value`,
    )
    expect(nodes.map(({ value, traces, failed: bad }) => ({ value, traces, failed: bad }))).toEqual(values.slice(0, 5))
    expect([nodes.length + others.values, nodes.reduce((sum, { traces }) => sum + traces, others.traces)]).toEqual([
      values.length,
      total,
    ])
    for (const side of index === 0
      ? (['from'] as const)
      : index === 4
        ? (['to'] as const)
        : (['from', 'to'] as const)) {
      const edges = graph.edges.filter((edge) => edge.column === (side === 'from' ? index : index - 1))
      expect(
        nodes.map((_, rank) =>
          edges.filter((edge) => edge[side] === rank).reduce((sum, { traces }) => sum + traces, 0),
        ),
        `${column} ${side}`,
      ).toEqual(nodes.map(({ traces }) => traces))
    }
  }
})

test('reports first-time actions, failed logins and the delay of each source', async () => {
  const api = await started()
  const firstSeen = await get<{
    pairs: { actor: string; action: string; traces: number }[]
    total: number
    since: string
  }>(api, 'audit/first-seen')
  expect(firstSeen.pairs.map(({ actor, action }) => `${actor} ${action}`).sort()).toEqual([
    'user:d/alice deleteServer',
    'user:d/bob get',
    'user:d/bob patch',
    'user:d/mallory loginFailed',
  ])
  expect([firstSeen.total, firstSeen.since]).toEqual([4, at('09:00:00')])
  expect(await get(api, 'audit/logins')).toEqual({
    actors: [
      {
        actor: 'user:d/mallory',
        actor_name: 'MALLORY',
        failed: 2,
        last: at('10:02:00'),
        addresses: ['192.0.2.1', '203.0.113.9'],
      },
    ],
    total: 2,
  })
  const newest = await get<{ newest: string; sources: unknown[] }>(api, 'audit/newest')
  expect(newest.newest).toBe(at('11:00:00'))
})

test('reports the newest trace and the sources that emit audit events', async () => {
  const api = await started(some, { auditTypes: new Set(['http']) })
  expect(await get(api, 'audit/newest')).toMatchObject({ collectors: [{ name: 'http', type: 'http' }] })
})

test('the published SQL statement returns the rows of the view for every filter', async () => {
  const api = await started([
    ...some,
    trace('10:05:00', "o'brien", 'login', { ...failed, actor: { kind: 'user', id: "o'brien", domain: 'd' } }),
  ])
  const sqlOf = async (parameters: Record<string, string>): Promise<string> =>
    (await get<{ sql: string }>(api, 'audit/query', parameters)).sql
  for (const query of [
    {},
    { actor: "user:d/o'brien" },
    { resource: '!(none)' },
    { text: 'login' },
    { severity: 'warning,incident', tenant_domain: '(none)' },
  ] as Record<string, string>[]) {
    const rows = await queryRows(api.store.reader, await sqlOf(query))
    const page = await get<Page>(api, 'audit', query)
    expect(page.total).toBeGreaterThan(0)
    expect(
      rows.map(({ actor, action }) => `${String(actor)} ${String(action)}`),
      JSON.stringify(query),
    ).toEqual(page.traces.map(({ actor, action }) => `${String(actor)} ${String(action)}`))
    const lines = await queryRows(api.store.reader, await sqlOf({ ...query, of: 'columns' }))
    expect(lines.reduce((sum, { traces }) => sum + Number(traces), 0)).toBe(page.total)
  }
  const firstSeen = await get<{ pairs: { actor: string; action: string }[] }>(api, 'audit/first-seen')
  expect(
    (await queryRows(api.store.reader, await sqlOf({ of: 'first-seen' }))).map(({ actor, action }) => [actor, action]),
  ).toEqual(firstSeen.pairs.map(({ actor, action }) => [actor, action]))
  const logins = await get<{ actors: { actor: string; failed: number }[] }>(api, 'audit/logins')
  expect(
    (await queryRows(api.store.reader, await sqlOf({ of: 'logins' }))).map(({ actor, failed: n }) => [
      actor,
      Number(n),
    ]),
  ).toEqual(logins.actors.map(({ actor, failed: n }) => [actor, n]))
})

test('a viewer of one namespace gets only traces of its objects, and none of a cloud', async () => {
  const auth = { tokens: [{ name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] }] } as const
  const headers = { authorization: 'Bearer shop' }
  const api = await started(some, { auth })
  const page = await get<Page>(api, 'audit', {}, headers)
  expect([actions(page), page.total]).toEqual([['patch'], 1])
  expect(await get(api, 'audit/sums', { by: 'actor' }, headers)).toMatchObject({
    total: 1,
    groups: [{ value: 'user:d/bob', traces: 1 }],
  })
  expect(await get(api, 'audit/columns', {}, headers)).toMatchObject({ total: 1 })
  expect(await get(api, 'audit/first-seen', {}, headers)).toMatchObject({ total: 1 })
  expect(await get(api, 'audit/logins', {}, headers)).toMatchObject({ total: 0 })
  const { sql } = await get<{ sql: string }>(api, 'audit/query', {}, headers)
  expect((await queryRows(api.store.reader, sql)).map(({ action }) => action)).toEqual(['patch'])
  expect(await get(api, 'audit/newest', {}, headers)).toMatchObject({ newest: at('10:03:00') })
  const all = await queryRows(api.store.reader, "SELECT _pos AS pos FROM audit WHERE action = 'deleteServer'")
  // Positions of an admin are not those of a limited viewer.
  expect((await api.get('audit/one', { pos: String(all[0]?.['pos']) }, headers)).status).toBe(400)
})

test('the first page has the newest traces when they are spread unevenly over the span', async () => {
  const random = new SeededRandom(3)
  const times = [
    ...Array.from({ length: 40 }, () => `10:59:5${random.integer(0, 1)}`),
    ...Array.from({ length: 6 }, () => `10:${random.integer(10, 50)}:00`),
    '10:00:01',
  ]
  const events = times.map((time, at) => trace(time, `u${at}`, 'a'))
  const api = await started(events)
  const newest = times.toSorted().toReversed().map(at)
  for (const limit of [1, 3, 38, 41, 46, 47, 100]) {
    const page = await get<Page>(api, 'audit', { limit: String(limit) })
    expect([page.traces.map(({ time }) => time), page.total, page.next === null]).toEqual([
      newest.slice(0, limit),
      times.length,
      limit >= times.length,
    ])
  }
})

test('a filter selects events by columns, addresses and words, within the scope of the viewer', async () => {
  const api = await started()
  const found = async (filter: string): Promise<string[]> =>
    (await get<{ traces: { action: string }[] }>(api, 'audit', { filter })).traces.map(({ action }) => action)
  expect(await found('service = IAM and severity = warning')).toEqual(['loginFailed', 'loginFailed'])
  expect(await found('203.0.113.9')).toEqual(['loginFailed'])
  expect(await found('web deleteserver')).toEqual(['deleteServer'])
  expect(await found('not alice')).toEqual(['get', 'patch', 'loginFailed', 'loginFailed'])
  expect((await api.get('audit', { ...span, filter: 'nosuch = 1' })).status).toBe(400)
  const { sql } = await get<{ sql: string }>(api, 'audit/query', { filter: '203.0.113.9' })
  expect(sql).toContain(`"address" = '203.0.113.9'`)
})

test('completes names, values and meanings of audit events', async () => {
  const api = await started()
  const complete = async (body: object): Promise<Record<string, Record<string, unknown>[]>> => {
    const answer = await post(`${api.url}/api/v1/complete`, { names: 'audit', ...span, ...body })
    expect(answer.status).toBe(200)
    return (await answer.json()) as Record<string, Record<string, unknown>[]>
  }
  expect((await complete({ prefix: 'ser' }))['fields']?.[0]).toMatchObject({ name: 'service' })
  expect((await complete({ prefix: 'ia', field: 'service' }))['values']).toMatchObject([{ value: 'IAM', count: 2 }])
  expect((await complete({ prefix: 'mall' }))['meanings']?.at(-1)).toMatchObject({ is: 'text' })
  expect((await complete({ prefix: 'loginF' }))['meanings']?.[0]).toMatchObject({
    is: 'value',
    filter: 'action = loginFailed',
    count: 2,
  })
})
