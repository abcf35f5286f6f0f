import { afterEach, expect, test } from 'vitest'
import type { FlowBatch } from '../../model/batches.ts'
import type { RunningApi } from '../index.ts'
import { EventStream } from '../testing/event-stream.ts'
import { start } from '../testing/kit.ts'
import { someEvents, someFlows } from '../testing/recording-control.ts'

const open: EventStream[] = []
afterEach(() => open.splice(0).forEach((stream) => stream.close()))

function put(api: RunningApi, views: readonly object[]): Promise<Response> {
  return fetch(`${api.url}/api/v1/live/session-1`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ views }),
  })
}

async function watch(api: RunningApi): Promise<EventStream> {
  const stream = await EventStream.open(`${api.url}/api/v1/live?sid=session-1`, {})
  open.push(stream)
  return stream
}

test('a view shows the flows or events that match its filter, and returns the filter in normal form', async () => {
  const { api, control } = await start({ limits: { tickMs: 20 } })
  control.publish(someFlows(6))
  control.publish(someEvents('a', 'b', 'c'), 'http')
  const answer = await put(api, [
    {
      id: 'f',
      kind: 'rows',
      q: { stream: 'flows', filter: 'any.port IN (dns) and not SrcPort=1001' },
      columns: ['src_port'],
    },
    {
      id: 'both',
      kind: 'rows',
      q: { stream: 'flows', filter: 'src_port > 1001', where: { dst_port: 53 } },
      columns: ['src_port'],
    },
    { id: 'e', kind: 'rows', q: { stream: 'events', filter: 'id ~ "[ac]"' }, columns: ['id'] },
    { id: 'counted', kind: 'stat', q: { stream: 'flows', filter: 'src_port >= 2000' } },
  ])
  expect(await answer.json()).toMatchObject({
    views: [{ q: { filter: 'any.port = dns and not src_port = 1001' } }, {}, {}, {}],
  })
  const stream = await watch(api)
  expect((await stream.untilRows('f', 2)).map(([port]) => port)).toEqual([1003, 1005])
  expect((await stream.untilRows('both', 2)).map(([port]) => port)).toEqual([1003, 1005])
  expect((await stream.untilRows('e', 2)).map(([id]) => id)).toEqual(['a', 'c'])
  control.publish(someFlows(3, 2000))
  expect((await stream.untilRows('f', 3)).map(([port]) => port)).toEqual([1003, 1005, 2001])
  const stat = await stream.until(
    ({ event, data }) =>
      event === 'stat' && (data['views'] as Record<string, { matched: number }>)['counted']?.matched === 3,
  )
  expect(stat.data['views']).toMatchObject({ counted: { matched: 3 } })
})

test('a view in both directions shows each matching row once', async () => {
  const { api, control } = await start({ limits: { tickMs: 20 } })
  control.publish(someFlows(6))
  const answer = await put(api, [
    { id: 'one', kind: 'rows', q: { stream: 'flows', filter: 'src_port in (53, 1003)' }, columns: ['src_port'] },
    {
      id: 'both',
      kind: 'rows',
      q: { stream: 'flows', filter: 'src_port in (53, 1003)', both_ways: true },
      columns: ['src_port'],
    },
  ])
  expect(await answer.json()).toMatchObject({
    views: [
      { q: { stream: 'flows', filter: 'src_port in (53, 1003)' } },
      { q: { filter: 'src_port in (53, 1003) or dst_port in (53, 1003)' } },
    ],
  })
  const stream = await watch(api)
  expect((await stream.untilRows('one', 1)).map(([port]) => port)).toEqual([1003])
  expect((await stream.untilRows('both', 3)).map(([port]) => port)).toEqual([1001, 1003, 1005])
})

test('an invalid filter is rejected with the positions of its errors', async () => {
  const { api } = await start()
  const answer = await put(api, [
    { id: 'f', kind: 'rows', q: { stream: 'flows', filter: 'src.ns = shop and dst_prot = 443' } },
  ])
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({
    code: 'WEIR_API_FILTER',
    detail: 'View "f": There is no field dst_prot.',
    hints: ['At 18–26: There is no field dst_prot. Did you mean dst_port?'],
    errors: [{ from: 18, to: 26, message: 'There is no field dst_prot.', hint: 'Did you mean dst_port?' }],
  })
})

test('live views filter, show and group by members of extra', async () => {
  const { api, control } = await start({ limits: { tickMs: 20 } })
  const batch = someFlows(3) as FlowBatch
  const texts = ['{"channel":6,"ssid":"guest"}', '{"channel":36,"ssid":"staff"}']
  const first = batch.dictionary.length
  control.publish({
    ...batch,
    dictionary: [...batch.dictionary, ...texts],
    columns: { ...batch.columns, extra: { kind: 'json', codes: Uint32Array.of(first, first + 1, 0) } },
  })
  const answer = await put(api, [
    {
      id: 'rows',
      kind: 'rows',
      q: { stream: 'flows', filter: 'extra.channel > 7' },
      columns: ['src_port', 'extra.ssid', 'extra.channel'],
    },
    {
      id: 'where',
      kind: 'rows',
      q: { stream: 'flows', where: { 'extra.ssid': 'guest' } },
      columns: ['src_port', 'extra.none'],
    },
    { id: 'sums', kind: 'series', q: { stream: 'flows' }, columns: [], scope: ['extra.ssid'] },
  ])
  expect(answer.status).toBe(200)
  const stream = await watch(api)
  expect(await stream.untilRows('rows', 1)).toEqual([[1001, 'staff', '36']])
  expect(await stream.untilRows('where', 1)).toEqual([[1000, null]])
  const { data } = await stream.until(({ event, data: { view } }) => event === 'series' && view === 'sums')
  expect(JSON.stringify(data)).toContain('"staff"')
})
