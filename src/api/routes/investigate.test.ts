import { expect, test } from 'vitest'
import { completed, costEvent } from '../../codecs/focus/index.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { identity, resourceEvent } from '../../store/testing/cluster.ts'
import { logEvent } from '../testing/loki.ts'
import { at, deployment, shopEvents, web } from '../testing/shop-events.ts'
import { talkBatch } from '../testing/talks.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

type Item = Readonly<Record<'pos' | 'time' | 'is' | 'level' | 'object' | 'text', string>> &
  Readonly<{
    until: string | null
    ref: string | null
    actor: string | null
    actor_ref: string | null
    amount?: string
    currency?: string
  }>
type Lane = Readonly<{ name: string; state: string; note: string | null; total: number; items: readonly Item[] }> &
  Readonly<{ sums?: unknown }>

const range = { from: at('10:00:00'), to: at('12:00:00') }

const auth = {
  tokens: [
    { name: 'root', token: 'admin' },
    { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
  ],
} as const

async function started(rows: readonly WeirEvent[] = shopEvents): Promise<StoredApi> {
  const api = await startStored({ auth })
  if (rows.length > 0) await api.addBatch(toEventBatch(rows), Date.parse(at('12:00:00')))
  return api
}

async function lanesOf(
  { get }: StoredApi,
  subject: string,
  { token = 'admin', ...query }: Readonly<Record<string, string>> = {},
): Promise<{ lanes: Readonly<Record<string, Lane>>; body: Record<string, unknown> }> {
  const { status, body } = await get(
    'investigate',
    { subject, ...range, ...query },
    { authorization: `Bearer ${token}` },
  )
  expect(status, JSON.stringify(body)).toBe(200)
  return { body, lanes: Object.fromEntries((body['lanes'] as readonly Lane[]).map((lane) => [lane.name, lane])) }
}

const inShort = (lane: Lane | undefined) =>
  lane?.items.map(({ time, object, text, actor }) => [time.slice(11, 19), object, text, actor])

test('a workload has lanes of itself, its pods, their images, its machines and its namespace', async () => {
  const api = await started()
  const { lanes, body } = await lanesOf(api, 'shop/web')
  expect(body['subject']).toEqual({ is: 'object', text: 'Deployment shop/web', ref: deployment })
  expect(body['filter']).toBe(
    'either(ns = "shop" and owner_kind = "Deployment" and owner = "web") and (cluster = "c1" or not exists(cluster))',
  )
  expect(inShort(lanes['changes'])).toEqual([
    ['10:30:00', 'Deployment shop/web', 'updated: spec/replicas → 0', 'alice'],
  ])
  expect(lanes['changes']?.items[0]?.actor_ref).toBe('user:c1/alice')
  expect(inShort(lanes['audit'])).toEqual([
    ['10:29:59', 'Deployment shop/web', 'kubernetes patch, from 192.0.2.7', 'alice'],
  ])
  expect(inShort(lanes['events'])).toEqual([
    ['10:40:00', 'Pod shop/web-abc-1', 'BackOff: Back-off | <b>restarting</b> (3 times)', 'kubelet'],
  ])
  expect(lanes['events']?.items[0]?.level).toBe('warning')
  expect(inShort(lanes['problems'])).toEqual([
    ['10:45:00', 'image registry/shop/web', '1 critical, 0 high, 1 findings, 1 with a fixed version', null],
  ])
  expect(inShort(lanes['cost'])?.toSorted()).toEqual([
    ['00:00:00', 'namespace shop', '1.5 EUR', null],
    ['00:00:00', 'resource i1', '4 EUR', null],
  ])
  expect(lanes['cost']?.items.map(({ amount, currency }) => [amount, currency]).toSorted()).toEqual([
    ['1.5', 'EUR'],
    ['4', 'EUR'],
  ])
  expect(inShort(lanes['gaps'])).toEqual([
    ['11:00:00', 'deployments of c1', 'changes may be missing: 1 missing, 0 stale, 0 extra (restart)', null],
  ])
  expect(lanes['gaps']?.items[0]?.until).toBe('2026-11-20T11:10:00.000Z')
})

test('costs have exact sums by object and currency, and further objects one together', async () => {
  const cost = (day: string, amount: string, currency: string, resource?: string) =>
    costEvent(
      completed(
        {
          BilledCost: amount,
          BillingCurrency: currency,
          BillingAccountId: 'org',
          ChargePeriodStart: `${day}T00:00:00Z`,
          ProviderName: 'Exoscale',
          ServiceName: `Compute in ${currency}`,
          ...(resource === undefined ? {} : { ResourceId: resource, ResourceName: resource }),
          Tags: '{"namespace":"shop"}',
        },
        { source: 'x', collected: Date.parse(at('12:00:00')), estimated: false },
      ),
    )
  const api = await started([
    resourceEvent(web, at('09:00:00')),
    cost('2026-11-19', '0.1', 'EUR', 'a'),
    cost('2026-11-20', '0.2', 'EUR', 'a'),
    cost('2026-11-20', '5', 'USD', 'a'),
    cost('2026-11-20', '0.0000000001', 'EUR', 'b'),
    cost('2026-11-20', '0.05', 'EUR', 'c'),
    cost('2026-11-20', '0.2', 'EUR'),
  ])
  const sumsOf = async (limit: string) =>
    (await lanesOf(api, 'shop/web', { from: '2026-11-19T00:00:00Z', limit })).lanes['cost']?.sums
  const largest = [
    { object: 'resource a', currency: 'USD', amount: '5' },
    { object: 'resource a', currency: 'EUR', amount: '0.3' },
    { object: 'namespace shop', currency: 'EUR', amount: '0.2' },
  ]
  expect(await sumsOf('100')).toEqual([
    ...largest,
    { object: 'resource c', currency: 'EUR', amount: '0.05' },
    { object: 'resource b', currency: 'EUR', amount: '0.0000000001' },
  ])
  expect(await sumsOf('3')).toEqual([...largest, { object: null, currency: 'EUR', amount: '0.0500000001' }])
})

test('traffic of a workload equals the sums of its flows', async () => {
  const api = await started()
  const [own, db, other] = ['shop/Deployment/web', 'shop/StatefulSet/db', 'vault/Deployment/web']
  const talks = [
    { from: own, to: db, bytes: 100 },
    { from: db, to: own, bytes: 20 },
    { from: other, to: db, bytes: 3 },
    { from: own, to: db, bytes: 5000, cluster: 'c2' },
  ]
  await api.addBatch(talkBatch(talks, Date.parse(at('11:00:00'))), Date.parse(at('11:00:00')))
  const { lanes, body } = await lanesOf(api, 'shop/web')
  expect([lanes['traffic']?.state, lanes['traffic']?.total]).toEqual(['shown', 2])
  const buckets = body['buckets'] as readonly { time: string; bytes: number; flows: number }[]
  expect(buckets.map(({ bytes, flows }) => [bytes, flows])).toEqual([[120, 2]])
  expect(Date.parse(at('11:00:00')) - Date.parse(buckets[0]?.time ?? '')).toBeLessThanOrEqual(
    1000 * Number(body['step']),
  )
  const before = await lanesOf(api, 'shop/web', { to: at('10:10:00') })
  expect([before.lanes['traffic']?.state, before.body['since']]).toEqual(['not-collected', '2026-11-20T10:10:00.000Z'])
})

test('latencies and drops of flows are lanes only where flows have them', async () => {
  const api = await started()
  const [own, db] = ['shop/Deployment/web', 'shop/StatefulSet/db']
  const batch = talkBatch(
    [1, 2, 3, 4].map(() => ({ from: own, to: db, bytes: 100 })),
    Date.parse(at('11:00:00')),
  )
  const valid = Uint8Array.of(0b0111)
  const big = (values: readonly number[]) => new Uint32Array(BigUint64Array.from(values, BigInt).buffer)
  await api.addBatch(
    {
      ...batch,
      columns: {
        ...batch.columns,
        rtt: { kind: 'u64', words: big([2e6, 7e6, 0, 9e6]), valid },
        dns_latency: { kind: 'f64', values: Float64Array.of(0, 0, 12.5, 99), valid },
        drop_packets: { kind: 'u64', words: big([0, 3, 4, 50]), valid },
        drop_bytes: { kind: 'u64', words: big([0, 300, 400, 5000]), valid },
      },
    },
    Date.parse(at('11:00:00')),
  )
  const { lanes, body } = await lanesOf(api, 'shop/web')
  expect(Object.keys(lanes).slice(0, 4)).toEqual(['traffic', 'latency', 'drops', 'changes'])
  expect([lanes['latency']?.total, lanes['drops']?.total]).toEqual([3, 7])
  expect(body['measured']).toEqual([
    {
      time: (body['buckets'] as { time: string }[])[0]?.time,
      rtt: 7,
      dns_latency: 12.5,
      drop_packets: 7,
      drop_bytes: 700,
    },
  ])
  const query = new URLSearchParams({ subject: 'shop/web', ...range, format: 'md' })
  const url = `${api.url}/api/v1/investigate?${query.toString()}`
  const report = await (await fetch(url, { headers: { authorization: 'Bearer admin' } })).text()
  expect(report).toMatch(
    /\nLatency \(percentile 95\): RTT at most 7\.00 ms at 2026-11-20 10:5\d:\d\d, DNS at most 13 ms at /,
  )
  expect(report).toMatch(/\nDrops: 7 packets, 700 B, at most 7 at 2026-11-20 10:5/)
  const none = await lanesOf(api, 'shop/web', { to: at('10:30:00') })
  expect(Object.keys(none.lanes)).not.toContain('latency')
  expect([Object.keys(none.lanes).includes('drops'), none.body['measured']]).toEqual([false, []])
  expect(Object.keys((await lanesOf(api, 'vault/key-1')).lanes)).not.toContain('drops')
})

test('an actor has its changes and audit events, an address those of its holders and its own requests', async () => {
  const api = await started()
  const actor = await lanesOf(api, 'user:c1/alice')
  expect(inShort(actor.lanes['changes'])?.map(([, object]) => object)).toEqual([
    'Deployment shop/web',
    'ConfigMap vault/keys',
  ])
  expect(actor.lanes['audit']?.total).toBe(2)
  expect(actor.body['filter']).toBe('either(addr in (192.0.2.7))')
  expect(['events', 'problems', 'cost'].map((name) => actor.lanes[name]?.state)).toEqual([
    'not-applicable',
    'not-applicable',
    'not-applicable',
  ])
  const pod = await lanesOf(api, '10.1.0.1')
  expect(pod.body['filter']).toBe('either(addr = 10.1.0.1)')
  expect(inShort(pod.lanes['events'])?.map(([, object]) => object)).toEqual(['Pod shop/web-abc-1'])
  const client = await lanesOf(api, '192.0.2.7')
  expect(client.lanes['audit']?.total).toBe(2)
  const machine = await lanesOf(api, 'exoscale:org/ch-gva-2/instance/i1')
  expect(inShort(machine.lanes['changes'])).toEqual([['10:20:00', 'instance i1', 'changed: size small → tiny', null]])
  expect(machine.lanes['cost']?.total).toBe(1)
})

test('nothing happened differs from not collected', async () => {
  const quiet = await lanesOf(await started(), 'shop/web', { from: at('11:30:00') })
  expect(['changes', 'audit', 'events', 'gaps'].map((name) => quiet.lanes[name]?.state)).toEqual([
    'empty',
    'empty',
    'empty',
    'empty',
  ])
  const few = await lanesOf(await started([resourceEvent(web, at('09:00:00'))]), deployment)
  expect(Object.values(few.lanes).map(({ name, state, note }) => [name, state, note])).toEqual([
    ['traffic', 'not-collected', 'No flow of this time range is stored.'],
    ['changes', 'not-collected', 'No change of a Kubernetes object is stored.'],
    ['audit', 'not-collected', 'No audit event is stored.'],
    ['events', 'not-collected', 'No cluster event is stored.'],
    ['problems', 'not-collected', 'The image digests of its pods are not known.'],
    ['cost', 'not-collected', 'No cost is stored.'],
    ['gaps', 'empty', null],
  ])
})

const digest = `sha256:${'a'.repeat(64)}`

test('an image has the pods that ran it with their changes, events and traffic, and its problems', async () => {
  const api = await started()
  const subjects = ['registry/shop/web', 'registry/shop/web:1.0', `registry/shop/web@${digest}`, digest]
  for (const name of subjects) {
    const { lanes, body } = await lanesOf(api, `image:${name}`)
    expect(body['subject']).toEqual({ is: 'image', text: name, ref: `image:${name}` })
    expect(inShort(lanes['changes'])).toEqual([
      ['10:30:00', 'Deployment shop/web', 'updated: spec/replicas → 0', 'alice'],
    ])
    expect(inShort(lanes['events'])?.map(([, object]) => object)).toEqual(['Pod shop/web-abc-1'])
    expect(inShort(lanes['problems'])?.map(([, object]) => object)).toEqual(['image registry/shop/web'])
    expect(body['filter']).toContain('owner = "web"')
    expect(lanes['cost']?.state).toBe('not-applicable')
  }
  for (const name of ['registry/shop/web:1', 'registry/shop/we', 'shop/web', `sha256:${'b'.repeat(64)}`]) {
    const { lanes, body } = await lanesOf(api, `image:${name}`)
    expect([body['filter'], lanes['changes']?.items, lanes['events']?.note]).toEqual([
      null,
      [],
      'No pod ran this image.',
    ])
  }
  const own = await lanesOf(api, `image:${digest}`, { token: 'shop' })
  expect([own.lanes['changes']?.total, own.lanes['problems']?.total]).toEqual([1, 1])
  const { status } = await api.get('investigate', { subject: 'image:' }, { authorization: 'Bearer admin' })
  expect(status).toBe(400)
})

test('an image of another namespace shows a limited viewer nothing', async () => {
  const other = resourceEvent(identity('Pod/vault/safe-1'), at('09:00:00'), {
    phase: 'Running',
    images: [{ container: 'c', image: 'registry/vault/safe:1', id: `registry/vault/safe@sha256:${'c'.repeat(64)}` }],
  } as never)
  const api = await started([...shopEvents, other])
  const admin = await lanesOf(api, 'image:registry/vault/safe')
  expect(admin.body['filter']).toContain('safe-1')
  const limited = await lanesOf(api, 'image:registry/vault/safe', { token: 'shop' })
  expect(limited.body['filter']).toBeNull()
  expect(JSON.stringify(limited.body)).not.toContain('safe-1')
})

test('an account has its audit events, the changes of its resources and its costs', async () => {
  const api = await started()
  const { lanes, body } = await lanesOf(api, 'account:org')
  expect(body['subject']).toEqual({ is: 'account', text: 'org', ref: 'account:org' })
  expect(inShort(lanes['changes'])).toEqual([['10:20:00', 'instance i1', 'changed: size small → tiny', null]])
  const cluster = await lanesOf(api, 'account:c1')
  expect(cluster.lanes['audit']?.total).toBe(2)
  const paid = await lanesOf(api, 'account:a')
  expect(paid.lanes['cost']?.sums).toEqual([
    { object: 'resource i1', currency: 'EUR', amount: '4' },
    { object: 'namespace shop', currency: 'EUR', amount: '1.5' },
  ])
  const limited = await lanesOf(api, 'account:c1', { token: 'shop' })
  expect(['audit', 'changes', 'cost', 'gaps'].map((name) => limited.lanes[name]?.state)).toEqual([
    'not-permitted',
    'not-permitted',
    'not-permitted',
    'not-applicable',
  ])
})

test('error lines of logs are a lane of the workload, pod, image and namespace that labels name', async () => {
  const line = (time: string, text: string, labels: Readonly<Record<string, string>>, severity?: string) =>
    logEvent({ line: text, labels, ...(severity === undefined ? {} : { severity }) }, Date.parse(at(time)))
  const api = await started([
    ...shopEvents,
    line('10:31:00', 'level=error no connection', { namespace: 'shop', app: 'web' }),
    line('10:32:00', 'out of memory', { k8s_namespace_name: 'shop', k8s_pod_name: 'web-abc-1' }, 'fatal'),
    line('10:33:00', 'level=info fine', { namespace: 'shop', app: 'web' }),
    line('10:34:00', 'error of another', { namespace: 'shop', app: 'cart' }),
    line('10:35:00', 'error elsewhere', { namespace: 'vault', app: 'web' }),
    line('09:35:00', 'error earlier', { namespace: 'shop', app: 'web' }),
  ])
  const errorsOf = async (subject: string, token = 'admin') =>
    inShort((await lanesOf(api, subject, { token })).lanes['errors'])
  const both = [
    ['10:31:00', 'web', 'level=error no connection', null],
    ['10:32:00', 'web-abc-1', 'out of memory', null],
  ]
  expect(await errorsOf('shop/web')).toEqual(both)
  expect(await errorsOf('image:registry/shop/web')).toEqual(both)
  expect(await errorsOf('Pod/shop/web-abc-1')).toEqual(both)
  expect((await errorsOf('k8s:c1//Namespace//shop'))?.length).toBe(3)
  for (const subject of ['vault/key-1', '10.1.0.1', 'user:c1/alice']) expect(await errorsOf(subject)).toBeUndefined()
  // Lines have no reliable namespace.
  expect(await errorsOf('shop/web', 'shop')).toBeUndefined()
})

test('chosen lanes are read alone, and an unknown one is an error', async () => {
  const api = await started()
  const { lanes, body } = await lanesOf(api, 'shop/web', { lanes: 'cost,changes' })
  expect(Object.keys(lanes)).toEqual(['changes', 'cost'])
  expect([lanes['cost']?.total, body['buckets']]).toEqual([2, []])
  const wrong = await api.get('investigate', { subject: 'shop/web', lanes: 'costs' }, { authorization: 'Bearer admin' })
  expect([wrong.status, wrong.body['code']]).toEqual([400, 'WEIR_API_INVALID'])
})

test('a limited viewer gets the lanes of permitted families, and the reason for the others', async () => {
  const api = await started()
  const { lanes, body } = await lanesOf(api, 'shop/web', { token: 'shop' })
  expect(body['namespaces']).toEqual(['shop'])
  expect(['changes', 'audit', 'events', 'problems'].map((name) => lanes[name]?.total)).toEqual([1, 1, 1, 1])
  expect(['cost', 'gaps'].map((name) => [lanes[name]?.state, lanes[name]?.note])).toEqual([
    ['not-permitted', 'Costs have no namespace, and shop may see namespace shop only.'],
    ['not-permitted', 'Gaps of the watch have no namespace, and shop may see namespace shop only.'],
  ])
  const actor = await lanesOf(api, 'user:c1/alice', { token: 'shop' })
  expect([actor.lanes['changes']?.total, actor.lanes['audit']?.total]).toEqual([1, 1])
  expect(JSON.stringify(actor.body)).not.toContain('vault')
  const client = await lanesOf(api, '192.0.2.7', { token: 'shop' })
  expect(JSON.stringify(client.body)).not.toContain('vault')
  const machine = await lanesOf(api, 'exoscale:org/ch-gva-2/instance/i1', { token: 'shop' })
  expect(Object.values(machine.lanes).filter(({ items }) => items.length > 0)).toEqual([])
  for (const subject of ['vault/key-1', 'k8s:c1//Pod/vault/key-1', 'shop/nothing']) {
    const { status } = await api.get('investigate', { subject }, { authorization: 'Bearer shop' })
    expect([subject, status]).toEqual([subject, 404])
  }
})

test('a report in Markdown has times in UTC, links, the pins first, and no markup of the data', async () => {
  const api = await started()
  const { lanes } = await lanesOf(api, 'shop/web')
  const pin = `events:${lanes['events']?.items[0]?.pos}`
  const query = new URLSearchParams({
    subject: 'shop/web',
    ...range,
    format: 'md',
    base: 'https://weir.test/',
    pins: pin,
    notes: `${pin}=seen by | *Ann*`,
  })
  const answer = await fetch(`${api.url}/api/v1/investigate?${query.toString()}`, {
    headers: { authorization: 'Bearer admin' },
  })
  expect(answer.headers.get('content-type')).toBe('text/markdown; charset=utf-8')
  const text = await answer.text()
  expect(text).toMatch(/^# Deployment shop\/web\n\n2026-11-20 10:00:00 to 2026-11-20 12:00:00 UTC\. \[Open in Weir\]/)
  const [pinned = '', timeline = ''] = text.split('## Pinned')[1]?.split('## Timeline') ?? []
  expect(pinned).toContain('BackOff: Back-off \\| \\<b\\>restarting\\</b\\> (3 times)')
  expect(pinned).toContain('| Time (UTC) | Lane | Object | Event | Actor | Note |')
  expect(pinned).toContain('| kubelet | seen by \\| \\*Ann\\* |')
  expect(text).toMatch(/Open in Weir\]\([^)]*notes=events/)
  expect(timeline).not.toContain('BackOff')
  expect(timeline).toMatch(
    /\| 2026-11-20 10:30:00 \| Changes \| \[Deployment shop\/web\]\(https:\/\/weir\.test\/resource\/k8s:c1\/apps\/Deployment\/shop\/web\?v=1&at=[^)]+\) \| \[updated: spec\/replicas → 0\]\(https:\/\/weir\.test\/changes\?[^)]*sel=[^)]+\) \| \[alice\]\(https:\/\/weir\.test\/actor\?v=1&of=user%3Ac1%2Falice\) \|/,
  )
  expect(text).toContain('- Traffic: not collected')
})

test('a text that names nothing is an error with the forms', async () => {
  const { status, body } = await (
    await started([])
  ).get(
    'investigate',
    { subject: 'web' },
    {
      authorization: 'Bearer admin',
    },
  )
  expect([status, body['code']]).toEqual([400, 'WEIR_API_INVALID'])
  expect(body['hints']).toEqual([expect.stringContaining('Kind/namespace/name')])
})
