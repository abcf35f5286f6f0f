import { expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { realHost } from '../../host/index.ts'
import { toEventBatch } from '../../model/events.ts'
import {
  askLoki as ask,
  logEvent as log,
  lokiStart,
  lokiTimes,
  withLines,
  type LokiResult as Result,
} from '../testing/loki.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

const start = lokiStart
const times = lokiTimes

async function lines(api: StoredApi, query: string, more: Record<string, string> = {}): Promise<Result[]> {
  const { status, result, body } = await ask(api, 'query_range', { ...times, query, direction: 'forward', ...more })
  expect(status, body.error).toBe(200)
  return result
}

async function value(api: StoredApi, query: string): Promise<unknown> {
  const { status, result } = await ask(api, 'query', { query, time: `${start + 1000}000000` })
  return status === 200 ? (result as unknown as [number, string] | Result[]) : status
}

const numberOf = async (api: StoredApi, query: string): Promise<unknown> => {
  const found = await value(api, query)
  if (!Array.isArray(found)) return found
  const [first, second] = found as unknown[]
  return typeof second === 'string' ? second : (first as Result | undefined)?.value[1]
}

test('nanoseconds are kept and give the order, and the ends of a range are exact', async () => {
  const api = await withLines(
    { line: 'third', nanos: 3 },
    { line: 'first', nanos: 1 },
    { line: 'second', nanos: 2 },
    { line: 'zero' },
  )
  const shown = ['zero', 'first', 'second', 'third'].map((line, at) => [`${start}00000${at}`, line])
  expect((await lines(api, '{a="b"}'))[0]?.values).toEqual(shown)
  const range = { start: `${start}000001`, end: `${start}000003` }
  expect((await lines(api, '{a="b"}', range))[0]?.values).toEqual(shown.slice(1, 3))
  const newest = await lines(api, '{a="b"}', { direction: 'backward', limit: '2' })
  expect(newest[0]?.values).toEqual([shown[3], shown[2]])
})

test('structured metadata does not replace a label of the stream', async () => {
  const api = await withLines({ line: 'x', metadata: { a: 'other' }, severity: 'error' })
  expect((await lines(api, '{a="b"}'))[0]?.stream).toMatchObject({ a: 'b', a_extracted: 'other' })
  expect(await lines(api, '{a="b"} | a_extracted="other" | a="b"')).toHaveLength(1)
})

test.each([
  [{ line: 'x', severity: 'error' }, 'error'],
  [{ line: 'level=warning took=1s' }, 'warn'],
  [{ line: '{"level":"ERR","n":{"level":"info"}}' }, 'error'],
  [{ line: '[Critical] disk' }, 'critical'],
  [{ line: 'x', labels: { a: 'b', level: 'dbg' } }, 'debug'],
  [{ line: 'nothing to see' }, 'unknown'],
] as const)('the level of %j is %s', async (line, level) => {
  const api = await withLines(line)
  const found = await value(api, 'sum by (detected_level) (count_over_time({a="b"} | drop __error__ [1h]))')
  expect((found as Result[])[0]?.metric).toEqual({ detected_level: level })
})

test('numbers follow Loki: division by zero, hexadecimal, signs and topk', async () => {
  const api = await withLines({ line: 'x' })
  const count = 'count_over_time({a="b"}[1h])'
  for (const [query, expected] of [
    ['1/0', 'NaN'],
    ['-1/0', 'NaN'],
    [`${count}/0`, 'NaN'],
    ['1+1--1', '3'],
    ['0x1A', 400],
    [`topk(1.5, ${count})`, 400],
    [`topk(0, ${count})`, 400],
    [`topk(1, ${count})`, '1'],
  ] as const)
    expect(await numberOf(api, query), query).toBe(expected)
})

test.each([
  ['NaN', 'NaN'],
  ['Inf', '+Inf'],
  ['-Infinity', '-Inf'],
  ['1_0', '10'],
  ['0x1p-2', '0.25'],
])('unwrap reads %s', async (written, expected) => {
  const api = await withLines({ line: `v=${written}` })
  expect(await numberOf(api, 'max_over_time({a="b"} | logfmt | unwrap v [1h])')).toBe(expected)
})

test('an address is found within the text of a label', async () => {
  const api = await withLines({ line: 'addr="client 10.0.0.7:80"' })
  expect(await lines(api, '{a="b"} | logfmt | addr = ip("10.0.0.0/8")')).toHaveLength(1)
  expect(await lines(api, '{a="b"} | logfmt | addr != ip("10.0.0.0/8")')).toHaveLength(0)
})

test('the first of repeated JSON keys counts, text after the object is ignored, and numbers keep digits', async () => {
  const api = await withLines({
    line: '{"a-b":1.0,"dup":"first","dup":"second","n":{"c-d":12345678901234567890}}" trailing',
  })
  const [found] = await lines(api, '{a="b"} | json')
  expect(found?.stream).toMatchObject({ a_b: '1.0', dup: 'first', n_c_d: '12345678901234567890' })
  expect(found?.stream).not.toHaveProperty('__error__')
  const damaged = await withLines({ line: '{"x":1,"y":' })
  expect((await lines(damaged, '{a="b"} | json'))[0]?.stream).toMatchObject({ x: '1', __error__: 'JSONParserErr' })
})

test('blank keys of JSON, error runes, and logfmt values with = or line breaks are read as by Loki', async () => {
  const api = await withLines(
    { line: '{" ":{"c":"x"},"d":"\uFFFD"}' },
    { line: 'k=a=b g="1\\t\n2" e\uFFFD=1 h=3', nanos: 1 },
  )
  const json = await lines(api, '{a="b"} | json | __error__="" | drop detected_level')
  expect(json.map(({ stream }) => stream)).toEqual([{ a: 'b', c: 'x', d: ' ' }])
  const [, logfmt] = await lines(api, '{a="b"} | logfmt | drop detected_level')
  expect(logfmt?.stream).toEqual({ a: 'b', g: '1\t\n2', h: '3' })
})

test('a line that another comparison drops does not fail the query', async () => {
  const api = await withLines({ line: 'took=2s size=500KB' }, { line: 'took=x size=9GB' })
  expect(await numberOf(api, 'count_over_time({a="b"} | logfmt | took > 1s and size < 1MB [1h])')).toBe('1')
})

test.each(['query_range', 'labels', 'label/a/values', 'series', 'index/stats', 'index/volume', 'detected_fields'])(
  'a form has the same answer as the parameters of %s',
  async (path) => {
    const api = await withLines({ line: 'level=info' })
    const parameters = { ...times, query: '{a="b"}', match: '{a="b"}' }
    const got = await ask(api, path, parameters)
    expect([got.status, JSON.stringify(got.body)]).toEqual([200, expect.stringMatching(/"(?:b|a|bytes|level)"/)])
    expect(await ask(api, path, parameters, 'POST')).toEqual(got)
  },
)

test.each(['status/buildinfo', 'rules', 'drilldown-limits'])('%s succeeds', async (path) => {
  expect((await ask(await startStored(), path, { query: '{a="b"}' })).status).toBe(200)
})

test('a query is formatted, and a wrong one is refused', async () => {
  const api = await startStored()
  const formatted = await ask(api, 'format_query', { query: '  sum(\nrate({a="b  c"}[1m]))' })
  expect((formatted.body as { data?: unknown }).data).toBe('sum( rate({a="b  c"}[1m]))')
  expect((await ask(api, 'format_query', { query: '{a=' })).status).toBe(400)
})

async function tail(api: StoredApi, query: string) {
  const now = realHost().clock.now()
  await api.addBatch(toEventBatch([log({ line: 'before', labels: { a: 'b' } }, now - 60_000)]), now - 60_000)
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/loki/api/v1/tail?query=${encodeURIComponent(query)}`)
  onTestFinished(() => socket.terminate())
  const messages: unknown[] = []
  let changed = (): void => {}
  socket.on('message', (data: Buffer) => {
    messages.push(JSON.parse(data.toString()))
    changed()
  })
  socket.on('close', () => changed())
  const change = (): Promise<void> => new Promise((resolve) => (changed = resolve))
  return { socket, messages, change }
}

test('tail sends earlier lines and then each new one once, over a websocket', async () => {
  const api = await startStored()
  const { messages, change } = await tail(api, '{a="b"}')
  await change()
  expect(messages).toMatchObject([{ streams: [{ stream: { a: 'b' }, values: [[expect.any(String), 'before']] }] }])
  const now = realHost().clock.now()
  const next = change()
  await api.addBatch(toEventBatch([log({ line: 'after', labels: { a: 'b' } }, now - 2000)]), now)
  await next
  expect(messages.slice(1)).toMatchObject([{ streams: [{ values: [[expect.any(String), 'after']] }] }])
})

test('tail closes with the reason for a query of numbers, and without a websocket it is 400', async () => {
  const api = await startStored()
  const { socket, messages } = await tail(api, 'rate({a="b"}[1m])')
  const [, reason] = await new Promise<[number, Buffer]>((resolve) =>
    socket.on('close', (code, text) => resolve([code, text])),
  )
  expect([reason.toString(), messages]).toEqual([expect.stringContaining('only label matchers'), []])
  expect((await fetch(`${api.url}/loki/api/v1/tail`)).status).toBe(400)
})

test('a field in JSON has the keys that lead to it', async () => {
  const api = await withLines({ line: '{"http":{"status-code":200},"http_status_code":1}' })
  const { body } = await ask(api, 'detected_fields', { ...times, query: '{a=~".+"}' })
  expect((body as Record<string, unknown>)['fields']).toContainEqual(
    expect.objectContaining({ label: 'http_status_code', jsonPath: ['http', 'status-code'] }),
  )
})

test('numbers and UUIDs are no detected labels, but flags and pods are', async () => {
  const id = '3b241101-e2bb-4255-8caf-4136c566a962'
  const api = await withLines({ line: 'x', labels: { a: 'web', user: '42', id, flag: '1', pod: '7' } })
  const { body } = await ask(api, 'detected_labels', { ...times, query: '{a=~".+"}' })
  const found = (body as unknown as { detectedLabels: { label: string }[] }).detectedLabels.map(({ label }) => label)
  expect(found.toSorted()).toEqual(['a', 'flag', 'pod'])
})

test('fields of parsed lines have parser, path, and the name beside a label of the stream', async () => {
  const api = await withLines({ line: '{"a":"inner","ms":4}' })
  for (const query of ['{a="b"}', '{a="b"} | json']) {
    const { body } = await ask(api, 'detected_fields', { ...times, query })
    const { fields } = body as unknown as { fields: object[] }
    expect(fields).toContainEqual(expect.objectContaining({ label: 'a_extracted', parsers: ['json'], jsonPath: ['a'] }))
    expect(fields).toContainEqual(
      expect.objectContaining({ label: 'ms', type: 'int', parsers: ['json'], jsonPath: ['ms'] }),
    )
  }
})

test('look-ups of labels take matchers only, and statistics need a query', async () => {
  const api = await withLines({ line: 'x' })
  const query = '{a="b"} |= "x"'
  for (const [path, parameters] of [
    ['labels', { query }],
    ['label/a/values', { query }],
    ['series', { 'match[]': query }],
    ['index/stats', {}],
  ] as const)
    expect((await ask(api, path, { ...times, ...parameters })).status, path).toBe(400)
})
