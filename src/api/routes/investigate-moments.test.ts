import { expect, test } from 'vitest'
import { completed, costEvent } from '../../codecs/focus/index.ts'
import { eventsOfReport, type Report } from '../../codecs/sbom/index.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { cloudEvent } from '../../store/testing/cloud-events.ts'
import { changeEvent, identity, resourceEvent } from '../../store/testing/cluster.ts'
import type { Moments } from '../../topics/investigate/moments/schema.ts'
import { fieldDifferences, listDifferences } from '../../topics/investigate/moments/differences.ts'
import { at, deployment, shopEvents, web } from '../testing/shop-events.ts'
import { talkBatch, type Talk } from '../testing/talks.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

const auth = {
  tokens: [
    { name: 'root', token: 'admin' },
    { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
  ],
} as const

const pod = (time: string, more: Parameters<typeof resourceEvent>[2], version = '1') =>
  resourceEvent(identity('Pod/shop/web-abc-1', version), at(time), {
    phase: 'Running',
    owners: [{ kind: 'ReplicaSet', group: 'apps', name: 'web-abc', uid: 'u', controller: true }],
    addresses: [{ ip: '10.1.0.9', as: 'pod' }],
    ...more,
  })
const cost = (day: string, amount: string) =>
  costEvent(
    completed(
      {
        BilledCost: amount,
        BillingCurrency: 'EUR',
        BillingAccountId: 'a',
        ChargePeriodStart: `${day}T00:00:00Z`,
        ProviderName: 'AWS',
        Tags: JSON.stringify({ namespace: 'shop' }),
      },
      { source: 'focus', collected: Date.parse(at('23:00:00')), estimated: false },
    ),
  )

const events: readonly WeirEvent[] = [
  resourceEvent(web, at('09:00:00')),
  pod('09:00:00', { node: 'n1', labels: { app: 'web' } }),
  pod('10:30:00', { node: 'n2', labels: { app: 'web', canary: 'true' } }, '2'),
  resourceEvent(identity('Pod/shop/late'), at('10:45:00'), {
    phase: 'Running',
    addresses: [{ ip: '10.1.0.9', as: 'pod' }],
  }),
  resourceEvent(identity('Pod/shop/web-abc-1', '3'), at('10:40:00'), { state: 'gone' }),
  resourceEvent(identity('Pod/vault/key-1'), at('09:00:00'), {
    phase: 'Running',
    addresses: [{ ip: '10.1.0.9', as: 'pod' }],
  }),
  cost('2026-11-19', '1.25'),
  cost('2026-11-20', '4'),
]

async function started(rows: readonly WeirEvent[] = events): Promise<StoredApi> {
  const api = await startStored({ auth })
  await api.addBatch(toEventBatch(rows), Date.parse(at('12:00:00')))
  return api
}

async function compare(
  { get }: StoredApi,
  parameters: Readonly<Record<string, string>>,
  token = 'admin',
): Promise<Moments> {
  const { status, body } = await get('investigate/moments', parameters, { authorization: `Bearer ${token}` })
  expect(status, JSON.stringify(body)).toBe(200)
  return body as unknown as Moments
}

test('an object has its fields and relations at both times, and whether it existed', async () => {
  const api = await started()
  const moved = await compare(api, { subject: 'Pod/shop/web-abc-1', a: at('10:00:00'), b: at('10:35:00') })
  expect(moved.exists).toEqual({ a: true, b: true })
  expect(moved.fields.filter(({ path }) => !path.startsWith('/data'))).toEqual([
    { path: '/labels/canary', b: 'true' },
    { path: '/node', a: 'n1', b: 'n2' },
  ])
  expect(moved.relations).toEqual([
    { is: 'removed', relation: 'runs-on', from: 'k8s:c1//Pod/shop/web-abc-1', to: 'k8s:c1//Node//n1' },
    { is: 'added', relation: 'runs-on', from: 'k8s:c1//Pod/shop/web-abc-1', to: 'k8s:c1//Node//n2' },
  ])
  const gone = await compare(api, { subject: 'Pod/shop/web-abc-1', a: at('10:35:00'), b: at('11:00:00') })
  expect([gone.exists, gone.fields]).toEqual([{ a: true, b: false }, []])
  const back = await compare(api, { subject: 'Pod/shop/web-abc-1', a: at('10:35:00'), b: at('10:00:00') })
  expect(back.fields.find(({ path }) => path === '/node')).toEqual({ path: '/node', a: 'n2', b: 'n1' })
  const same = await compare(api, { subject: 'Pod/shop/web-abc-1', a: at('10:00:00'), b: at('10:00:00') })
  expect([same.fields, same.relations, same.images, same.totals]).toEqual([
    [],
    [],
    [],
    { fields: 0, relations: 0, problems: 0, pairs: 0 },
  ])
})

test('an object of which manifests are stored has the fields of these and its images', async () => {
  const manifest = (image: string, replicas: number) => ({
    kind: 'Deployment',
    spec: { replicas, template: { spec: { containers: [{ name: 'web', image }] } } },
  })
  const [old, next] = [manifest('web:1', 2), manifest('web:2', 3)]
  const api = await started([
    resourceEvent(web, at('09:00:00')),
    changeEvent(web, at('09:00:00'), { operation: 'created', new: old }),
    resourceEvent(identity('Deployment/shop/web', '5'), at('10:30:00')),
    changeEvent(identity('Deployment/shop/web', '5'), at('10:30:00'), { operation: 'updated', old, new: next }),
  ])
  const { fields, images } = await compare(api, { subject: 'shop/web', a: at('10:00:00'), b: at('11:00:00') })
  expect(fields).toEqual([
    { path: '/spec/replicas', a: 2, b: 3 },
    { path: '/spec/template/spec/containers/0/image', a: 'web:1', b: 'web:2' },
  ])
  expect(images).toEqual([
    { is: 'removed', image: 'web:1' },
    { is: 'added', image: 'web:2' },
  ])
})

test('problems of the images that ran at both times are compared', async () => {
  const report = (letter: string, time: string, problems: readonly NonNullable<Report['problems']>[]) =>
    eventsOfReport(
      {
        format: 'syft-json',
        tool: { name: 'grype', version: '1' },
        image: { digest: `sha256:${letter.repeat(64)}`, name: 'registry/shop/web', tags: [letter] },
        problems: problems.flat(),
      },
      { sha256: `${letter}${time}`, time: Date.parse(at(time)), origin: 'test' },
    )
  const problem = (id: string, severity: 'CRITICAL' | 'LOW', name = 'log4j') => [
    { id, severity, package: name, version: '1' },
  ]
  const running = (letter: string, time: string, version: string) =>
    resourceEvent(identity('Pod/shop/web-abc-1', version), at(time), {
      phase: 'Running',
      owners: [{ kind: 'ReplicaSet', group: 'apps', name: 'web-abc', uid: 'u', controller: true }],
      images: [
        { container: 'c', image: `registry/shop/web:${letter}`, id: `registry/shop/web@sha256:${letter.repeat(64)}` },
      ],
    } as never)
  const api = await started([
    resourceEvent(web, at('09:00:00')),
    resourceEvent(identity('ReplicaSet/shop/web-abc'), at('09:00:00'), {
      owners: [{ kind: 'Deployment', group: 'apps', name: 'web', uid: 'u-Deployment-shop-web', controller: true }],
    }),
    running('a', '09:00:00', '1'),
    running('b', '10:30:00', '2'),
    ...report('a', '09:10:00', [problem('CVE-1', 'LOW'), problem('CVE-2', 'CRITICAL')]),
    ...report('b', '09:20:00', [problem('CVE-1', 'LOW'), problem('CVE-3', 'LOW'), problem('CVE-4', 'CRITICAL')]),
  ])
  const times = { a: at('10:00:00'), b: at('11:00:00') }
  const changed = [
    ['removed', 'CVE-2', 'CRITICAL', 'log4j', 'registry/shop/web'],
    ['added', 'CVE-4', 'CRITICAL', 'log4j', 'registry/shop/web'],
    ['added', 'CVE-3', 'LOW', 'log4j', 'registry/shop/web'],
  ]
  const shortly = ({ problems }: Moments) =>
    problems?.map(({ is, id, severity, package: name, image }) => [is, id, severity, name, image])
  for (const token of ['admin', 'shop'])
    expect(shortly(await compare(api, { subject: 'shop/web', ...times }, token)), token).toEqual(changed)
  // All digests of the name have reports at both times.
  expect(shortly(await compare(api, { subject: 'image:registry/shop/web', ...times }))).toEqual([])
  const back = await compare(api, { subject: 'shop/web', a: times.b, b: times.a, limit: '1' })
  expect([shortly(back), back.totals.problems]).toEqual([
    [['removed', 'CVE-4', 'CRITICAL', 'log4j', 'registry/shop/web']],
    3,
  ])
  expect((await compare(api, { subject: '10.1.0.9', ...times })).problems).toBeNull()
  // Before the second report, its image had no known problem.
  expect(shortly(await compare(api, { subject: 'image:registry/shop/web', a: at('09:15:00'), b: times.a }))).toEqual([
    ['added', 'CVE-4', 'CRITICAL', 'log4j', 'registry/shop/web'],
    ['added', 'CVE-3', 'LOW', 'log4j', 'registry/shop/web'],
  ])
})

test('traffic before both times is compared by pair, and costs by day', async () => {
  const api = await started()
  const own = 'shop/Deployment/web'
  const add = (time: string, talks: readonly Talk[]) =>
    api.addBatch(talkBatch(talks, Date.parse(at(time))), Date.parse(at(time)))
  await add('09:55:00', [{ from: own, to: 'shop/StatefulSet/db', bytes: 100 }])
  await add('10:55:00', [
    { from: own, to: 'shop/StatefulSet/db', bytes: 7 },
    { from: 'vault/Deployment/x', to: own, bytes: 5000 },
  ])
  const times = { subject: 'shop/web', a: at('10:00:00'), b: at('11:00:00') }
  const { traffic, cost: costs, totals } = await compare(api, times)
  expect([traffic?.a, traffic?.b]).toMatchObject([
    { bytes: 100, flows: 1 },
    { bytes: 5007, flows: 2 },
  ])
  expect(traffic?.pairs.map(({ a, b }) => [a, b])).toEqual([
    [0, 5000],
    [100, 7],
  ])
  expect(totals.pairs).toBe(2)
  expect(costs).toEqual([{ currency: 'EUR', a: '4', b: '4', difference: '0' }])
  const days = await compare(api, { ...times, a: '2026-11-19T12:00:00Z', limit: '1' })
  expect(days.cost).toEqual([{ currency: 'EUR', a: '1.25', b: '4', difference: '2.75' }])
  expect([days.traffic?.a.flows, days.traffic?.pairs.length, days.totals.pairs]).toEqual([0, 1, 2])
  expect((await compare(api, { ...times, window: '5s' })).traffic?.b.flows).toBe(0)
})

test('a cloud resource has its fields, an address the objects that had it, an actor a note', async () => {
  const resized = cloudEvent({ time: Date.parse(at('08:00:00')), id: 'i1' })
  const api = await started([...events, resized, ...shopEvents])
  const machine = { subject: 'exoscale:org/ch-gva-2/instance/i1', a: at('07:00:00'), b: at('09:00:00') }
  expect((await compare(api, machine)).exists).toEqual({ a: false, b: true })
  const address = await compare(api, { subject: '10.1.0.9', a: at('10:35:00'), b: at('11:00:00') })
  expect(address.relations.map(({ is, relation, from }) => [is, relation, from])).toEqual([
    ['removed', 'holds', 'k8s:c1//Pod/shop/web-abc-1'],
    ['added', 'holds', 'k8s:c1//Pod/shop/late'],
  ])
  const actor = await compare(api, { subject: 'user:c1/alice', a: at('10:00:00'), b: at('11:00:00') })
  expect([actor.exists, actor.notes.map(({ part }) => part)]).toEqual([null, ['object', 'traffic', 'cost']])
})

test('a limited user sees nothing of other namespaces, clouds and costs', async () => {
  const api = await started([...events, ...shopEvents])
  const times = { a: at('09:30:00'), b: at('11:00:00') }
  const own = await compare(api, { subject: 'shop/web', ...times }, 'shop')
  expect(own.cost).toEqual([])
  expect(own.notes.map(({ part }) => part)).toContain('cost')
  for (const subject of ['10.1.0.9', 'user:c1/alice', 'shop/web', deployment])
    expect(JSON.stringify(await compare(api, { subject, ...times }, 'shop')), subject).not.toContain('vault')
  const machine = await compare(api, { subject: 'exoscale:org/ch-gva-2/instance/i1', ...times }, 'shop')
  expect([machine.exists, machine.fields]).toEqual([null, []])
  for (const subject of ['vault/key-1', 'k8s:c1//Pod/vault/key-1'])
    expect((await api.get('investigate/moments', { subject, ...times }, { authorization: 'Bearer shop' })).status).toBe(
      404,
    )
})

test('mistakes are errors', async () => {
  const { get } = await started()
  const wrong = [
    { subject: 'shop/web' },
    { subject: 'shop/web', a: 'soon' },
    { subject: 'shop/web', a: 'now-1h', window: '8d' },
    { subject: 'shop/web', a: 'now-1h', window: 'x' },
    { subject: '?', a: 'now-1h' },
    { subject: 'shop/web', a: 'now-1h', limit: '0' },
  ]
  for (const parameters of wrong)
    expect((await get('investigate/moments', parameters, { authorization: 'Bearer admin' })).status).toBe(400)
})

test('differences are the innermost members, and lists of texts are one value', () => {
  const a = { spec: { replicas: 2, args: ['x'], containers: [{ name: 'c', image: 'web:1' }] }, 'a/b': 1 }
  const b = { spec: { replicas: 3, args: ['y'], containers: [{ name: 'c', image: 'web:2' }, { name: 'd' }] }, 'a/b': 1 }
  expect(fieldDifferences(a, b)).toEqual([
    { path: '/spec/args', a: ['x'], b: ['y'] },
    { path: '/spec/containers/0/image', a: 'web:1', b: 'web:2' },
    { path: '/spec/containers/1', b: { name: 'd' } },
    { path: '/spec/replicas', a: 2, b: 3 },
  ])
  expect(fieldDifferences({ 'a/b~': 1 }, {})).toEqual([{ path: '/a~1b~0', a: 1 }])
  expect(fieldDifferences(null, { x: 1 })).toEqual([{ path: '', a: null, b: { x: 1 } }])
  expect(listDifferences([{ k: 1 }, { k: 2 }], [{ k: 2 }, { k: 3 }], ({ k }) => String(k))).toEqual([
    { k: 1, is: 'removed' },
    { k: 3, is: 'added' },
  ])
})
