// Lists, sums, context and files of events over ClickHouse, compared with the embedded store.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { WeirEvent } from '../../src/model/events.ts'
import { startOfDay } from '../../src/store/testing/frames.ts'
import { installChdb } from './install/chdb.ts'
import { bothApis } from './kit/both-apis.ts'
import { startChdb, type ChdbServer } from './kit/chdb.ts'

let server: ChdbServer

beforeAll(async () => {
  if ((await installChdb()).path !== undefined) server = await startChdb()
}, 180_000)

beforeEach(async (context) => {
  const installed = await installChdb()
  if (installed.path === undefined) context.skip(installed.reason)
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
})

const utf8 = new TextEncoder()
const event = (index: number, body: object, more: Partial<WeirEvent> = {}): WeirEvent => ({
  id: `e${index}`,
  source: '/shop',
  type: index % 3 === 0 ? 'order.cancelled' : 'order.placed',
  family: 'event',
  time: startOfDay + index * 1000,
  datacontenttype: 'application/json',
  encoding: 'json',
  data: utf8.encode(JSON.stringify(body)),
  ...more,
})
const line = (index: number, text: string, more: object = {}): WeirEvent =>
  event(
    index,
    { line: text, labels: { app: index % 2 === 0 ? 'web' : 'db', 'a.b/c': 'ä"\\' }, ...more },
    { type: 'weir.log', family: 'log', source: '/pods/web' },
  )

const events = [
  ...Array.from({ length: 20 }, (_, index) =>
    event(index, { total: index * 1.5, big: index === 4 ? 7 : 'text', deep: { a: index % 2 === 0 } }),
  ),
  ...Array.from({ length: 10 }, (_, index) => line(30, `line ${index}`, { severity: 'info' })),
  line(31, 'WARNING: almost full'),
  line(32, 'request failed: Err 17'),
  line(33, 'debugging is no level'),
  line(34, ''),
  event(40, {}, { time: undefined as never, type: 'hello', encoding: 'text', data: utf8.encode('plain "text"') }),
]

const span = { from: new Date(startOfDay - 1000).toISOString(), to: new Date(startOfDay + 3_600_000).toISOString() }

it('pages, sums, fields and contexts are those of the embedded store', async () => {
  const apis = await bothApis(server.url)
  await apis.addEvents(events, startOfDay + 60_000)
  for (const filter of [
    '',
    'family = log',
    'level in (warn, error)',
    'not exists(level)',
    'data.total > 10',
    'data.deep.a = true',
    'data."/labels/a.b~1c" ~ "ä"',
    'data.labels.app = web and data.line ~ "^line"',
    'exists(data.big) and data.big = 7',
    'text ~ "(?i)almost"',
  ]) {
    for (const sort of ['-time', 'time', 'type', '-data.total', 'data.big', 'level'])
      await apis.expectSame('events', { ...span, filter, sort, columns: 'data.total,data.deep,data.labels' })
    for (const by of ['type', 'level', 'data.deep.a', 'data.labels.app', 'subject'])
      await apis.expectSame('events/sums', { ...span, filter, by, limit: '3', buckets: '20' })
    await apis.expectSame('events/fields', { ...span, filter })
    const [left, right] = await Promise.all(
      apis.urls.map(async (url) => {
        const query = new URLSearchParams({ ...span, filter, format: 'ndjson' }).toString()
        const answer = await fetch(`${url}/api/v1/events/export?${query}`)
        expect(answer.status, filter).toBe(200)
        return (await answer.text()).split('\n').flatMap((text) => (text === '' ? [] : [JSON.parse(text) as object]))
      }),
    )
    expect(right).toEqual(left)
  }
  for (const sort of ['-time', 'time', '-type', 'data.total']) {
    const rows = await apis.pages('events', 'events', { ...span, limit: '3', sort })
    expect([sort, rows.length]).toEqual([sort, events.length])
  }
  const [middle] = await apis.pages('events', 'events', { ...span, filter: 'data.line = "line 5"', limit: '3' })
  const { pos, time } = middle as unknown as { pos: string; time: string }
  await apis.expectSame('events/context', { pos, time, before: '3', after: '3' })
  await apis.expectSame('events/context', { pos, before: '50', after: '50' })
  await apis.expectSame('events/one', { pos, time })
}, 240_000)
