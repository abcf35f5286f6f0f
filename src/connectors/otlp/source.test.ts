import { gzipSync } from 'node:zlib'
import { Metadata } from '@grpc/grpc-js'
import { expect, onTestFinished, test } from 'vitest'
import { QueryScene } from '../../../test/kit/query-scene.ts'
import { partialSuccess, rpcStatus } from '../../codecs/otlp/index.ts'
import { ProtoWriter } from '../../codecs/proto-writer/index.ts'
import { realHost } from '../../host/index.ts'
import type { PointData } from '../../model/points.ts'
import { openGrpcClient } from '../../net/grpc-client.ts'
import { configFrom } from '../../schema/index.ts'
import { otlpSourceSchema } from './config.ts'
import { openOtlp } from './source.ts'

const token = 'correct-horse-battery'

async function start(written: Readonly<{ token?: string; max_body?: string }> = {}) {
  const scene = new QueryScene('otel', 1000)
  const config = configFrom(otlpSourceSchema, { listen: '127.0.0.1:0', grpc: '127.0.0.1:0', ...written })
  const host = realHost()
  const source = await openOtlp(config, { ...scene.context(), host })
  const abort = new AbortController()
  const done = source.run(abort.signal)
  const [http = '', grpc = ''] = source.addresses
  const client = openGrpcClient(grpc, { port: 4317, tls: undefined, compressed: true })
  onTestFinished(async () => {
    client.close()
    abort.abort()
    await done
  })
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${http}/v1/${path}`, {
      method: 'POST',
      body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    })
  const call = async (service: string, body: Uint8Array, authorization?: string) => {
    const metadata = new Metadata()
    if (authorization !== undefined) metadata.set('authorization', authorization)
    const deadline = realHost().clock.now() + 30_000
    const method = `/opentelemetry.proto.collector.${service}/Export`
    return client.call({ method, body, metadata, deadline, signal: new AbortController().signal })
  }
  const bodies = (): unknown[] => scene.events.map(({ data }) => JSON.parse(new TextDecoder().decode(data)) as unknown)
  return { scene, source, post, call, bodies, memory: host.memory }
}

const resource = {
  attributes: [
    { key: 'service.name', value: { stringValue: 'shop' } },
    { key: 'service.instance.id', value: { stringValue: 'a1' } },
  ],
}
const labels = { service_name: 'shop', service_instance_id: 'a1', job: 'shop', instance: 'a1' }
const metrics = (...list: readonly unknown[]) => ({
  resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: 'app' }, metrics: list }] }],
})
const time = { timeUnixNano: '1700000000123456789' }

function within(writer: ProtoWriter, fields: readonly number[], act: () => void): void {
  const starts = fields.map((field) => writer.begin(field))
  act()
  for (const start of starts.reverse()) writer.end(start)
}

/** A gauge `ratio` without attributes, with points of these values; undefined: no value. */
function gauge(...values: readonly (number | undefined)[]): Uint8Array {
  const writer = new ProtoWriter()
  within(writer, [1, 2, 2], () => {
    writer.text(1, 'ratio')
    within(writer, [5], () => {
      for (const value of values)
        within(writer, [1], () => {
          writer.fixed64(3, 1_000_000, 0)
          if (value !== undefined) writer.double(4, value)
        })
    })
  })
  return writer.finish()
}

test('sums and gauges keep integers, special values, temporality and attributes', async () => {
  const { post, bodies, scene } = await start()
  const point = { ...time, attributes: [{ key: 'http.method', value: { stringValue: 'GET' } }] }
  const answer = await post(
    'metrics',
    metrics(
      {
        name: 'http.requests',
        unit: '{request}',
        sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ ...point, asInt: '9007199254740993' }] },
      },
      { name: 'queue', sum: { aggregationTemporality: 2, dataPoints: [{ ...time, asDouble: 'NaN' }] } },
      { name: 'hits', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ ...time, asInt: 3 }] } },
      { name: 'gone', gauge: { dataPoints: [{ ...time, flags: 1, exemplars: [{}] }] } },
    ),
  )
  expect([answer.status, await answer.json()]).toEqual([200, {}])
  const all = { ...labels, otel_scope_name: 'app' }
  expect(bodies()).toEqual([
    {
      name: 'http_requests',
      labels: { ...all, http_method: 'GET' },
      fields: { value: expect.any(Number) as number },
      kind: 'counter',
      unit: '{request}',
    },
    { name: 'queue', labels: all, fields: {}, special: { value: 'NaN' }, kind: 'gauge' },
    { name: 'hits', labels: all, fields: { delta: 3 } },
    { name: 'gone', labels: all, fields: {}, special: { value: 'stale' }, kind: 'gauge' },
  ])
  expect(new TextDecoder().decode(scene.events[0]?.data)).toContain('"value":9007199254740993')
  expect(scene.events[0]?.time).toBe(1_700_000_000_123)
  expect(scene.shed).toEqual({ exemplar: 1 })
})

test('the description of a metric is beside one of its samples, and a repeated request has the same ids', async () => {
  const { post, scene } = await start()
  const described = { name: 'jobs', description: 'Jobs run.', unit: '1' }
  const sum = {
    aggregationTemporality: 2,
    isMonotonic: true,
    dataPoints: [
      { ...time, asInt: 1 },
      { ...time, asInt: 2 },
    ],
  }
  const request = metrics({ ...described, sum })
  const writer = new ProtoWriter()
  within(writer, [1, 2, 2], () => {
    writer.text(1, 'share')
    writer.text(2, 'Share of jobs.')
    within(writer, [5, 1], () => {
      writer.fixed64(3, 1_000_000, 0)
      writer.double(4, 0.5)
    })
  })
  for (const body of [request, request]) await post('metrics', body)
  await post('metrics', writer.finish(), { 'content-type': 'application/x-protobuf' })
  const found = scene.events.map(({ id, data }) => {
    const { name, help } = JSON.parse(new TextDecoder().decode(data)) as PointData
    return { id, name, help }
  })
  expect(found.map(({ name, help }) => [name, help])).toEqual([
    ['jobs', 'Jobs run.'],
    ...Array.from({ length: 3 }, () => ['jobs', undefined]),
    ['share', 'Share of jobs.'],
  ])
  expect([found[0]?.id, found[1]?.id]).toEqual([found[2]?.id, found[3]?.id])
})

test('histograms become cumulative buckets, and summaries quantiles', async () => {
  const { post, bodies } = await start()
  const series = () =>
    (bodies() as PointData[]).map(({ name, labels: of, fields }) => [name, of?.['le'] ?? of?.['quantile'], fields])
  await post(
    'metrics',
    metrics(
      {
        name: 'took',
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [
            { ...time, count: '6', sum: 9.5, max: 4, bucketCounts: ['1', '2', '3'], explicitBounds: [1, 2] },
          ],
        },
      },
      {
        name: 'size',
        exponentialHistogram: {
          aggregationTemporality: 1,
          dataPoints: [
            {
              ...time,
              count: '10',
              sum: 1,
              scale: 0,
              zeroCount: '1',
              positive: { offset: 1, bucketCounts: ['2', '3'] },
              negative: { offset: 0, bucketCounts: ['4'] },
            },
          ],
        },
      },
      {
        name: 'rpc',
        summary: { dataPoints: [{ ...time, count: 2, sum: 3, quantileValues: [{ quantile: 0.5, value: 1 }] }] },
      },
    ),
  )
  expect(series()).toEqual([
    ['took', undefined, { count: 6, sum: 9.5, max: 4 }],
    ['took_bucket', '1', { value: 1 }],
    ['took_bucket', '2', { value: 3 }],
    ['took_bucket', '+Inf', { value: 6 }],
    ['size', undefined, { count_delta: 10, sum_delta: 1 }],
    ['size_bucket', '-2', { delta: 0 }],
    ['size_bucket', '-1', { delta: 4 }],
    ['size_bucket', '0', { delta: 5 }],
    ['size_bucket', '2', { delta: 5 }],
    ['size_bucket', '4', { delta: 7 }],
    ['size_bucket', '8', { delta: 10 }],
    ['size_bucket', '+Inf', { delta: 10 }],
    ['rpc', undefined, { count: 2, sum: 3 }],
    ['rpc', '0.5', { value: 1 }],
  ])
})

test('log records have severity, trace, attributes and a text of any body', async () => {
  const { post, scene, bodies } = await start()
  const body = {
    resourceLogs: [
      {
        resource,
        scopeLogs: [
          {
            logRecords: [
              {
                observedTimeUnixNano: '1700000000000000000',
                severityNumber: 18,
                body: { stringValue: 'failed' },
                traceId: '5B8EFFF798038103D269B633813FC60C',
                spanId: '0000000000000000',
                attributes: [{ key: 'user.id', value: { intValue: '7' } }],
              },
              {
                body: {
                  kvlistValue: { values: [{ key: 'n', value: { arrayValue: { values: [{ boolValue: true }] } } }] },
                },
              },
            ],
          },
        ],
      },
    ],
  }
  expect((await post('logs', gzipSync(JSON.stringify(body)), { 'content-encoding': 'gzip' })).status).toBe(200)
  expect((await post('logs', body)).status).toBe(200)
  expect(bodies().slice(0, 2)).toEqual([
    {
      line: 'failed',
      labels,
      metadata: { user_id: '7' },
      severity: 'error',
      trace: '5b8efff798038103d269b633813fc60c',
    },
    { line: '{"n":[true]}', labels, arrival: true },
  ])
  expect(scene.events[0]?.time).toBe(1_700_000_000_000)
  expect(scene.ids.slice(0, 2)).toEqual(scene.ids.slice(2))
})

test('JSON of protobuf has names of severities and fields, and ids as base64', async () => {
  const { post, bodies } = await start()
  const record = (fields: object) => ({
    resource_logs: [{ resource, scope_logs: [{ log_records: [{ ...fields, body: { string_value: 'x' } }] }] }],
  })
  const sent = [
    {
      severity_number: 'SEVERITY_NUMBER_ERROR',
      time_unix_nano: time.timeUnixNano,
      trace_id: 'W47/95gDgQPSabYzgT/GDA==',
    },
    { severityNumber: 'SEVERITY_NUMBER_WARN3', spanId: '7uFxkvRMbwQ=' },
    { severityNumber: 'SEVERITY_NUMBER_UNSPECIFIED', traceId: 'abc1', spanId: '1234567890abcdef' },
  ]
  for (const fields of sent) expect((await post('logs', record(fields))).status).toBe(200)
  expect(bodies()).toEqual([
    { line: 'x', labels, severity: 'error', trace: '5b8efff798038103d269b633813fc60c', nanos: 456_789 },
    { line: 'x', labels, severity: 'warn', span: 'eee17192f44c6f04', arrival: true },
    { line: 'x', labels, metadata: { trace_id: 'abc1' }, span: '1234567890abcdef', arrival: true },
  ])
  const point = {
    time_unix_nano: time.timeUnixNano,
    as_int: '3',
    attributes: [{ key: 'a_b', value: { int_value: 1 } }],
  }
  const sum = {
    aggregation_temporality: 'AGGREGATION_TEMPORALITY_CUMULATIVE',
    is_monotonic: true,
    data_points: [point],
  }
  const scopes = [{ metrics: [{ name: 'hits', sum }] }]
  expect((await post('metrics', { resource_metrics: [{ resource, scope_metrics: scopes }] })).status).toBe(200)
  expect(bodies().at(-1)).toMatchObject({ name: 'hits', kind: 'counter', labels: { a_b: '1' }, fields: { value: 3 } })
})

test('invalid points are counted and reported, the others stored, over each protocol', async () => {
  const { post, call, bodies, scene } = await start()
  const wrong = {
    name: 'bad',
    histogram: { aggregationTemporality: 2, dataPoints: [{ ...time, bucketCounts: [1], explicitBounds: [1] }] },
  }
  const good = { name: 'good', gauge: { dataPoints: [{ ...time, asInt: 1 }] } }
  expect(await (await post('metrics', metrics(wrong, good))).json()).toEqual({
    partialSuccess: { rejectedDataPoints: '1', errorMessage: 'bad: a histogram has the wrong number of buckets' },
  })
  const message = 'ratio: a data point has no value'
  const answer = await post('metrics', gauge(0.5, undefined), { 'content-type': 'application/x-protobuf' })
  expect(answer.headers.get('content-type')).toBe('application/x-protobuf')
  expect(partialSuccess(new Uint8Array(await answer.arrayBuffer()))).toEqual({ rejected: 1, message })
  const over = await call('metrics.v1.MetricsService', gauge(undefined, Infinity))
  expect(over instanceof Error ? over : partialSuccess(over)).toEqual({ rejected: 1, message })
  expect((bodies() as PointData[]).map(({ name, fields, special }) => [name, fields, special])).toEqual([
    ['good', { value: 1 }, undefined],
    ['ratio', { value: 0.5 }, undefined],
    ['ratio', {}, { value: '+Inf' }],
  ])
  expect(scene.shed).toEqual({ invalid_point: 3 })
})

test('refusals have the status of the specification and a body in the type of the request', async () => {
  const { post, call, source, bodies } = await start({ token, max_body: '64KiB' })
  const authorization = `Bearer ${token}`
  const protobuf = { authorization, 'content-type': 'application/x-protobuf' }
  const malformed = await post('metrics', new Uint8Array([10, 255]), protobuf)
  const answers = [
    malformed,
    await post('logs', { resourceLogs: [] }),
    await post('logs', { resourceLogs: {} }, { authorization }),
    await post('logs', new TextEncoder().encode(`{"resourceLogs":${'['.repeat(20_000)}`), {
      authorization,
      'content-type': 'application/json',
    }),
    await post('logs', 'x', { authorization, 'content-type': 'text/plain' }),
    await post('logs', new Uint8Array(70_000), protobuf),
    await post('traces', {}, { authorization }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([400, 401, 400, 400, 415, 413, 404])
  expect(rpcStatus(new Uint8Array(await malformed.arrayBuffer()))?.message).toMatch(/^The request is malformed: /)
  expect(await answers[2]!.json()).toEqual({ message: 'The request is malformed: `resourceLogs` is no list.' })
  expect(await answers[3]!.json()).toEqual({
    message: 'The request is malformed: the JSON nests deeper than 200 levels.',
  })
  const codes = [
    await call('metrics.v1.MetricsService', gauge(1)),
    await call('metrics.v1.MetricsService', new Uint8Array([10, 255]), authorization),
    await call('metrics.v1.MetricsService', new Uint8Array(70_000), authorization),
    await call('trace.v1.TraceService', gauge(1), authorization),
  ].map((answer) => (answer instanceof Error && 'code' in answer ? answer.code : 'accepted'))
  expect(codes).toEqual([16, 3, 8, 12])
  expect(bodies()).toEqual([])
  expect(source.status().refused).toEqual({ unreadable: 4, unauthorized: 2, wrong_request: 2, too_large: 2 })
})

test('a body that expands to millions of empty messages makes no rows and is answered', async () => {
  const { post, call, bodies, memory } = await start()
  const empty = Buffer.alloc(1_000_000, Buffer.from([10, 0]))
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' }
  expect((await post('logs', gzipSync(empty), headers)).status).toBe(200)
  expect(
    (
      await post('metrics', gzipSync(`{"resourceMetrics":[${'{},'.repeat(200_000)}{}]}`), {
        'content-encoding': 'gzip',
      })
    ).status,
  ).toBe(200)
  expect(await call('logs.v1.LogsService', empty)).toHaveLength(0)
  expect(bodies()).toEqual([])
  expect(memory.used).toBe(0)
})

test('a record with too many values and one with invalid UTF-8 cost no other record', async () => {
  const { post, bodies, scene } = await start()
  const writer = new ProtoWriter()
  within(writer, [1, 2], () => {
    within(writer, [2], () => {
      for (let count = 0; count < 30_000; count++) within(writer, [6], () => {})
    })
    within(writer, [2, 5], () => writer.bytes(1, Uint8Array.of(255, 254)))
    within(writer, [2, 5], () => writer.text(1, 'good'))
  })
  const answer = await post('logs', writer.finish(), { 'content-type': 'application/x-protobuf' })
  expect([answer.status, partialSuccess(new Uint8Array(await answer.arrayBuffer()))]).toEqual([
    200,
    { rejected: 2, message: 'a log record: it has more than 20000 values' },
  ])
  expect(bodies()).toEqual([{ line: 'good', arrival: true }])
  expect(scene.shed).toEqual({ invalid_record: 2 })
})

test('labels beyond the bounds reject their rows only, over each protocol', async () => {
  const { post, call, bodies, scene } = await start()
  const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })
  const point = (...attributes: readonly unknown[]) => ({
    name: 'queue',
    gauge: { dataPoints: [{ ...time, asInt: 1, attributes }] },
  })
  const many = Array.from({ length: 98 }, (_, index) => attribute(`label${index}`, 'x'))
  const answer = await post(
    'metrics',
    metrics(point(attribute('a', 'x'.repeat(2049))), point(...many), point(attribute('a', 'é'.repeat(1024)))),
  )
  expect(await answer.json()).toEqual({
    partialSuccess: {
      rejectedDataPoints: '2',
      errorMessage: 'queue: the value of label a has 2049 bytes, more than 2048 (`max_label_value`)',
    },
  })
  const records = { logRecords: [{ body: { stringValue: 'x'.repeat(5000) } }] }
  const long = { attributes: [attribute('n'.repeat(1025), 'x')] }
  const logs = { resourceLogs: [{ scopeLogs: [records], resource: long }, { scopeLogs: [records] }] }
  expect(await (await post('logs', logs)).json()).toMatchObject({ partialSuccess: { rejectedLogRecords: '1' } })
  expect(bodies()).toHaveLength(2)
  expect(scene.shed).toEqual({ label_value_too_long: 1, too_many_labels: 1, label_name_too_long: 1 })
  const writer = new ProtoWriter()
  within(writer, [1], () => {
    within(writer, [1, 1], () => {
      writer.text(1, 'a')
      within(writer, [2], () => writer.text(1, 'x'.repeat(2049)))
    })
    within(writer, [2, 2], () => writer.int(2, 1))
  })
  const over = await call('logs.v1.LogsService', writer.finish())
  expect(over instanceof Error ? over : partialSuccess(over)?.rejected).toBe(1)
})

test('a request is refused while others use the memory for decoding, with the delay of the specification', async () => {
  const { post, call, memory, source } = await start()
  const lease = memory.reserve(7 * (memory.capacity >> 3))
  const others = Array.from({ length: memory.capacity >> 23 }, () => memory.reserve(1 << 20))
  const answer = await post('metrics', gauge(1), { 'content-type': 'application/x-protobuf' })
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
  const over = await call('metrics.v1.MetricsService', gauge(1))
  if (!(over instanceof Error) || !('metadata' in over)) throw new Error('accepted')
  const [details] = (over.metadata as Metadata).get('grpc-status-details-bin')
  expect(rpcStatus(details as Buffer)?.retryMs).toBe(1000)
  expect(source.status().refused).toEqual({ busy: 2 })
  for (const one of [lease, ...others]) one.release()
  expect((await post('metrics', gauge(1), { 'content-type': 'application/x-protobuf' })).status).toBe(200)
})

test('a request that exceeds the memory alone is refused for good', async () => {
  const { post, memory } = await start()
  memory.capacity = 1 << 20
  const answer = await post('logs', new Uint8Array(2 << 20), { 'content-type': 'application/x-protobuf' })
  expect(answer.status).toBe(413)
  expect(memory.used).toBe(0)
})

test('rows that exceed many times the largest body end the request', async () => {
  const { post, bodies } = await start({ max_body: '64KiB' })
  const attributes = [{ key: 'a', value: { stringValue: 'x'.repeat(2000) } }]
  const logRecords = Array.from({ length: 3000 }, () => ({}))
  const answer = await post('logs', { resourceLogs: [{ resource: { attributes }, scopeLogs: [{ logRecords }] }] })
  expect([answer.status, await answer.json()]).toEqual([
    413,
    { message: 'The rows of the request have more than 2 MiB. Send fewer rows in one request.' },
  ])
  expect(bodies().length).toBeLessThan(1000)
})
