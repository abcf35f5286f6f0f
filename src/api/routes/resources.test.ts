import { describe, expect, test } from 'vitest'
import { kubernetesTypes, type ManifestState } from '../../model/kubernetes.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { realHost } from '../../host/index.ts'
import { changeEvent, identity, resourceEvent } from '../../store/testing/cluster.ts'
import { event } from '../../store/testing/frames.ts'
import { post } from '../testing/kit.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

type Row = Readonly<Record<string, unknown>>
const at = (time: string): string => `2026-11-20T${time}Z`

const replicaSet = { kind: 'ReplicaSet', group: 'apps', name: 'web-abc', uid: 'rs', controller: true } as const

/** A rollout: deployment, replica set, pod, node and service; and a pod of another namespace on the same node. */
const rollout: readonly WeirEvent[] = [
  resourceEvent(identity('Node/n1'), at('09:00:00'), { zone: 'eu-1a', providerId: 'aws:///i-1' }),
  resourceEvent(identity('Deployment/shop/web'), at('10:00:00')),
  resourceEvent(identity('ReplicaSet/shop/web-abc'), at('10:00:01'), {
    owners: [{ kind: 'Deployment', group: 'apps', name: 'web', uid: 'd', controller: true }],
  }),
  resourceEvent(identity('Pod/shop/web-1'), at('10:00:02'), {
    phase: 'Pending',
    node: 'n1',
    labels: { app: 'web' },
    owners: [replicaSet],
    images: [{ container: 'c', image: 'nginx' }],
  }),
  resourceEvent(identity('Pod/shop/web-1', '2'), at('10:00:05'), {
    phase: 'Running',
    node: 'n1',
    labels: { app: 'web' },
    owners: [replicaSet],
    images: [{ container: 'c', image: 'nginx' }],
  }),
  resourceEvent(identity('EndpointSlice/shop/web-x'), at('10:00:06'), {
    service: 'web',
    endpoints: [{ addresses: ['10.0.0.1'], ready: true, kind: 'Pod', name: 'web-1' }],
  }),
  resourceEvent(identity('Pod/vault/key'), at('10:00:02'), {
    phase: 'Running',
    status: 'CrashLoopBackOff',
    ready: 1,
    desired: 2,
    restarts: 12,
    node: 'n1',
    addresses: [{ ip: '10.0.0.9', as: 'pod' }],
    conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady' }],
  }),
  resourceEvent(identity('Pod/shop/web-1', '3'), at('11:00:00'), { state: 'gone' }),
  resourceEvent(identity('EndpointSlice/shop/web-x'), at('11:00:00'), { service: 'web', endpoints: [] }),
  changeEvent(identity('Pod/shop/web-1', '2'), at('10:00:05'), {
    operation: 'updated',
    patch: [{ op: 'replace', path: '/status/phase', value: 'Running' }],
  }),
  changeEvent(identity('Pod/shop/web-1', '3'), at('11:00:00'), { operation: 'deleted', old: {} }),
  event('e1', {
    family: 'k8s-event',
    type: kubernetesTypes.event,
    ref: 'k8s:c1//Pod/shop/web-1',
    time: Date.parse(at('10:00:03')),
    json: { type: 'Normal', reason: 'Pulled', message: 'Image pulled', count: 1, reporter: 'kubelet' },
  }),
]

async function started(options: Parameters<typeof startStored>[0] = {}): Promise<StoredApi> {
  const api = await startStored(options)
  await api.addBatch(toEventBatch(rollout), realHost().clock.now())
  return api
}

const list = async (
  api: StoredApi,
  parameters: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<{ resources: readonly Row[]; next: string | null; total?: number }> => {
  const { status, body } = await api.get('resources', parameters, headers)
  expect(status, JSON.stringify(body)).toBe(200)
  return body as never
}
const named = ({ resources }: { resources: readonly Row[] }): string[] =>
  resources.map(({ kind, name }) => `${String(kind)} ${String(name)}`)

test('lists the objects of a time in order, in their state at that time', async () => {
  const api = await started()
  const then = await list(api, { at: at('10:00:04') })
  expect([named(then), then.total, then.next]).toEqual([
    ['Deployment web', 'Node n1', 'Pod web-1', 'Pod key', 'ReplicaSet web-abc'],
    5,
    null,
  ])
  expect(then.resources[2]).toEqual({
    cluster: 'c1',
    group: '',
    kind: 'Pod',
    namespace: 'shop',
    name: 'web-1',
    uid: 'u-Pod-shop-web-1',
    ref: 'k8s:c1//Pod/shop/web-1',
    labels: { app: 'web' },
    node: 'n1',
    zone: 'eu-1a',
    phase: 'Pending',
    status: null,
    ready: null,
    desired: null,
    restarts: null,
    images: ['nginx'],
    addresses: [],
    conditions: null,
    owner_kind: 'ReplicaSet',
    owner_name: 'web-abc',
    owner_uid: 'rs',
    created: null,
    valid_from: at('10:00:02.000'),
    valid_to: at('10:00:05.000'),
    resource_version: '1',
  })
  expect(then.resources[3]).toMatchObject({
    status: 'CrashLoopBackOff',
    ready: 1,
    desired: 2,
    restarts: 12,
    images: [],
    addresses: ['10.0.0.9'],
    conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady' }],
  })
  expect(named(await list(api, { at: at('12:00:00'), kind: 'Pod' }))).toEqual(['Pod key'])
  expect(named(await list(api, { at: at('08:00:00') }))).toEqual([])
})

test('every parameter filters', async () => {
  const api = await started()
  const cases: [Record<string, string>, string[]][] = [
    [{ kind: 'Pod' }, ['Pod web-1', 'Pod key']],
    [{ namespace: 'vault' }, ['Pod key']],
    [{ group: 'apps' }, ['Deployment web', 'ReplicaSet web-abc']],
    [{ node: 'n1' }, ['Pod web-1', 'Pod key']],
    [{ phase: 'Pending' }, ['Pod web-1']],
    [{ owner: 'web-abc' }, ['Pod web-1']],
    [{ name: 'n1' }, ['Node n1']],
    [{ text: 'APP' }, ['Pod web-1']],
    [{ cluster: 'c2' }, []],
  ]
  for (const [parameters, expected] of cases)
    expect(named(await list(api, { at: at('10:00:04'), ...parameters })), JSON.stringify(parameters)).toEqual(expected)
})

test('a filter selects objects in their state at that time; errors have their position', async () => {
  const api = await started()
  const cases: [filter: string, expected: string[]][] = [
    ['', ['Deployment web', 'Node n1', 'Pod web-1', 'Pod key', 'ReplicaSet web-abc']],
    ['kind = Pod and ns = shop', ['Pod web-1']],
    ['kind = Pod and not phase = Running', ['Pod web-1']],
    ['name = web*', ['Deployment web', 'Pod web-1', 'ReplicaSet web-abc']],
    ['label = "app=web"', ['Pod web-1']],
    ['labels ~ "^app="', ['Pod web-1']],
    ['kind = Pod and not exists(labels)', ['Pod key']],
    ['owner = web-abc or owner_kind = Deployment', ['Pod web-1', 'ReplicaSet web-abc']],
    ['zone = eu-1a and kind = Node', ['Node n1']],
    ['not exists(namespace)', ['Node n1']],
    ['status = CrashLoopBackOff and ready < 2 and restarts > 10 and desired = 2', ['Pod key']],
    ['image = nginx or address = 10.0.0.9', ['Pod web-1', 'Pod key']],
    ['kind = Pod and not exists(status)', ['Pod web-1']],
    ['not (kind = ReplicaSet and desired = 0) and owner_kind = Deployment', ['ReplicaSet web-abc']],
    ['group = apps', ['Deployment web', 'ReplicaSet web-abc']],
    ['text ~ "(?i)KEY"', ['Pod key']],
    [`valid_from < ${at('10:00:01')}`, ['Deployment web', 'Node n1']],
    ['ref = "k8s:c1//Pod/shop/web-1"', ['Pod web-1']],
  ]
  for (const [filter, expected] of cases) {
    const found = await list(api, { at: at('10:00:04'), filter })
    expect([named(found), found.total], filter).toEqual([expected, expected.length])
  }
  expect(
    named(await list(api, { at: at('10:00:06'), filter: 'phase = Running', kind: 'Pod', namespace: 'shop' })),
  ).toEqual(['Pod web-1'])
  const { status, body } = await api.get('resources', { filter: 'kind = Pod and nmae = x' })
  expect([status, body['code'], (body['errors'] as object[])[0]]).toEqual([
    400,
    'WEIR_API_FILTER',
    expect.objectContaining({ from: 15, to: 19, message: 'There is no field nmae.' }),
  ])
})

test('completes values and labels of the objects at the end of the span, within the other filters', async () => {
  const auth = {
    tokens: [
      { name: 'root', token: 'admin' },
      { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
    ],
  } as const
  const api = await started({ auth })
  const values = async (body: object, token = 'admin'): Promise<string[]> => {
    const response = await post(
      `${api.url}/api/v1/complete`,
      { names: 'resources', prefix: '', to: at('10:00:04'), ...body },
      { authorization: `Bearer ${token}` },
    )
    const answer = (await response.json()) as Record<string, unknown>
    expect(response.status, JSON.stringify(answer)).toBe(200)
    return ((answer['values'] ?? answer['fields']) as { text?: string; name?: string; count?: number }[]).map(
      ({ text, name, count }) => (text === undefined ? String(name) : `${text} ${count}`),
    )
  }
  expect(await values({ field: 'kind' })).toEqual(['Pod 2', 'Deployment 1', 'Node 1', 'ReplicaSet 1'])
  expect(await values({ field: 'kind', to: at('12:00:00'), prefix: 'pod' })).toEqual(['Pod 1'])
  expect(await values({ field: 'label' })).toEqual(['"app=web" 1'])
  expect(await values({ field: 'ns', filter: 'kind = Pod' }, 'admin')).toEqual(['shop 1', 'vault 1'])
  expect(await values({ field: 'ns', filter: 'kind = Pod' }, 'shop')).toEqual(['shop 1'])
  expect(await values({ prefix: 'owner' })).toEqual(expect.arrayContaining(['owner_kind', 'owner_name']))
})

test('pages return every object once, at the time of the first page', async () => {
  const api = await started()
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const got = await list(api, { limit: '2', at: at('10:00:04'), ...(cursor === '' ? {} : { cursor }) })
    seen.push(...named(got))
    cursor = got.next
  }
  expect(seen).toEqual(['Deployment web', 'Node n1', 'Pod web-1', 'Pod key', 'ReplicaSet web-abc'])
})

const one = async (
  api: StoredApi,
  ref: string,
  time: string,
  headers: Record<string, string> = {},
): Promise<
  Readonly<Record<'intervals' | 'owners' | 'owned' | 'relations' | 'changes' | 'events', readonly Row[]>> & {
    readonly now: Row | null
  }
> => {
  const { status, body } = await api.get('resources/one', { ref, at: at(time) }, headers)
  expect(status, JSON.stringify(body)).toBe(200)
  return body as never
}
const pairs = (rows: readonly Row[]): string[] =>
  rows.map(
    ({ relation, from, to }) => `${String(from).split('/').at(-1)} ${String(relation)} ${String(to).split('/').at(-1)}`,
  )

test('an object has its states, owners, dependents, relations, changes and events', async () => {
  const api = await started()
  const pod = await one(api, 'k8s:c1//Pod/shop/web-1', '10:30:00')
  expect(pod.now).toMatchObject({ phase: 'Running', data: { images: [{ image: 'nginx' }] } })
  expect(pod.intervals.map(({ phase, valid_to: to }) => [phase, to])).toEqual([
    ['Running', at('11:00:00.000')],
    ['Pending', at('10:00:05.000')],
  ])
  expect(pairs(pod.owners)).toEqual(['web-1 owned-by web-abc', 'web-abc owned-by web'])
  expect(pairs(pod.relations)).toEqual([
    'web-1 in-namespace shop',
    'web-1 runs-on n1',
    'web selects web-1',
    'web-1 uses-image image:nginx',
  ])
  expect(pod.changes.map(({ operation }) => operation)).toEqual(['updated'])
  expect(pod.events).toMatchObject([
    {
      type: 'Normal',
      reason: 'Pulled',
      message: 'Image pulled',
      count: 1,
      reporter: 'kubelet',
      time: at('10:00:03.000'),
    },
  ])
  const deployment = await one(api, 'k8s:c1/apps/Deployment/shop/web', '10:30:00')
  expect(pairs(deployment.owned)).toEqual(['web-abc owned-by web', 'web-1 owned-by web-abc'])
  expect(pairs((await one(api, 'k8s:c1//Node//n1', '10:30:00')).relations)).toEqual([
    'n1 provided-by i-1',
    'web-1 runs-on n1',
    'key runs-on n1',
  ])
})

test('a deleted object has its past states and no present one', async () => {
  const api = await started()
  const pod = await one(api, 'k8s:c1//Pod/shop/web-1', '12:00:00')
  expect([pod.now, pod.owners, pod.relations]).toEqual([null, [], []])
  expect([pod.intervals.length, pod.changes.map(({ operation }) => operation)]).toEqual([2, ['deleted', 'updated']])
})

test('before many states the last one is known, also if its object was deleted', async () => {
  const uid = '9'
  const second = (index: number) => new Date(Date.parse(at('12:00:00')) + 1000 * index).toISOString()
  const states = Array.from({ length: 205 }, (_, index) =>
    resourceEvent(identity('Pod/shop/again-1', String(index + 3), uid), second(index), { restarts: index }),
  )
  const many = await startStored()
  await many.addBatch(
    toEventBatch([
      resourceEvent(identity('Pod/shop/again-1', '1'), at('10:00:00')),
      resourceEvent(identity('Pod/shop/again-1', '2'), at('10:30:00'), { state: 'gone' }),
      ...states,
    ]),
    Date.parse(at('13:00:00')),
  )
  const { body } = await many.get('resources/one', { ref: 'k8s:c1//Pod/shop/again-1', at: at('11:00:00') })
  const intervals = body['intervals'] as readonly Row[]
  expect(body['now']).toBeNull()
  expect(intervals).toHaveLength(201)
  expect(intervals.at(-1)).toMatchObject({ valid_from: at('10:00:00.000'), valid_to: at('10:30:00.000') })
})

test('reports an invalid reference and an unknown object', async () => {
  const api = await started()
  expect((await api.get('resources/one', { ref: 'pod/web-1' })).status).toBe(400)
  expect((await api.get('resources/one', { ref: 'k8s:c1//Pod/shop/none' })).status).toBe(404)
  expect((await api.get('resources/one', { ref: 'k8s:c1//Pod/shop/web-1', at: 'soon' })).status).toBe(400)
})

test('a viewer of a namespace sees only its objects, and of others only what these reveal', async () => {
  const auth = {
    tokens: [
      { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
      { name: 'none', token: 'none', role: 'viewer', namespaces: [] },
    ],
  } as const
  const api = await started({ auth })
  const as = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
  for (const parameters of [{}, { namespace: 'vault' }, { node: 'n1' }, { kind: 'Node,Pod' }] as Record<
    string,
    string
  >[]) {
    const visible = await list(api, { at: at('10:00:04'), ...parameters }, as('shop'))
    expect(visible.resources.every(({ namespace }) => namespace === 'shop')).toBe(true)
    expect(visible.total).toBe(visible.resources.length)
    expect((await list(api, { at: at('10:00:04'), ...parameters }, as('none'))).total).toBe(0)
  }
  const pod = await one(api, 'k8s:c1//Pod/shop/web-1', '10:30:00', as('shop'))
  expect(pairs(pod.relations)).toContain('web-1 runs-on n1')
  for (const ref of ['k8s:c1//Pod/vault/key', 'k8s:c1//Node//n1', 'k8s:c1//Pod/shop/none'])
    expect((await api.get('resources/one', { ref, at: at('10:30:00') }, as('shop'))).status, ref).toBe(404)
  expect(
    (await api.get('resources/one', { ref: 'k8s:c1//Pod/shop/web-1', at: at('10:30:00') }, as('none'))).status,
  ).toBe(404)
})

describe('the manifest at a time', () => {
  const [deployment, ref] = ['Deployment/shop/api', 'k8s:c1/apps/Deployment/shop/api']
  const state = (image: string, replicas: number): object => ({
    metadata: { name: 'api' },
    spec: {
      replicas,
      template: {
        spec: {
          containers: [
            { name: 'c', image },
            { name: 'd', image },
          ],
        },
      },
    },
  })
  const first = state('api:1', 1)
  const deletion = { ...resourceEvent(identity(deployment, '1'), at('08:00:00')), time: Date.parse(at('10:00:00')) }
  const history: readonly WeirEvent[] = [
    deletion,
    changeEvent(identity(deployment, '5'), at('10:10:00'), {
      operation: 'updated',
      old: first,
      new: state('api:2', 1),
      patch: [{ op: 'replace', path: '/spec/template', value: 'x' }],
    }),
    // Both have the same receive time, in seconds.
    changeEvent(identity(deployment, '6'), at('10:20:00'), {
      operation: 'updated',
      old: state('api:2', 1),
      new: state('api:2', 2),
    }),
    changeEvent(identity(deployment, '7'), at('10:20:00'), {
      operation: 'updated',
      old: state('api:2', 2),
      new: state('api:3', 2),
    }),
    changeEvent(identity(deployment, '8'), at('10:30:00'), { operation: 'deleted', old: state('api:3', 2) }),
    resourceEvent(identity(deployment, '8'), at('10:30:00'), { state: 'gone' }),
  ]
  const stored = async (
    events: readonly WeirEvent[],
    current?: ManifestState,
  ): Promise<(time: string) => Promise<Row>> => {
    const api = await startStored()
    api.control.manifest = async ({ cluster, uid }) =>
      cluster === 'c1' && uid === identity(deployment).uid ? current : undefined
    await api.addBatch(toEventBatch(events), realHost().clock.now())
    return async (time) => (await api.get('resources/one', { ref, at: at(time) })).body
  }

  test('is the state after the last change, or before the first one; null where the object is absent', async () => {
    const one = await stored(history)
    const manifest = async (time: string): Promise<unknown> => (await one(time))['manifest']
    expect([await manifest('10:00:00'), await manifest('10:05:00')]).toEqual([first, first])
    expect(await manifest('10:10:00')).toEqual(state('api:2', 1))
    expect([await manifest('10:20:00'), await manifest('10:29:59')]).toEqual([state('api:3', 2), state('api:3', 2)])
    expect(await one('09:00:00')).toMatchObject({
      manifest: null,
      manifest_note: 'Weir did not know the object at that time.',
    })
    expect(await one('10:30:00')).toMatchObject({
      manifest: null,
      manifest_note: 'The object did not exist at that time.',
    })
  })

  test('is the present one since the first list where the object never changed', async () => {
    const one = await stored([deletion], { object: first })
    expect(await one('10:00:00')).toMatchObject({ manifest: first, manifest_note: null })
    expect(await one('12:00:00')).toMatchObject({ manifest: first, manifest_note: null })
    expect(await one('09:00:00')).toMatchObject({ manifest: null })
    expect((await one('12:00:00'))['versions']).toEqual([
      {
        uid: identity(deployment).uid,
        resource_version: '1',
        operation: null,
        valid_from: at('08:00:00.000'),
        valid_to: null,
        images: ['api:1'],
      },
    ])
    // Its status began many states, and no version.
    const states = Array.from({ length: 300 }, (_, index) =>
      resourceEvent(
        identity(deployment, String(index + 1)),
        new Date(Date.parse(at('08:00:00')) + index).toISOString(),
        {
          ready: index % 2,
        },
      ),
    )
    const often = await stored(states, { object: first })
    expect((await often('12:00:00'))['versions']).toMatchObject([
      { resource_version: '1', operation: null, valid_from: at('08:00:00.000'), valid_to: null },
    ])
    // The store has deleted the first report.
    expect(
      await (
        await stored([deletion], { object: first, since: Date.parse(at('08:30:00')) })
      )('09:00:00'),
    ).toMatchObject({ manifest: first })
  })

  test('has versions with their images, each until the next change', async () => {
    const one = await stored(history)
    expect(
      ((await one('12:00:00'))['versions'] as Row[]).map(
        ({ resource_version: version, operation, valid_from: from, valid_to: to, images }) => [
          version,
          operation,
          from,
          to,
          images,
        ],
      ),
    ).toEqual([
      ['7', 'updated', at('10:20:00.000'), at('10:30:00.000'), ['api:3']],
      ['6', 'updated', at('10:20:00.000'), at('10:20:00.000'), ['api:2']],
      ['5', 'updated', at('10:10:00.000'), at('10:20:00.000'), ['api:2']],
      ['1', null, at('08:00:00.000'), at('10:10:00.000'), ['api:1']],
    ])
  })

  test('is hidden from viewers of other namespaces', async () => {
    const auth = { tokens: [{ name: 'vault', token: 'vault', role: 'viewer', namespaces: ['vault'] }] } as const
    const api = await startStored({ auth })
    let calls = 0
    api.control.manifest = async () => {
      calls++
      return { object: first }
    }
    await api.addBatch(toEventBatch(history), realHost().clock.now())
    expect(
      (await api.get('resources/one', { ref, at: at('10:05:00') }, { authorization: 'Bearer vault' })).status,
    ).toBe(404)
    expect(calls).toBe(0)
  })
})
