import { expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import type { PointData } from '../../model/points.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { namespacedFlows } from '../testing/namespaces.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

const start = 1_700_000_000_000

function point(time: number, body: PointData): WeirEvent {
  return {
    id: `${time}-${JSON.stringify(body)}`,
    source: '/test',
    type: 'weir.point',
    family: 'point',
    subject: body.name,
    time,
    datacontenttype: 'application/json',
    encoding: 'json',
    data: new TextEncoder().encode(JSON.stringify(body)),
  }
}

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
