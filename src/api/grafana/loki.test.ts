import { expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import type { LogData } from '../../model/points.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { namespacedFlows } from '../testing/namespaces.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

const start = 1_700_000_000_000

function event(time: number, family: 'log' | 'audit', body: object): WeirEvent {
  return {
    id: `${time}-${JSON.stringify(body)}`,
    source: '/test',
    type: `weir.${family}`,
    family,
    time,
    datacontenttype: 'application/json',
    encoding: 'json',
    data: new TextEncoder().encode(JSON.stringify(body)),
  }
}

const log = (at: number, body: LogData): WeirEvent => event(start + at * 1000, 'log', body)

async function withLines(): Promise<StoredApi> {
  const api = await startStored()
  const lines = [
    log(0, { line: '{"level":"info","ms":12}', labels: { app: 'web' }, metadata: { pod: 'w-1' } }),
    log(10, { line: '{"level":"error","ms":700}', labels: { app: 'web' }, metadata: { pod: 'w-2' } }),
    log(20, { line: 'level=warn took=1.5s size=2KB msg="a b"', labels: { app: 'db' } }),
    log(30, { line: '{"level":"error","ms":30}', labels: { app: 'web' }, severity: 'error' }),
    log(40, { line: 'no json', labels: { app: 'web' } }),
    event(start + 5000, 'audit', { actor: 'alice' }),
  ]
  await api.addBatch(toEventBatch(lines), start)
  return api
}

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown> & {
    readonly error?: string
    readonly data?: {
      readonly resultType: string
      readonly encodingFlags?: string[]
      readonly result: { stream?: object; metric?: object; value?: unknown; values?: unknown[][] }[]
    }
  }
}

async function ask(
  { url }: Pick<StoredApi, 'url'>,
  path: string,
  parameters: Readonly<Record<string, string>> = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await fetch(`${url}/loki/api/v1/${path}?${new URLSearchParams(parameters).toString()}`, { headers })
  return { status: answer.status, body: (await answer.json()) as Answer['body'] }
}

const times = { start: `${start}000000`, end: `${start + 60_000}000000`, step: '15000ms' }

test('the test of the datasource has one sample', async () => {
  const api = await startStored()
  const { body } = await ask(api, 'query', { query: 'vector(1)+vector(1)', time: '4000000000' })
  expect(body.data).toEqual({
    resultType: 'vector',
    result: [{ metric: {}, value: [4_000_000_000, '2'] }],
    stats: {},
  })
  expect((await ask(api, 'query', { query: 'vector(1)+vector(1)', limit: '0' })).status).toBe(400)
  expect((await ask(api, 'query', { query: '{app="web"}' })).status).toBe(400)
})

test('two lines backward are the newest, newest first, with times in ns as text', async () => {
  const api = await withLines()
  const { body } = await ask(api, 'query_range', { ...times, query: '{app="web"}', limit: '2', direction: 'backward' })
  expect(body.data?.resultType).toBe('streams')
  expect(body.data?.result.flatMap(({ values = [] }) => values)).toEqual([
    [`${start + 40_000}000000`, 'no json'],
    [`${start + 30_000}000000`, '{"level":"error","ms":30}'],
  ])
})

test('metadata is a third member with categorize-labels, and in the stream without', async () => {
  const api = await withLines()
  const parameters = { ...times, query: '{app="web"} | pod="w-1" | json' }
  const folded = await ask(api, 'query_range', parameters)
  expect(folded.body.data?.result).toEqual([
    {
      stream: { app: 'web', detected_level: 'info', level: 'info', ms: '12', pod: 'w-1' },
      values: [[`${start}000000`, '{"level":"info","ms":12}']],
    },
  ])
  const headers = { 'x-loki-response-encoding-flags': 'categorize-labels' }
  const apart = await ask(api, 'query_range', parameters, headers)
  expect(apart.body.data?.encodingFlags).toEqual(['categorize-labels'])
  expect(apart.body.data?.result).toEqual([
    {
      stream: { app: 'web' },
      values: [
        [
          `${start}000000`,
          '{"level":"info","ms":12}',
          { structuredMetadata: { detected_level: 'info', pod: 'w-1' }, parsed: { level: 'info', ms: '12' } },
        ],
      ],
    },
  ])
})

test('filters select lines by text, by label and by number', async () => {
  const api = await withLines()
  const count = async (query: string): Promise<number> => {
    const { body, status } = await ask(api, 'query_range', { ...times, query })
    expect(status, `${query} ${body.error ?? ''}`).toBe(200)
    return body.data!.result.reduce((sum, { values = [] }) => sum + values.length, 0)
  }
  expect(await count('{app=~".+"}')).toBe(5)
  expect(await count('{app="web"} |= "error"')).toBe(2)
  expect(await count('{app="web"} |= "error" or "no"')).toBe(3)
  expect(await count('{app="web"} != "error" |~ "in.o"')).toBe(1)
  expect(await count('{app="web"} | json | ms > 100 or level = "info"')).toBe(2)
  expect(await count('{app="web"} | json | ms > 100 | __error__=""')).toBe(1)
  expect(await count('{app="db"} | logfmt | took >= 1500ms and size < 3KB | msg="a b"')).toBe(1)
  expect(await count('{family="audit"} |= "alice"')).toBe(1)
})

test('metrics over lines', async () => {
  const api = await withLines()
  const at = { time: `${start + 40_000}000000` }
  const result = async (query: string): Promise<unknown> =>
    (await ask(api, 'query', { ...at, query })).body.data?.result.map(({ metric, value }) => [
      metric,
      (value as [number, string])[1],
    ])
  expect(await result('sum by (app) (count_over_time({app=~".+"}[1m]))')).toEqual([
    [{ app: 'db' }, '1'],
    [{ app: 'web' }, '4'],
  ])
  expect(await result('sum(rate({app="web"} |= "error" [20s])) * 20')).toEqual([[{}, '1']])
  expect(await result('sum(bytes_over_time({app="db"}[1m]))')).toEqual([[{}, '39']])
  expect(await result('max_over_time({app="web"} | json | unwrap ms | __error__="" [1m]) by (app)')).toEqual([
    [{ app: 'web' }, '700'],
  ])
  const { status, body } = await ask(api, 'query', {
    ...at,
    query: 'sum(sum_over_time({app="web"} | json | unwrap level [1m]))',
  })
  expect([status, body.error]).toEqual([400, expect.stringContaining('pipeline error')])
})

test('a construct outside the subset is 400 with its name', async () => {
  const api = await withLines()
  for (const [query, name] of [
    ['{app="web"} | line_format `{{ nosuch .a }}`', 'nosuch'],
    ['{app="web"} | distinct app', 'distinct'],
    ['approx_topk(1, rate({app="web"}[1m]))', 'approx_topk'],
  ] as const) {
    const { status, body } = await ask(api, 'query_range', { ...times, query })
    expect(status, query).toBe(400)
    expect(body.error).toContain(name)
    expect(body.data).toBeUndefined()
  }
})

test('labels, series and counts', async () => {
  const api = await withLines()
  expect((await ask(api, 'labels', times)).body.data).toEqual(['app', 'family', 'source', 'type'])
  expect((await ask(api, 'label/app/values', times)).body.data).toEqual(['db', 'web'])
  expect((await ask(api, 'series', { ...times, 'match[]': '{app=~"w.*"}' })).body.data).toEqual([{ app: 'web' }])
  expect((await ask(api, 'index/stats', { ...times, query: '{app="db"}' })).body).toEqual({
    streams: 1,
    chunks: 0,
    entries: 1,
    // The line, and the metadata detected_level=warn.
    bytes: 39 + 8 + 18,
  })
  expect((await ask(api, 'detected_labels', { ...times, query: '{app=~".+"}' })).body).toEqual({
    detectedLabels: [{ label: 'app', cardinality: 2 }],
  })
})

test('flows are lines of the permitted namespaces; events are hidden from a limited viewer', async () => {
  const auth = {
    tokens: [
      { name: 'root', token: 'admin' },
      { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
    ],
  } as const
  const api = await startStored({ auth })
  const now = realHost().clock.now()
  await api.addBatch(namespacedFlows(now - 60_000), now - 60_000)
  await api.addBatch(toEventBatch([event(now - 60_000, 'audit', { actor: 'alice' })]), now - 60_000)
  const lines = async (token: string, query: string): Promise<string> =>
    JSON.stringify(
      (await ask(api, 'query_range', { query, limit: '1000' }, { authorization: `Bearer ${token}` })).body.data,
    )
  expect(await lines('admin', '{family="flow"}')).toContain('vault')
  expect(await lines('shop', '{family="flow"}')).not.toContain('vault')
  expect(await lines('shop', '{family="flow"}')).toContain('shop')
  expect(await lines('admin', '{family="audit"}')).toContain('alice')
  expect(await lines('shop', '{family="audit"}')).not.toContain('alice')
  for (const path of ['index/volume', 'detected_fields', 'detected_field/actor/values']) {
    const seen = async (token: string): Promise<string> =>
      JSON.stringify((await ask(api, path, { query: '{family="audit"}' }, { authorization: `Bearer ${token}` })).body)
    expect(await seen('admin'), path).toMatch(/audit|actor|alice/)
    expect(await seen('shop'), path).not.toMatch(/audit|actor|alice/)
  }
})

test('volumes and fields of lines', async () => {
  const api = await withLines()
  const of = async (path: string, more: Record<string, string> = {}): Promise<Answer['body']> =>
    (await ask(api, path, { ...times, query: '{app=~".+"}', ...more })).body
  const bytes = (await of('index/volume')).data?.result.map(({ metric, value }) => [metric, (value as unknown[])[1]])
  expect(bytes).toEqual([
    [{ app: 'web' }, String(82 + 6 * 8 + 'podw-1w-2detected_levelinfoerrorunknown'.length)],
    [{ app: 'db' }, String(39 + 8 + 'detected_levelwarn'.length)],
  ])
  expect((await of('index/volume', { aggregateBy: 'labels' })).data?.result[0]?.metric).toEqual({ app: '' })
  const steps = (await of('index/volume_range', { step: '30s' })).data?.result.map(({ values = [] }) => values.length)
  // The first step ends at a multiple of 30 s.
  expect(steps).toEqual([3, 1])
  const { fields } = await of('detected_fields')
  expect(fields).toContainEqual({ label: 'ms', type: 'int', cardinality: 3, parsers: ['json'], jsonPath: ['ms'] })
  expect(fields).toContainEqual({ label: 'took', type: 'duration', cardinality: 1, parsers: ['logfmt'] })
  expect(fields).toContainEqual({ label: 'pod', type: 'string', cardinality: 2, parsers: null })
  expect((await of('detected_field/level/values'))['values']).toEqual(['error', 'warn', 'info'])
})
