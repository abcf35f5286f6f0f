import { expect, test } from 'vitest'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { auditEvent, changeEvent, identity } from '../../store/testing/cluster.ts'
import { realHost } from '../../host/index.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

type Change = Readonly<Record<string, unknown>>
interface Page {
  readonly changes: readonly Change[]
  readonly next: string | null
  readonly hidden?: { readonly total: number; readonly rules: Readonly<Record<string, number>> }
}

const now = (): number => realHost().clock.now()
const iso = (ms: number): string => new Date(ms).toISOString()

async function started(
  events: readonly WeirEvent[],
  options: Parameters<typeof startStored>[0] = {},
): Promise<StoredApi> {
  const api = await startStored(options)
  await api.addBatch(toEventBatch(events), now())
  return api
}

const page = async (
  api: StoredApi,
  parameters: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Page> => {
  const { status, body } = await api.get('changes', parameters, headers)
  expect(status, JSON.stringify(body)).toBe(200)
  return body as unknown as Page
}
const names = ({ changes }: Page): unknown[] => changes.map(({ name }) => name)

function some(): WeirEvent[] {
  const at = now() - 60_000
  return [
    changeEvent(identity('Deployment/shop/web', '3'), iso(at + 2000), {
      operation: 'updated',
      old: { a: 1 },
      new: { a: 2 },
      patch: [{ op: 'replace', path: '/spec/Replicas', value: 2 }],
      actor: { manager: 'kubectl-edit', time: iso(at + 2000) },
    }),
    changeEvent(identity('Pod/vault/key', '2'), iso(at + 1000), { operation: 'created', new: {} }),
    changeEvent(identity('Node/n1', '1'), iso(at), { operation: 'deleted', old: {} }),
    changeEvent(identity('Pod/shop/noisy', '4'), iso(at + 3000), {
      operation: 'updated',
      noise: ['heartbeats', 'status'],
    }),
    changeEvent(identity('Pod/shop/noisy', '5'), iso(at + 4000), { operation: 'updated', noise: ['status'] }),
    auditEvent(identity('Deployment/shop/web'), 'alice', 'patch', iso(at + 2000), { version: '3', auditID: 'a3' }),
  ]
}

test('lists changes newest first with actor, without states; noise is hidden and counted', async () => {
  const api = await started(some())
  const shown = await page(api)
  expect(names(shown)).toEqual(['web', 'key', 'n1'])
  expect(shown.changes[0]).toMatchObject({
    cluster: 'c1',
    group: 'apps',
    kind: 'Deployment',
    namespace: 'shop',
    uid: 'u-Deployment-shop-web',
    operation: 'updated',
    actor: 'alice',
    actor_kind: 'user',
    actor_ref: 'user:c1/alice',
    manager: 'kubectl-edit',
    audit_id: 'a3',
    paths: ['/spec/Replicas'],
    diff: [{ op: 'replace', path: '/spec/Replicas', value: 2 }],
    ref: 'k8s:c1/apps/Deployment/shop/web',
  })
  expect(shown.changes[0]).not.toHaveProperty('old')
  expect([shown.next, shown.hidden]).toEqual([null, { total: 2, rules: { heartbeats: 1, status: 2 } }])
  const all = await page(api, { noise: 'shown' })
  expect([names(all), all.hidden]).toEqual([['noisy', 'noisy', 'web', 'key', 'n1'], undefined])
})

test('a single change has the object before and after', async () => {
  const api = await started(some())
  const [first] = (await page(api)).changes
  const { status, body } = await api.get('changes/one', { pos: String(first?.['pos']) })
  expect([status, body['old'], body['new'], body['actor']]).toEqual([200, { a: 1 }, { a: 2 }, 'alice'])
  expect((await api.get('changes/one', { pos: 'none:1:1:1' })).status).toBe(404)
})

test('every parameter filters', async () => {
  const api = await started(some())
  const cases: [Record<string, string>, string[]][] = [
    [{ cluster: 'c1' }, ['web', 'key', 'n1']],
    [{ cluster: 'c2' }, []],
    [{ group: 'core' }, ['key', 'n1']],
    [{ group: 'apps,core' }, ['web', 'key', 'n1']],
    [{ kind: 'Pod,Node' }, ['key', 'n1']],
    [{ namespace: 'shop' }, ['web']],
    [{ name: 'n1' }, ['n1']],
    [{ operation: 'created,deleted' }, ['key', 'n1']],
    [{ actor: 'alice' }, ['web']],
    [{ actor: 'kubectl-edit' }, ['web']],
    [{ text: 'replicas' }, ['web']],
    [{ text: 'VAULT' }, ['key']],
    [{ text: "it's" }, []],
    [{ uid: 'u-Node-n1' }, ['n1']],
    [{ from: 'now-30s' }, []],
    [{ to: 'now-30s', namespace: 'shop,vault' }, ['web', 'key']],
  ]
  for (const [parameters, expected] of cases)
    expect(names(await page(api, parameters)), JSON.stringify(parameters)).toEqual(expected)
})

test('distinguishes actors of the same name in different clusters', async () => {
  const at = now() - 60_000
  const there = (of: string, version: string): ReturnType<typeof identity> => ({
    ...identity(of, version),
    cluster: 'c2',
  })
  const made = (who: ReturnType<typeof identity>, user: string, uid?: string): WeirEvent[] => [
    changeEvent(who, iso(at), { operation: 'updated' }),
    auditEvent(who, user, 'patch', iso(at), {
      version: who.resourceVersion,
      user: { username: user, ...(uid === undefined ? {} : { uid }) },
    }),
  ]
  const api = await started([
    ...made(identity('Pod/shop/here', '1'), 'alice'),
    ...made(there('Pod/shop/there', '2'), 'alice'),
    ...made(identity('Pod/shop/hired', '3'), 'alice', 'u-7'),
    ...made(identity('Pod/shop/comma', '4'), 'Doe, Jane'),
    changeEvent(identity('Pod/shop/program', '5'), iso(at), { operation: 'updated', actor: { manager: 'alice' } }),
  ])
  const cases: [parameters: string, expected: string[]][] = [
    ['user:c1/alice', ['here']],
    ['user:c2/alice', ['there']],
    ['user:c1/u-7', ['hired']],
    ['user:c1/alice,user:c2/alice', ['here', 'there']],
    ['user:c1/Doe\\, Jane', ['comma']],
    ['user:c3/alice', []],
    ['alice', []],
  ]
  for (const [parameters, expected] of cases) {
    expect(
      names(await page(api, { actor_ref: parameters }))
        .map(String)
        .sort(),
      parameters,
    ).toEqual(expected)
  }
  expect((await api.get('changes/sums', { actor_ref: 'user:c1/alice,user:c2/alice' })).body['total']).toBe(2)
  expect((await api.get('changes/sums', { actor_ref: 'user:c1/Doe\\, Jane' })).body['total']).toBe(1)
  expect(
    names(await page(api, { filter: 'actor_ref in ("user:c1/alice", "user:c1/Doe, Jane")' }))
      .map(String)
      .sort(),
  ).toEqual(['comma', 'here'])
  expect(
    names(await page(api, { actor: 'alice' }))
      .map(String)
      .sort(),
  ).toEqual(['here', 'hired', 'program', 'there'])
})

test('a filter combines with other parameters, in the list and in its sums', async () => {
  const api = await started(some())
  const cases: [filter: string, expected: string[]][] = [
    ['', ['web', 'key', 'n1']],
    ['kind = Pod or kind = Node', ['key', 'n1']],
    ['namespace in (shop, vault) and not kind = Pod', ['web']],
    ['not exists(ns)', ['n1']],
    ['group = apps', ['web']],
    ['api_group = ""', ['key', 'n1']],
    ['name = w*', ['web']],
    ['op = created, deleted', ['key', 'n1']],
    ['actor = alice', ['web']],
    ['actor = al*', ['web']],
    ['exists(actor) and not actor = al*', []],
    ['actor_kind = user and kind = Deployment', ['web']],
    ['manager ~ "^kubectl"', ['web']],
    ['paths = /spec/*', ['web']],
    ['path ~ Repl', ['web']],
    ['diff ~ "\\"value\\":2"', ['web']],
    ['text ~ "(?i)VAULT"', ['key']],
    ['exists(old) and exists(new)', ['web']],
    ['noise = heartbeats', []],
    ['initial = true', []],
    ['coalesced = false and kind = Node', ['n1']],
    ['kind = Pod and actor = unknown', []],
  ]
  for (const [index, [filter, expected]] of cases.entries()) {
    const shown = await page(api, { filter })
    expect(names(shown), filter).toEqual(expected)
    // Both have the same condition; change-sums.test.ts compares them further.
    if (index % 4 !== 3) continue
    const { body } = await api.get('changes/sums', { filter })
    expect([body['total'], body['hidden']], filter).toEqual([expected.length, shown.hidden])
  }
  expect((await page(api, { filter: 'noise = heartbeats' })).hidden).toEqual({
    total: 1,
    rules: { heartbeats: 1, status: 1 },
  })
  expect(names(await page(api, { filter: 'noise = heartbeats', noise: 'shown' }))).toEqual(['noisy'])
  expect(names(await page(api, { filter: 'kind = Deployment or kind = Node', namespace: 'shop' }))).toEqual(['web'])
  const { next } = await page(api, { filter: 'kind = Pod or kind = Node', limit: '1' })
  expect(names(await page(api, { filter: 'kind = Pod or kind = Node', limit: '1', cursor: String(next) }))).toEqual([
    'n1',
  ])
  expect((await api.get('changes', { filter: 'kind = Pod', cursor: String(next) })).status).toBe(400)
})

test('reports the position of an error in a filter', async () => {
  const api = await started([])
  for (const [filter, from, to, message] of [
    ['kind = Pod and nmae = x', 15, 19, 'There is no field nmae.'],
    ['src.ns = shop', 0, 6, 'There is no field src.ns.'],
    ['initial = perhaps', 10, 17, 'perhaps is neither true nor false.'],
    ['old ~ x', 0, 3, undefined],
    ['kind =', 6, 6, undefined],
  ] as const) {
    for (const path of ['changes', 'changes/sums']) {
      const { status, body } = await api.get(path, { filter })
      expect([status, body['code']], filter).toEqual([400, 'WEIR_API_FILTER'])
      expect((body['errors'] as object[])[0], filter).toMatchObject({
        from,
        to,
        ...(message === undefined ? {} : { message }),
      })
    }
  }
})

test('pages return every change once when many share a time and others arrive meanwhile', async () => {
  const at = now() - 60_000
  const many = Array.from({ length: 57 }, (_, n) =>
    changeEvent(identity(`ConfigMap/shop/c${n}`), iso(at + Math.floor(n / 20)), { operation: 'created', new: {} }),
  )
  const api = await started(many)
  const seen: unknown[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const got = await page(api, { limit: '10', ...(cursor === '' ? {} : { cursor }) })
    expect(got.changes.length).toBeGreaterThan(0)
    expect(got.hidden === undefined).toBe(cursor !== '')
    seen.push(...names(got))
    cursor = got.next
    await api.addBatch(
      toEventBatch([changeEvent(identity('ConfigMap/shop/late'), iso(now()), { operation: 'created', new: {} })]),
      now(),
    )
  }
  // Changes of one time are ordered by descending position.
  expect(seen).toEqual(many.map((_, n) => `c${n}`).reverse())
})

test('a cursor is valid for its query only; invalid times, cursors and spans are rejected', async () => {
  const api = await started(some())
  const { next } = await page(api, { limit: '1' })
  const refused = async (parameters: Record<string, string>): Promise<unknown> => {
    const { status, body } = await api.get('changes', parameters)
    return `${status} ${String(body['detail'])}`
  }
  expect(await refused({ cursor: String(next), kind: 'Pod' })).toBe('400 The cursor belongs to another query.')
  expect(await refused({ cursor: 'nonsense' })).toBe('400 The cursor is invalid.')
  expect(await refused({ from: 'soon' })).toBe('400 "from" is not a time: soon.')
  expect(await refused({ from: 'now', to: 'now-1h' })).toMatch(/^400 The time range ends/)
  expect(await refused({ limit: '5000' })).toMatch(/^400/)
})

test('a viewer of a namespace sees only its changes, whatever the query', async () => {
  const auth = {
    tokens: [
      { name: 'root', token: 'admin' },
      { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
      { name: 'none', token: 'none', role: 'viewer', namespaces: [] },
    ],
  } as const
  const api = await started(
    [
      ...some(),
      changeEvent(identity('Namespace/shop'), iso(now() - 5000), { operation: 'created', new: {} }),
      changeEvent(identity('Namespace/vault'), iso(now() - 5000), { operation: 'created', new: {} }),
    ],
    { auth },
  )
  const as = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
  const all = await page(api, { noise: 'shown' }, as('admin'))
  expect(all.changes).toHaveLength(7)
  for (const parameters of [
    {},
    { namespace: 'vault,shop' },
    { namespace: 'vault' },
    { kind: 'Node' },
    { text: 'key' },
    { name: 'key,n1,web' },
    { noise: 'shown' },
    { filter: 'namespace = vault or not exists(namespace) or text ~ e' },
  ] as Record<string, string>[]) {
    const visible = await page(api, parameters, as('shop'))
    expect(JSON.stringify(visible)).not.toMatch(/vault|n1/)
    expect((await page(api, parameters, as('none'))).changes).toEqual([])
  }
  expect(names(await page(api, {}, as('shop')))).toEqual(['shop', 'web'])
  expect((await page(api, {}, as('none'))).hidden).toEqual({ total: 0, rules: {} })
  const one = async (pos: unknown, token: string): Promise<number> =>
    (await api.get('changes/one', { pos: String(pos) }, as(token))).status
  // Positions of an admin are not those of a limited viewer.
  for (const { pos } of all.changes) expect([await one(pos, 'admin'), await one(pos, 'shop')]).toEqual([200, 400])
  for (const { pos } of (await page(api, {}, as('shop'))).changes)
    expect([await one(pos, 'shop'), await one(pos, 'none')]).toEqual([200, 404])
  const first = await page(api, { limit: '1' }, as('admin'))
  expect((await api.get('changes', { limit: '1', cursor: String(first.next) }, as('shop'))).status).toBe(400)
})
