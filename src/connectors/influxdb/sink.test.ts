import { expect, onTestFinished, test } from 'vitest'
import { eventBatch, flowBatch, numberedEvents, testContext } from '../../../test/conformance/batches.ts'
import { serveHttp } from '../../../test/kit/http-server.ts'
import type { Sink } from '../../engine/contracts.ts'
import type { WeirEvent } from '../../model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { influxdbSchema } from './config.ts'
import { sink as influxdb } from './sink.ts'

const never = new AbortController().signal

async function open(written: Partial<WrittenConfigOf<typeof influxdbSchema>>): Promise<Sink> {
  const base = { url: 'http://127.0.0.1:9', bucket: 'b', compression: 'none' } as const
  const sink = await influxdb.build(configFrom(influxdbSchema, { ...base, ...written }), testContext())
  onTestFinished(() => sink.close())
  return sink
}

const unkeyed = (count: number): WeirEvent[] => numberedEvents(count, 'n').map(({ key: _, ...event }) => event)

function event(family: 'point' | 'log' | 'event', data: string): WeirEvent {
  return { id: 'p', source: '/feed', type: 'x', family, time: 1.5, encoding: 'json', data: Buffer.from(data) }
}

async function lineOf(one: WeirEvent, written: Partial<WrittenConfigOf<typeof influxdbSchema>> = {}): Promise<string> {
  const [preview] = (await open(written)).preview?.(eventBatch([one], 't')) ?? []
  if (preview === undefined || 'problem' in preview) return `problem: ${preview?.problem ?? ''}`
  return Buffer.from(preview.body).toString().trim()
}

test('a point has its labels as sorted tags, its fields with types, and its time with microseconds', async () => {
  const data =
    '{"name":"tick","labels":{"z":"1","a":"x y"},"fields":{"price":1.5,"size":9007199254740993,"ok":true,"t":"q"}}'
  expect(await lineOf(event('point', data), { types: { size: 'int' } })).toBe(
    String.raw`tick,a=x\ y,z=1 price=1.5,size=9007199254740993i,ok=true,t="q" 1500000`,
  )
})

test.each([
  ['int', '1.5'],
  ['int', '9223372036854775808'],
  ['uint', '-1'],
  ['bool', '"maybe"'],
  ['float', '"abc"'],
] as const)('a value that is no %s (%s) is dropped, and the row with it if it has no other', async (type, value) => {
  const data = `{"name":"m","fields":{"v":${value}}}`
  expect(await lineOf(event('point', data), { types: { v: type } })).toMatch(/^problem: no field has a value/)
})

test.each([
  ['uint', '18446744073709551615', '18446744073709551615u'],
  ['int', '"42"', '42i'],
  ['float', '"1e3"', '1000'],
  ['text', '5', '"5"'],
] as const)('type %s writes %s as %s', async (type, value, written) => {
  expect(await lineOf(event('point', `{"name":"m","fields":{"v":${value}}}`), { types: { v: type } })).toBe(
    `m v=${written} 1500000`,
  )
})

test('of an event, numbers of nested objects are fields, and settings name tags and texts', async () => {
  const data = '{"symbol":"BTC","quote":{"bid":1,"ask":2},"note":"hi"}'
  expect(await lineOf(event('event', data))).toMatch(/^event quote_bid=1,quote_ask=2 1\d{6}$/)
  const written = { measurement: 'm', tags: ['symbol', 'source'], fields: ['quote_bid', 'note'] }
  expect(await lineOf(event('event', data), written)).toMatch(
    /^m,source=\/feed,symbol=BTC quote_bid=1,note="hi" 1\d{6}$/,
  )
  expect(await lineOf(event('event', '{"note":"hi"}'))).toMatch(/^problem: the row has no numeric field/)
  expect(await lineOf(event('log', '{"line":"a\\"b"}'))).toMatch(/^log line="a\\"b" 1\d{6}$/)
})

test.each([
  ['{"name":"#hash","labels":{"a":"b"},"fields":{"value":1}}', String.raw`\#hash,a=b value=1 1500000`],
  ['{"name":"a#","labels":{"#":"#"},"fields":{"#":1}}', 'a#,#=# #=1 1500000'],
  [
    '{"name":"m","labels":{"time":"x","_field":"f","_measurement":"g"},"fields":{"value":1}}',
    'm,_field_=f,_measurement_=g,time_=x value=1 1500000',
  ],
  ['{"name":"m","labels":{"time":"x","time_":"y"},"fields":{"v":1}}', 'm,time_=y,time__=x v=1 1500000'],
  ['{"name":"m","fields":{"time":1,"time_":2,"v":3}}', 'm time__=1,time_=2,v=3 1500000'],
])('names that InfluxDB loses or refuses are changed: %s', async (data, expected) => {
  expect(await lineOf(event('point', data))).toBe(expected)
})

test('members that get equal names are both written', async () => {
  const data = '{"a_b":1,"a":{"b":2},"time":3}'
  expect(await lineOf(event('event', data))).toMatch(/^event a_b=1,a_b_=2,time_=3 /)
  expect(await lineOf(event('event', '{"n":1,"time":"x"}'), { measurement: '#m', tags: ['time'] })).toMatch(
    /^\\#m,time_=x n=1 /,
  )
})

test('flows of one millisecond differ in their time', async () => {
  const { batch } = flowBatch(30, 't')
  const previews = [...((await open({})).preview?.(batch) ?? [])]
  const times = previews.map((one) => ('body' in one ? Buffer.from(one.body).toString().split(' ').at(-1) : ''))
  expect(new Set(times).size).toBe(30)
  expect('body' in previews[3]! ? Buffer.from(previews[3].body).toString() : '').toMatch(
    /^flow src_port=3i,bytes=600i /,
  )
})

test('a refused request is sent in halves until the line at fault is found', async () => {
  const stored = new Set<string>()
  const { url, seen } = await serveHttp((response, { body }) => {
    const lines = body.trim().split('\n')
    for (const line of lines) if (!line.includes('number=7 ')) stored.add(line)
    const isBad = body.includes('number=7 ')
    response.writeHead(isBad ? 422 : 204).end(isBad ? '{"code":"unprocessable entity","message":"1 rejected"}' : '')
  })
  const sink = await open({ url, token: 'abc', org: 'o' })
  expect(await sink.send(eventBatch(unkeyed(64), 't'), never)).toEqual([
    { index: 7, is: 'reject', reason: `${url}: HTTP 422: 1 rejected` },
  ])
  expect(stored.size).toBe(63)
  expect(seen.length).toBeLessThan(16)
  expect(seen[0]).toMatchObject({
    path: '/api/v2/write?org=o&bucket=b&precision=ns',
    headers: { authorization: 'Token abc' },
  })
})

test.each([
  [413, 'reject', undefined],
  [503, 'retry', 10_000],
  [429, 'retry', 10_000],
  [401, 'retry', undefined],
  [404, 'retry', undefined],
] as const)('HTTP %i: %s', async (status, is, afterMs) => {
  const { url } = await serveHttp((response) => response.writeHead(status, { 'retry-after': '10' }).end('no'))
  const sink = await open({ url })
  const [failure] = await sink.send(eventBatch(unkeyed(1), 't'), never)
  expect(failure).toMatchObject({ is, ...(afterMs === undefined ? {} : { afterMs }) })
  expect((await sink.probe?.(never))?.is).toBe(is === 'retry' ? 'fail' : 'ok')
})
