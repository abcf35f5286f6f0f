// The health check, queries and look-ups of Grafana's own datasource code against Weir, a real Prometheus and a real
// Loki with the same data: Grafana makes the same frames of both.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished, test, expect } from 'vitest'
import { startStored } from '../../src/api/testing/stored.ts'
import { snappyCompress } from '../../src/codecs/snappy/index.ts'
import { toEventBatch } from '../../src/model/events.ts'
import { generatedPromql } from './grafana/generate.ts'
import { generatedLogql, logBatch, pushBody, testLines } from './grafana/lines.ts'
import { pointEvents, testSeries, writeRequests } from './grafana/series.ts'
import { installGrafanaDatasource } from './install/grafana-datasource.ts'
import { findLoki } from './install/loki.ts'
import { findPrometheusGo } from './install/prometheus-go.ts'
import { startLoki } from './kit/loki.ts'
import { startPrometheus } from './kit/prometheus.ts'

interface Call {
  readonly name: string
  readonly kind: 'health' | 'query' | 'resource' | 'loki'
  readonly [property: string]: unknown
}

interface Field {
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
}

interface Frame {
  readonly schema: { readonly name?: string; readonly fields: readonly Field[] }
  readonly data: { readonly values: readonly (readonly unknown[])[] }
}

interface Answer {
  readonly name: string
  readonly status: number
  readonly message?: string
  readonly frames?: readonly Frame[]
  readonly body?: unknown
}

/** Runs the calls with Grafana's code against the server at `url`. */
async function runCalls(program: string, url: string, calls: readonly Call[]): Promise<Map<string, Answer>> {
  const text = await new Promise<string>((resolve, reject) => {
    const child = execFile(program, { maxBuffer: 256 * 2 ** 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(stderr, { cause: error }))
    })
    child.stdin?.end(JSON.stringify({ url, calls }))
  })
  const answers = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Answer)
  return new Map(answers.map((answer) => [answer.name, answer]))
}

/** Values may differ in the last digits. */
const rounded = (value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(9)) : value

/**
 * Servers return series and streams in any order, and Grafana sorts lines itself. The id of a line is that of the
 * server. A note of Prometheus on a query takes the place of an empty frame.
 */
function shownFrames({ frames = [] }: Answer): string[] {
  return frames
    .filter(({ data: { values } }) => values.some((column) => column.length > 0))
    .map(({ schema, data }) => {
      const fields = schema.fields.flatMap((field, at) => (field.name === 'id' ? [] : [{ ...field, at }]))
      const rows = (data.values[0] ?? []).map((_, row) =>
        JSON.stringify(fields.map(({ at }) => rounded(data.values[at]?.[row]))),
      )
      const columns = fields.map(({ name, labels }) => [
        name,
        Object.entries(labels ?? {}).sort(([one], [other]) => (one < other ? -1 : 1)),
      ])
      return JSON.stringify([
        schema.name,
        columns,
        schema.fields.some(({ name }) => name === '__labels' || name === 'labels') ? rows.sort() : rows,
      ])
    })
    .sort()
}

const shownBody = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && 'data' in body && Array.isArray(body.data)
    ? body.data.map((each) => JSON.stringify(each)).sort()
    : body

function differences(calls: readonly Call[], actual: Map<string, Answer>, expected: Map<string, Answer>): string[] {
  return calls.flatMap(({ name }) => {
    const [one, other] = [actual.get(name)!, expected.get(name)!]
    const shown = [one, other].map((answer) =>
      JSON.stringify([answer.status, answer.status < 300, shownFrames(answer), shownBody(answer.body)]),
    )
    return shown[0] === shown[1] ? [] : [[name, one.message, ...shown].join('\n  ').slice(0, 1500)]
  })
}

test('the Prometheus datasource of Grafana makes the frames of a real Prometheus', async ({ skip }) => {
  const [program, found] = [await installGrafanaDatasource(), findPrometheusGo()]
  if (program.path === undefined || found.path === undefined) return skip('there is no Prometheus 3 or no datasource')
  const start = 1_700_000_000_000
  await using prometheus = await startPrometheus(found.path)
  for (const body of writeRequests(testSeries(start))) {
    const headers = {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    }
    const stored = await fetch(`${prometheus.url}/api/v1/write`, {
      method: 'POST',
      headers,
      body: snappyCompress(body),
    })
    expect(stored.ok).toBe(true)
  }
  const api = await startStored()
  await api.addBatch(toEventBatch(pointEvents(testSeries(start))), start)
  const range = { from: start + 600_000, to: start + 2_700_000, interval: 15_000, points: 140 }
  const forms = [
    { range: true },
    { instant: true },
    { instant: true, format: 'table' },
    { range: true, legendFormat: '{{job}} {{instance}}', intervalFactor: 2 },
    { range: true, interval: '1m', format: 'heatmap' },
  ]
  const written = [
    'rate(http_requests_total[$__rate_interval])',
    'sum by (job) (increase(http_requests_total[$__range]))',
  ]
  const queries = [...written, ...generatedPromql(31, 60)].map((expr, at): Call => {
    const form = forms[at % forms.length]!
    return { name: `${JSON.stringify(form)} ${expr}`, kind: 'query', model: { refId: 'A', expr, ...form }, ...range }
  })
  const span = `start=${range.from / 1000}&end=${range.to / 1000}`
  const resource = (path: string, query: string, method = 'GET'): Call => ({
    name: `${method} ${path}?${query}`,
    kind: 'resource',
    path,
    query,
    method,
  })
  const calls: readonly Call[] = [
    ...queries,
    resource('api/v1/labels', span, 'POST'),
    resource('api/v1/labels', `${span}&match[]=http_requests_total`, 'POST'),
    resource('api/v1/label/__name__/values', span),
    resource('api/v1/label/job/values', `${span}&match[]=http_requests_total`),
    resource('api/v1/series', `${span}&match[]=http_requests_total`),
    resource('api/v1/query_exemplars', `${span}&query=http_requests_total`),
  ]
  const health: Call = { name: 'health', kind: 'health' }
  const [actual, expected] = await Promise.all([
    runCalls(program.path, `${api.url}/prometheus`, [health, ...calls]),
    runCalls(program.path, prometheus.url, [health, ...calls]),
  ])
  expect(actual.get('health')).toMatchObject({ status: 1, message: expected.get('health')?.message })
  expect(differences(calls, actual, expected).join('\n\n')).toBe('')
  expect([...actual.values()].filter(({ frames = [] }) => frames.length > 0).length).toBeGreaterThan(40)
}, 300_000)

test('Grafana makes the frames of a real Loki of the requests that its datasource sends', async ({ skip }) => {
  const [program, found] = [await installGrafanaDatasource(), findLoki()]
  if (program.path === undefined || found.path === undefined) return skip('there is no Loki or no datasource')
  const folder = await mkdtemp(join(tmpdir(), 'weir-loki-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await using loki = await startLoki(found.path, folder)
  const start = Math.floor(Date.now() / 60_000) * 60_000 - 30 * 60_000
  const lines = testLines(start, 600, 6)
  const headers = { 'X-Scope-OrgID': 'netobserv', 'X-Loki-Response-Encoding-Flags': 'categorize-labels' }
  const pushed = await fetch(`${loki.url}/loki/api/v1/push`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: pushBody(lines),
  })
  expect(pushed.ok).toBe(true)
  const api = await startStored()
  await api.addBatch(logBatch(lines), start)
  const ns = (seconds: number): string => `${start + seconds * 1000}000000`
  const call = (path: string, parameters: Readonly<Record<string, string>>): Call => {
    const query = new URLSearchParams(parameters).toString()
    return { name: `${path} ${JSON.stringify(parameters)}`, kind: 'loki', path: `/loki/api/v1/${path}`, query, headers }
  }
  const calls = [
    call('query', { query: 'vector(1)+vector(1)', direction: 'backward', time: '4000000000' }),
    ...generatedLogql(33, 60).flatMap((query) => [
      call('query_range', { query, direction: 'backward', limit: '1000', start: ns(60), end: ns(420), step: '5000ms' }),
      call('query', { query, direction: 'backward', limit: '1000', time: ns(400) }),
    ]),
  ]
  const [actual, expected] = await Promise.all([
    runCalls(program.path, api.url, calls),
    runCalls(program.path, loki.url, calls),
  ])
  expect(differences(calls, actual, expected).join('\n\n')).toBe('')
  expect([...actual.values()].filter(({ frames = [] }) => frames.length > 0).length).toBeGreaterThan(60)
}, 300_000)
