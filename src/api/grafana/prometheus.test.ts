import { expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { namespacedFlows } from '../testing/namespaces.ts'
import { point } from '../testing/points.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

const start = 1_700_000_000_000

async function withPoints(): Promise<StoredApi> {
  const api = await startStored()
  const events = [0, 1, 2, 3, 4].flatMap((at) => [
    point(start + at * 15_000, { name: 'requests_total', labels: { job: 'api' }, fields: { value: at * 30 } }),
    point(start + at * 15_000, {
      name: 'disk',
      labels: { host: 'a' },
      fields: { used: at, free: 9 - at, state: 'ok' },
    }),
  ])
  await api.addBatch(toEventBatch(events), start)
  return api
}

interface Answer {
  readonly status: number
  readonly body: {
    readonly status: string
    readonly data?: unknown
    readonly errorType?: string
    readonly error?: string
    readonly warnings?: readonly string[]
    readonly infos?: readonly string[]
  }
}

async function ask(
  { url }: Pick<StoredApi, 'url'>,
  path: string,
  parameters: Readonly<Record<string, string>> = {},
  init: { method?: 'GET' | 'POST'; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const text = new URLSearchParams(parameters)
  const answer =
    init.method === 'POST'
      ? await fetch(`${url}/prometheus/api/v1/${path}`, { ...init, body: text })
      : await fetch(`${url}/prometheus/api/v1/${path}?${text.toString()}`, init)
  return { status: answer.status, body: (await answer.json()) as Answer['body'] }
}

test('the test of the datasource succeeds: 1+1 by a form, then the build', async () => {
  const api = await startStored()
  expect(await ask(api, 'query', { query: '1+1', time: '4' }, { method: 'POST' })).toEqual({
    status: 200,
    body: { status: 'success', data: { resultType: 'scalar', result: [4, '2'] } },
  })
  const { body } = await ask(api, 'status/buildinfo')
  expect(body.data).not.toHaveProperty('features')
  expect(body.data).toHaveProperty('version')
})

test('GET and POST have the same answer', async () => {
  const api = await withPoints()
  const parameters = { query: 'sum_over_time(requests_total[1m])', time: String(start / 1000 + 60) }
  const got = await ask(api, 'query', parameters)
  expect(got).toEqual(await ask(api, 'query', parameters, { method: 'POST' }))
  expect(got.body.data).toEqual({
    resultType: 'vector',
    result: [{ metric: { job: 'api' }, value: [start / 1000 + 60, '300'] }],
  })
})

test('each field of a measurement is a series; texts are none', async () => {
  const api = await withPoints()
  const times = { start: String(start / 1000), end: String(start / 1000 + 60) }
  expect((await ask(api, 'label/__name__/values', times)).body.data).toEqual([
    'disk_free',
    'disk_used',
    'requests_total',
  ])
  expect((await ask(api, 'labels', times)).body.data).toEqual(['__name__', 'host', 'job'])
  expect((await ask(api, 'series', { ...times, 'match[]': 'disk_used' })).body.data).toEqual([
    { __name__: 'disk_used', host: 'a' },
  ])
  const sums = await ask(api, 'query_range', { ...times, query: 'disk_used + disk_free', step: '30' })
  expect(sums.body.data).toEqual({
    resultType: 'matrix',
    result: [{ metric: { host: 'a' }, values: [0, 30, 60].map((at) => [start / 1000 + at, '9']) }],
  })
})

test('a construct outside the subset is 422 with its name, and a wrong text is 400', async () => {
  const api = await withPoints()
  for (const [query, name] of [
    ['double_exponential_smoothing(x[5m], 0.5, 0.5)', 'double_exponential_smoothing'],
    ['limitk(2, x)', 'limitk'],
    ['histogram_avg(x)', 'histogram_avg'],
    ['x[5m] smoothed', 'smoothed'],
    ['x[5m+1m]', 'calculated duration'],
  ] as const) {
    const { status, body } = await ask(api, 'query', { query })
    expect(status, query).toBe(422)
    expect(body.error).toContain(name)
    expect(body.data).toBeUndefined()
  }
  for (const query of ['x{', 'rate(x)', 'x[5m', '{}', 'x{a=~"("}', '1 > 2', '']) {
    const { status, body } = await ask(api, 'query', { query })
    expect([status, body.errorType], query).toEqual([400, 'bad_data'])
  }
})

test('a rate of flows has their bytes, of visible namespaces only', async () => {
  const auth = {
    tokens: [
      { name: 'root', token: 'admin' },
      { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
    ],
  } as const
  const api = await startStored({ auth })
  const now = realHost().clock.now()
  await api.addBatch(namespacedFlows(now - 120_000), now - 120_000)
  await api.addBatch(toEventBatch([point(now - 120_000, { name: 'up', fields: { value: 1 } })]), now - 120_000)
  const totals = async (token: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}` }
    const query = 'sum by (src_namespace) (increase(weir_flow_bytes_total[10m])) > 0'
    const { body } = await ask(api, 'query', { query }, { headers })
    return (body.data as { result: { metric: { src_namespace?: string } }[] }).result
      .map(({ metric }) => metric.src_namespace ?? '')
      .toSorted()
  }
  expect(await totals('admin')).toContain('vault')
  expect(await totals('shop')).not.toContain('vault')
  expect(await totals('shop')).toContain('shop')
  const points = await ask(api, 'query', { query: 'up' }, { headers: { authorization: 'Bearer shop' } })
  expect(points.body.data).toEqual({ resultType: 'vector', result: [] })
})

interface Answers {
  readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[]
}

async function withSeries(): Promise<StoredApi> {
  const api = await startStored()
  const bucket = (name: string, le: string, value: number): WeirEvent =>
    point(start, { name, labels: { le }, fields: { value }, kind: 'counter' })
  await api.addBatch(
    toEventBatch([
      point(start, { name: 'm', labels: { a: '1' }, fields: { value: 1 }, kind: 'gauge', unit: 'bytes' }),
      point(start, { name: 'm', labels: { a: '2' }, fields: { value: 2 }, kind: 'gauge', unit: 'bytes' }),
      ...[1, 2].flatMap((at) => [bucket(`q${at}_bucket`, '0.1', at), bucket(`q${at}_bucket`, '+Inf', 4)]),
      bucket('down_bucket', '1', 4),
      bucket('down_bucket', '+Inf', 2),
    ]),
    start,
  )
  return api
}

const at = String(start / 1000)

test('warnings and infos name the wrong value and its place', async () => {
  const api = await withSeries()
  const notes = async (query: string): Promise<unknown> => {
    const { body } = await ask(api, 'query', { query, time: at })
    return [body.status, body.warnings, body.infos]
  }
  const range = 'PromQL warning: quantile value should be between 0 and 1'
  expect(await notes('quantile(2, m)')).toEqual(['success', [`${range}, got 2 (1:10)`], undefined])
  expect(await notes('histogram_quantile(NaN, q1_bucket)')).toEqual([
    'success',
    [`${range}, got NaN (1:20)`],
    undefined,
  ])
  expect(await notes('histogram_quantile(0.5, m)')).toEqual([
    'success',
    ['PromQL warning: bucket label "le" is missing or has a malformed value of "" for metric name "m" (1:25)'],
    undefined,
  ])
  const [, , infos] = (await notes('histogram_quantile(0.5, down_bucket)')) as [unknown, unknown, string[]]
  expect(infos[0]).toContain('input to histogram_quantile needed to be fixed for monotonicity')
  expect(await notes('m')).toEqual(['success', undefined, undefined])
})

test('results that would have equal labels, and a topk of NaN, are errors', async () => {
  const api = await withSeries()
  const error = async (query: string): Promise<unknown> => {
    const { status, body } = await ask(api, 'query', { query, time: at })
    return [status, body.error]
  }
  const collision = 'vector cannot contain metrics with the same labelset'
  expect(await error('histogram_quantile(0.9, {__name__=~"q[12]_bucket"})')).toEqual([422, collision])
  expect(await error('ceil({__name__=~"q[12]_bucket"})')).toEqual([422, collision])
  expect(await error('topk(NaN, nothing)')).toEqual([422, 'Parameter value is NaN'])
  expect(await error('label_replace(m, "\\xff", "", "a", "")')).toEqual([
    422,
    expect.stringContaining('invalid destination'),
  ])
})

test('limit truncates a result with a warning, and lookback_delta decides which sample is new enough', async () => {
  const api = await withSeries()
  const limited = await ask(api, 'query', { query: 'm', time: at, limit: '1' })
  expect((limited.body.data as Answers).result.length).toBe(1)
  expect(limited.body.warnings).toEqual(['results truncated due to limit'])
  const all = await ask(api, 'query', { query: 'm', time: at, limit: '2' })
  expect([(all.body.data as Answers).result.length, all.body.warnings]).toEqual([2, undefined])
  const later = String(start / 1000 + 60)
  const found = async (more: object): Promise<number> =>
    ((await ask(api, 'query', { query: 'm', time: later, ...more })).body.data as Answers).result.length
  expect([await found({}), await found({ lookback_delta: '30s' })]).toEqual([2, 0])
  expect((await ask(api, 'query', { query: 'm', lookback_delta: '-1' })).status).toBe(400)
})

test('@ takes a duration, and histogram_fraction reads classic buckets', async () => {
  const api = await withSeries()
  const value = async (query: string): Promise<unknown> =>
    ((await ask(api, 'query', { query, time: at })).body.data as Answers).result[0]?.value[1]
  expect(await value(`m{a="2"} @ ${at}s`)).toBe('2')
  expect(await value('histogram_fraction(0, 0.1, q2_bucket)')).toBe('0.5')
  expect(await value('histogram_fraction(0.05, +Inf, q2_bucket)')).toBe('0.75')
})

test('queries are printed and parsed', async () => {
  const api = await startStored()
  const query = 'sum  by(a)(rate(m{b!="c"}[90s] offset 1d@end()))/on(a)group_left(d) - x{"e.f"="g"}'
  expect((await ask(api, 'format_query', { query }, { method: 'POST' })).body.data).toBe(
    'sum by (a) (rate(m{b!="c"}[1m30s] @ end() offset 1d)) / on (a) group_left (d) -x{"e.f"="g"}',
  )
  expect((await ask(api, 'parse_query', { query: 'm @ 1 + 2' })).body.data).toEqual({
    type: 'binaryExpr',
    op: '+',
    lhs: {
      type: 'vectorSelector',
      name: 'm',
      offset: 0,
      timestamp: 1000,
      startOrEnd: null,
      matchers: [{ type: '=', name: '__name__', value: 'm' }],
    },
    rhs: { type: 'numberLiteral', val: '2' },
    matching: null,
    bool: false,
  })
  expect((await ask(api, 'parse_query', { query: 'm{' })).status).toBe(400)
})

test('received metrics have metadata and are federated, each series with the time of its sample', async () => {
  const api = await startStored()
  const now = realHost().clock.now() - 10_000
  await api.addBatch(
    toEventBatch([
      point(now, {
        name: 'm',
        labels: { a: 'x"y' },
        fields: { value: 1 },
        kind: 'gauge',
        unit: 'bytes',
        help: 'Size.',
      }),
      point(now, { name: 'm', labels: { a: 'x"y' }, fields: { value: 1 }, kind: 'gauge', unit: 'bytes' }),
      ...['h_bucket', 'h_sum', 'h_count'].map((name) => point(now, { name, fields: { value: 1 }, kind: 'histogram' })),
    ]),
    now,
  )
  const { body: all } = await ask(api, 'metadata')
  expect(all.data).toMatchObject({ h: [{ type: 'histogram', help: '', unit: '' }] })
  const { body } = await ask(api, 'metadata', { metric: 'm' })
  expect(body.data).toEqual({ m: [{ type: 'gauge', help: 'Size.', unit: 'bytes' }] })
  const answer = await fetch(`${api.url}/prometheus/federate?match[]=m&match[]={a!=""}`)
  expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4')
  expect(await answer.text()).toBe(`# TYPE m untyped\nm{a="x\\"y"} 1 ${now}\n`)
  expect((await fetch(`${api.url}/prometheus/federate`)).status).toBe(400)
})

test.each([
  'status/config',
  'status/flags',
  'status/tsdb',
  'status/runtimeinfo',
  'status/walreplay',
  'targets',
  'targets/metadata',
  'scrape_pools',
  'alertmanagers',
])('%s succeeds', async (path) => {
  const api = await startStored()
  expect(await ask(api, path)).toMatchObject({ status: 200, body: { status: 'success' } })
})
