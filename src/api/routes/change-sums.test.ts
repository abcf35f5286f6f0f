import { expect, test } from 'vitest'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { auditEvent, changeEvent, identity } from '../../store/testing/cluster.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

interface Sums {
  readonly step: number
  readonly total: number
  readonly groups: readonly { readonly value: string | null; readonly changes: number }[]
  readonly others: { readonly groups: number; readonly changes: number }
  readonly buckets: readonly { readonly time: string; readonly changes: readonly number[] }[]
  readonly hidden?: { readonly total: number; readonly rules: Readonly<Record<string, number>> }
}

const at = (time: string): string => `2026-11-20T${time}Z`
const span = { from: at('10:00:00'), to: at('11:00:00'), buckets: '60' }

const some: readonly WeirEvent[] = [
  changeEvent(identity('Deployment/shop/web', '3'), at('10:00:10'), {
    operation: 'updated',
    actor: { manager: 'kubectl-edit', time: at('10:00:10') },
  }),
  changeEvent(identity('Pod/shop/web-1', '4'), at('10:00:20'), { operation: 'created', new: {} }),
  changeEvent(identity('Pod/shop/web-2', '5'), at('10:00:30'), { operation: 'created', new: {} }),
  changeEvent(identity('Pod/vault/key', '6'), at('10:30:00'), { operation: 'deleted', old: {} }),
  changeEvent(identity('Node/n1', '7'), at('10:59:59'), { operation: 'updated' }),
  changeEvent(identity('Node/n1', '8'), at('11:00:00'), { operation: 'updated' }),
  changeEvent(identity('Pod/shop/web-1', '9'), at('10:30:10'), {
    operation: 'updated',
    noise: ['heartbeats', 'status'],
  }),
  changeEvent(identity('Pod/vault/key', '10'), at('10:30:20'), { operation: 'updated', noise: ['status'] }),
  auditEvent(identity('Deployment/shop/web'), 'alice', 'patch', at('10:00:10'), { version: '3' }),
]

async function started(options: Parameters<typeof startStored>[0] = {}): Promise<StoredApi> {
  const api = await startStored(options)
  await api.addBatch(toEventBatch(some), Date.parse(at('11:00:00')))
  return api
}

const sums = async (
  api: StoredApi,
  parameters: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Sums> => {
  const { status, body } = await api.get('changes/sums', { ...span, ...parameters }, headers)
  expect(status, JSON.stringify(body)).toBe(200)
  return body as unknown as Sums
}

test('counts changes by operation in buckets of the span, and hidden changes beside them', async () => {
  const api = await started()
  expect(await sums(api)).toEqual({
    span: { from: at('10:00:00.000'), to: at('11:00:00.000') },
    step: 60,
    since: at('10:00:10.000'),
    by: 'operation',
    total: 5,
    groups: [
      { value: 'created', changes: 2 },
      { value: 'updated', changes: 2 },
      { value: 'deleted', changes: 1 },
    ],
    others: { groups: 0, changes: 0 },
    buckets: [
      { time: at('10:00:00.000'), changes: [2, 1, 0, 0] },
      { time: at('10:30:00.000'), changes: [0, 0, 1, 0] },
      { time: at('10:59:00.000'), changes: [0, 1, 0, 0] },
    ],
    hidden: { total: 2, rules: { heartbeats: 1, status: 2 } },
  })
  const all = await sums(api, { noise: 'shown' })
  expect([all.total, all.hidden]).toEqual([7, undefined])
})

test('groups by kind, namespace and actor, and sums the remaining groups', async () => {
  const api = await started()
  expect((await sums(api, { by: 'kind' })).groups).toEqual([
    { value: 'Pod', changes: 3 },
    { value: 'Deployment', changes: 1 },
    { value: 'Node', changes: 1 },
  ])
  expect((await sums(api, { by: 'namespace' })).groups).toEqual([
    { value: 'shop', changes: 3 },
    { value: 'vault', changes: 1 },
    { value: null, changes: 1 },
  ])
  expect((await sums(api, { by: 'actor', kind: 'Deployment' })).groups).toEqual([{ value: 'alice', changes: 1 }])
  const one = await sums(api, { by: 'kind', limit: '1' })
  expect([one.groups, one.others, one.total]).toEqual([[{ value: 'Pod', changes: 3 }], { groups: 2, changes: 2 }, 5])
  expect(one.buckets).toEqual([
    { time: at('10:00:00.000'), changes: [2, 1] },
    { time: at('10:30:00.000'), changes: [1, 0] },
    { time: at('10:59:00.000'), changes: [0, 1] },
  ])
  expect(await sums(api, { namespace: 'none' })).toMatchObject({
    total: 0,
    groups: [],
    others: { groups: 0, changes: 0 },
    buckets: [],
    hidden: { total: 0, rules: {} },
  })
})

test('sums match the list for every filter', async () => {
  const api = await started()
  for (const parameters of [
    { kind: 'Pod' },
    { operation: 'created,deleted' },
    { text: 'WEB' },
    { namespace: 'shop', noise: 'shown' },
    { actor: 'alice' },
  ] as Record<string, string>[]) {
    const { body } = await api.get('changes', { from: span.from, to: span.to, limit: '1000', ...parameters })
    const { changes, hidden } = body as unknown as { changes: unknown[]; hidden?: object }
    const counted = await sums(api, parameters)
    expect([counted.total, counted.hidden], JSON.stringify(parameters)).toEqual([changes.length, hidden])
    expect(counted.buckets.flatMap((bucket) => bucket.changes).reduce((sum, n) => sum + n, 0)).toBe(changes.length)
  }
})

test('a viewer of a namespace counts only its changes', async () => {
  const auth = {
    tokens: [
      { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
      { name: 'none', token: 'none', role: 'viewer', namespaces: [] },
    ],
  } as const
  const api = await started({ auth })
  const visible = await sums(api, { by: 'namespace' }, { authorization: 'Bearer shop' })
  expect([visible.groups, visible.hidden]).toEqual([
    [{ value: 'shop', changes: 3 }],
    { total: 1, rules: { heartbeats: 1, status: 1 } },
  ])
  expect((await sums(api, { noise: 'shown' }, { authorization: 'Bearer none' })).total).toBe(0)
})

test('rejects an unknown grouping', async () => {
  const api = await started()
  expect((await api.get('changes/sums', { by: 'uid' })).status).toBe(400)
  expect((await api.get('changes/sums', { from: 'soon' })).status).toBe(400)
})
