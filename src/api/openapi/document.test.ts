import { expect, test } from 'vitest'
import { start } from '../testing/kit.ts'

interface Document {
  openapi: string
  info: { version: string }
  paths: Record<
    string,
    Record<
      string,
      {
        operationId: string
        summary: string
        responses: Record<string, unknown>
        parameters: { name: string; in: string; schema: unknown }[]
      }
    >
  >
  components: { schemas: Record<string, unknown> }
}

async function description(): Promise<Document> {
  const { api } = await start()
  return (await (await fetch(`${api.url}/api/v1/openapi.json`)).json()) as Document
}

test('describes exactly the paths of the API', async () => {
  const { paths } = await description()
  const listed = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(listed.sort()).toEqual([
    'DELETE /api/v1/alerts/{name}',
    'DELETE /api/v1/alerts/{name}/silences/{id}',
    'DELETE /api/v1/incidents/{id}',
    'DELETE /api/v1/saved/{id}',
    'GET /api/v1/alerts',
    'GET /api/v1/alerts/history',
    'GET /api/v1/audit',
    'GET /api/v1/audit/columns',
    'GET /api/v1/audit/first-seen',
    'GET /api/v1/audit/logins',
    'GET /api/v1/audit/newest',
    'GET /api/v1/audit/one',
    'GET /api/v1/audit/query',
    'GET /api/v1/audit/sums',
    'GET /api/v1/changes',
    'GET /api/v1/changes/gaps',
    'GET /api/v1/changes/one',
    'GET /api/v1/changes/sums',
    'GET /api/v1/clusters',
    'GET /api/v1/conversations',
    'GET /api/v1/dashboards',
    'GET /api/v1/dead-letters',
    'GET /api/v1/dead-letters/reasons',
    'GET /api/v1/dead-letters/{id}',
    'GET /api/v1/events',
    'GET /api/v1/events/context',
    'GET /api/v1/events/export',
    'GET /api/v1/events/fields',
    'GET /api/v1/events/one',
    'GET /api/v1/events/series',
    'GET /api/v1/events/sums',
    'GET /api/v1/export',
    'GET /api/v1/exporters',
    'GET /api/v1/exporters/recipes',
    'GET /api/v1/facts',
    'GET /api/v1/fields',
    'GET /api/v1/flaws',
    'GET /api/v1/flows',
    'GET /api/v1/flows/distinct',
    'GET /api/v1/graph',
    'GET /api/v1/graph/paths',
    'GET /api/v1/health',
    'GET /api/v1/home',
    'GET /api/v1/images',
    'GET /api/v1/images/diff',
    'GET /api/v1/incidents',
    'GET /api/v1/incidents/{id}',
    'GET /api/v1/incidents/{id}/export',
    'GET /api/v1/incidents/{id}/history',
    'GET /api/v1/inventory',
    'GET /api/v1/inventory/diff',
    'GET /api/v1/inventory/facets',
    'GET /api/v1/inventory/one',
    'GET /api/v1/investigate',
    'GET /api/v1/investigate/moments',
    'GET /api/v1/ledger',
    'GET /api/v1/live',
    'GET /api/v1/login',
    'GET /api/v1/login/oidc',
    'GET /api/v1/login/oidc/callback',
    'GET /api/v1/marks',
    'GET /api/v1/me',
    'GET /api/v1/openapi.json',
    'GET /api/v1/packages',
    'GET /api/v1/pipeline',
    'GET /api/v1/problems',
    'GET /api/v1/problems/sums',
    'GET /api/v1/queries',
    'GET /api/v1/quick-filters',
    'GET /api/v1/resources',
    'GET /api/v1/resources/one',
    'GET /api/v1/saved',
    'GET /api/v1/saved/{id}',
    'GET /api/v1/series',
    'GET /api/v1/spend',
    'GET /api/v1/spend/export',
    'GET /api/v1/spend/forecast',
    'GET /api/v1/spend/movers',
    'GET /api/v1/spend/tags',
    'GET /api/v1/tap',
    'GET /api/v1/topology',
    'GET /api/v1/transfers',
    'GET /api/v1/why',
    'GET /api/v1/why/levels',
    'GET /loki/api/v1/detected_field/{name}/values',
    'GET /loki/api/v1/detected_fields',
    'GET /loki/api/v1/detected_labels',
    'GET /loki/api/v1/drilldown-limits',
    'GET /loki/api/v1/format_query',
    'GET /loki/api/v1/index/stats',
    'GET /loki/api/v1/index/volume',
    'GET /loki/api/v1/index/volume_range',
    'GET /loki/api/v1/label/{name}/values',
    'GET /loki/api/v1/labels',
    'GET /loki/api/v1/patterns',
    'GET /loki/api/v1/query',
    'GET /loki/api/v1/query_range',
    'GET /loki/api/v1/rules',
    'GET /loki/api/v1/series',
    'GET /loki/api/v1/status/buildinfo',
    'GET /loki/api/v1/tail',
    'GET /prometheus/api/v1/alertmanagers',
    'GET /prometheus/api/v1/alerts',
    'GET /prometheus/api/v1/format_query',
    'GET /prometheus/api/v1/label/{name}/values',
    'GET /prometheus/api/v1/labels',
    'GET /prometheus/api/v1/metadata',
    'GET /prometheus/api/v1/parse_query',
    'GET /prometheus/api/v1/query',
    'GET /prometheus/api/v1/query_exemplars',
    'GET /prometheus/api/v1/query_range',
    'GET /prometheus/api/v1/rules',
    'GET /prometheus/api/v1/scrape_pools',
    'GET /prometheus/api/v1/series',
    'GET /prometheus/api/v1/status/buildinfo',
    'GET /prometheus/api/v1/status/config',
    'GET /prometheus/api/v1/status/flags',
    'GET /prometheus/api/v1/status/runtimeinfo',
    'GET /prometheus/api/v1/status/tsdb',
    'GET /prometheus/api/v1/status/walreplay',
    'GET /prometheus/api/v1/targets',
    'GET /prometheus/api/v1/targets/metadata',
    'GET /prometheus/federate',
    'OPTIONS /events',
    'POST /api/v1/alerts/preview',
    'POST /api/v1/alerts/{name}/send-test',
    'POST /api/v1/alerts/{name}/silences',
    'POST /api/v1/alerts/{name}/test',
    'POST /api/v1/complete',
    'POST /api/v1/dashboards/import',
    'POST /api/v1/dead-letters/{sink}/drop',
    'POST /api/v1/dead-letters/{sink}/edit',
    'POST /api/v1/dead-letters/{sink}/retry',
    'POST /api/v1/import',
    'POST /api/v1/live',
    'POST /api/v1/login',
    'POST /api/v1/logout',
    'POST /api/v1/reload',
    'POST /api/v1/sinks/{sink}/forget',
    'POST /api/v1/sql',
    'POST /api/v1/validate',
    'POST /events',
    'POST /loki/api/v1/detected_field/{name}/values',
    'POST /loki/api/v1/detected_fields',
    'POST /loki/api/v1/detected_labels',
    'POST /loki/api/v1/drilldown-limits',
    'POST /loki/api/v1/format_query',
    'POST /loki/api/v1/index/stats',
    'POST /loki/api/v1/index/volume',
    'POST /loki/api/v1/index/volume_range',
    'POST /loki/api/v1/label/{name}/values',
    'POST /loki/api/v1/labels',
    'POST /loki/api/v1/patterns',
    'POST /loki/api/v1/query',
    'POST /loki/api/v1/query_range',
    'POST /loki/api/v1/rules',
    'POST /loki/api/v1/series',
    'POST /loki/api/v1/status/buildinfo',
    'POST /mcp',
    'POST /prometheus/api/v1/format_query',
    'POST /prometheus/api/v1/labels',
    'POST /prometheus/api/v1/parse_query',
    'POST /prometheus/api/v1/query',
    'POST /prometheus/api/v1/query_exemplars',
    'POST /prometheus/api/v1/query_range',
    'POST /prometheus/api/v1/series',
    'PUT /api/v1/alerts/{name}',
    'PUT /api/v1/images/{digest}/sbom',
    'PUT /api/v1/incidents/{id}',
    'PUT /api/v1/live/{sid}',
    'PUT /api/v1/saved/{id}',
  ])
})

test('every reference resolves; every operation has a unique id, a response and its path parameters', async () => {
  const document = await description()
  expect(document.openapi).toBe('3.1.0')
  const references: string[] = []
  JSON.stringify(document, (key, value: unknown) => {
    if (key === '$ref') references.push(value as string)
    return value
  })
  expect(references.length).toBeGreaterThan(10)
  for (const reference of references) {
    const found = reference
      .replace(/^#\//, '')
      .split('/')
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document)
    expect(found, reference).toBeTypeOf('object')
  }
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, ...operation })),
  )
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
  for (const { path, summary, responses, parameters } of operations) {
    expect(summary.length, path).toBeGreaterThan(5)
    expect(Object.keys(responses), path).toContain('200')
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    expect(
      parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name),
      path,
    ).toEqual(inPath)
  }
})

test('every operation describes the statuses that precede its handler', async () => {
  const { paths } = await description()
  const lacking = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { responses }]) =>
      [400, 403, 408, 431, ...(['get', 'options'].includes(method) ? [] : [413, 415])]
        .filter((status) => responses[status] === undefined)
        .map((status) => `${method} ${path} ${status}`),
    ),
  )
  expect(lacking).toEqual([])
})

test('the description of a request is the schema that the server checks', async () => {
  const document = (await description()) as unknown as {
    paths: Record<
      string,
      Record<
        string,
        {
          requestBody?: {
            required: boolean
            content: Record<
              string,
              { schema: { required?: string[]; properties: Record<string, { enum?: string[] }> } }
            >
          }
        }
      >
    >
  }
  const sql = document.paths['/api/v1/sql']?.['post']?.requestBody
  expect(sql?.required).toBe(true)
  expect(sql?.content['application/json']?.schema.required).toEqual(['sql'])
  expect(sql?.content['application/json']?.schema.properties['format']?.enum).toEqual([
    'json',
    'ndjson',
    'csv',
    'table',
  ])
  expect(document.paths['/api/v1/dead-letters/{sink}/retry']?.['post']?.requestBody?.required).toBe(false)
  expect(Object.keys(document.paths['/events']?.['post']?.requestBody?.content ?? {})).toEqual([
    'application/cloudevents+json',
    'application/cloudevents-batch+json',
    'application/cloudevents+protobuf',
    'application/cloudevents-batch+protobuf',
    '*/*',
  ])
})
