import { expect, test } from 'vitest'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

const start = Date.parse('2026-11-20T10:00:00Z')
const utf8 = new TextEncoder()
const span = { from: '2026-11-20T10:00:00Z', to: '2026-11-20T11:00:00Z' }

type Given = Partial<WeirEvent> & Readonly<{ body?: unknown; at?: number }>

function made({ body, at, ...rest }: Given, index: number): WeirEvent {
  const isText = typeof body === 'string'
  return {
    id: `e${index}`,
    source: '/shop',
    type: 'order',
    family: 'event',
    ...(at === undefined ? {} : { time: start + at * 1000 }),
    datacontenttype: isText ? 'text/plain' : 'application/json',
    encoding: isText ? 'text' : 'json',
    data: utf8.encode(isText ? body : JSON.stringify(body ?? {})),
    ...rest,
  }
}

const line = (at: number, text: string, more: object = {}, source = '/node/a'): Given => ({
  at,
  source,
  type: 'weir.log',
  family: 'log',
  body: { line: text, labels: { app: 'web', 'a.b/c': 'x' }, ...more },
})

/** Several with the same time; one without a time; one at the end of the range, which is not in it. */
const given: readonly Given[] = [
  ...Array.from({ length: 30 }, (_, index): Given => ({
    at: index * 60,
    subject: `order-${index % 3}`,
    body: { total: index, currency: index % 2 === 0 ? 'CHF' : 'EUR', deep: { a: { 'b c': 'x' } } },
  })),
  ...Array.from({ length: 15 }, (_, index) => line(600, `line ${index}`, { severity: 'info' })),
  line(601, 'Warning: disk almost full'),
  line(602, 'request failed: ERR 17', { labels: { app: 'db' } }),
  line(603, 'nothing special', { labels: undefined }),
  line(604, 'debugging is no level', {}, '/node/b'),
  { type: 'hello', body: 'plain text' },
  { at: 3600, type: 'late' },
]

async function started(options: Parameters<typeof startStored>[0] = {}): Promise<StoredApi> {
  const api = await startStored(options)
  await api.addBatch(toEventBatch(given.map(made)), start + 1_800_500)
  return api
}

type Row = Readonly<{ time: string; type: string; level: string | null; data: string | null; pos: string }> &
  Readonly<{ cells?: Readonly<Record<string, string | null>> }>

async function get<Body>(api: StoredApi, path: string, parameters: Readonly<Record<string, string>>): Promise<Body> {
  const { status, body } = await api.get(path, { ...span, ...parameters })
  expect(status, JSON.stringify(body)).toBe(200)
  return body as Body
}

async function everyPage(api: StoredApi, parameters: Readonly<Record<string, string>>): Promise<Row[]> {
  const rows: Row[] = []
  let cursor: string | undefined
  do {
    const page = await get<{ events: Row[]; next: string | null }>(api, 'events', {
      ...parameters,
      ...(cursor === undefined ? {} : { cursor }),
    })
    rows.push(...page.events)
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  return rows
}

async function exported(api: StoredApi, parameters: Readonly<Record<string, string>>): Promise<string> {
  const answer = await fetch(`${api.url}/api/v1/events/export?${new URLSearchParams({ ...span, ...parameters })}`)
  expect(answer.status).toBe(200)
  return answer.text()
}

const filters: Readonly<Record<string, string>> = {
  '': 'true',
  'family = log': "family = 'log'",
  'level = info': "data->>'severity' = 'info'",
  'data.currency = CHF': "data->>'currency' = 'CHF'",
  'data.total >= 20': "(data->>'total')::INT >= 20",
  'data.labels.app = web and not level = info':
    "data->'labels'->>'app' = 'web' AND coalesce(data->>'severity', '') <> 'info'",
  'data."/labels/a.b~1c" = x': `data->'labels'->>'a.b/c' = 'x'`,
  'subject = order-1 or type = hello': "subject = 'order-1' OR type = 'hello'",
  'type = nothing': 'false',
}

test('list, sums, field values, export and SQL agree for every filter', async () => {
  const api = await started()
  const within = `coalesce(time, time_received) >= '${span.from}' AND coalesce(time, time_received) < '${span.to}'`
  for (const [filter, condition] of Object.entries(filters)) {
    const rows = await everyPage(api, { filter, limit: '7' })
    const statement = `SELECT count(*) AS n FROM events WHERE ${within} AND (${condition})`
    const pieces: Uint8Array[] = []
    for await (const piece of await api.store.reader.query(statement, 'json', new AbortController().signal))
      pieces.push(piece)
    const [{ n } = { n: -1 }] = JSON.parse(Buffer.concat(pieces).toString()) as { n: number }[]
    expect([filter, rows.length]).toEqual([filter, Number(n)])
    expect(new Set(rows.map(({ pos }) => pos)).size).toBe(rows.length)
    for (const by of ['type', 'level', 'data.currency']) {
      const sums = await get<{
        total: number
        groups: { value: string | null; events: number }[]
        others: { events: number }
        buckets: { time: string; events: number[] }[]
      }>(api, 'events/sums', { filter, by, limit: '100', buckets: '60' })
      const counted = sums.groups.reduce((sum, { events }) => sum + events, 0)
      expect([filter, by, sums.total, counted, sums.others.events]).toEqual([filter, by, Number(n), Number(n), 0])
      const inBuckets = sums.buckets.flatMap(({ events }) => events).reduce((sum, events) => sum + events, 0)
      expect(inBuckets).toBe(Number(n))
      for (const { time, events } of sums.buckets) {
        const end = Date.parse(time) + 60_000
        const there = rows.filter((row) => Date.parse(row.time) >= Date.parse(time) && Date.parse(row.time) < end)
        expect([time, there.length]).toEqual([time, events.reduce((sum, n) => sum + n, 0)])
      }
      if (by === 'level')
        for (const { value, events } of sums.groups)
          expect([value, rows.filter(({ level }) => level === value).length]).toEqual([value, events])
    }
    const ndjson = (await exported(api, { filter, format: 'ndjson', columns: '_pos,time,level' })).trimEnd()
    const file = ndjson === '' ? [] : ndjson.split('\n').map((text) => (JSON.parse(text) as { _pos: string })._pos)
    expect(file).toEqual(rows.map(({ pos }) => pos))
  }
})

test('pages in every order have each event once', async () => {
  const api = await started()
  const newest = await everyPage(api, { limit: '4' })
  const times = newest.map(({ time }) => time)
  expect(times).toEqual(times.toSorted().toReversed())
  const oldest = await everyPage(api, { limit: '4', sort: 'time' })
  expect(oldest.map(({ pos }) => pos)).toEqual(newest.map(({ pos }) => pos).toReversed())
  const lines = oldest.filter(({ time }) => time === '2026-11-20T10:10:00.000Z').slice(1)
  expect(lines.map(({ data }) => (JSON.parse(data ?? '') as { line: string }).line)).toEqual(
    Array.from({ length: 15 }, (_, index) => `line ${index}`),
  )
  for (const sort of ['type', '-subject', 'data.total', '-level', 'time_received']) {
    const rows = await everyPage(api, { limit: '4', sort })
    expect([sort, new Set(rows.map(({ pos }) => pos)).size, rows.length]).toEqual([sort, newest.length, newest.length])
  }
  const byTotal = await everyPage(api, { limit: '4', sort: '-data.total', columns: 'data.total,time_received' })
  expect(byTotal.slice(0, 3).map(({ cells }) => cells?.['data.total'])).toEqual(['29', '28', '27'])
  expect(byTotal[0]?.cells?.['time_received']).toBe('2026-11-20T10:30:00.500Z')
  for (const parameters of [{ sort: 'data' }, { sort: 'nothing' }, { columns: 'x y' }, { cursor: 'x' }])
    expect((await api.get('events', { ...span, ...parameters })).status).toBe(400)
})

test('an event without a time has its receive time, and a long body is cut in the list only', async () => {
  const api = await started()
  const [hello] = await everyPage(api, { filter: 'type = hello' })
  expect(hello).toMatchObject({ time: '2026-11-20T10:30:00.500Z', data: '"plain text"', level: null })
  const text = 'ä'.repeat(5000)
  await api.addBatch(toEventBatch([made({ at: 1, type: 'long', body: { text } }, 99)]), start + 1_801_000)
  const [long] = await everyPage(api, { filter: 'type = long' })
  expect(long).toMatchObject({ cut: true })
  expect(Array.from(long?.data ?? '')).toHaveLength(2000)
  const whole = await api.get('events/one', { pos: long?.pos ?? '', time: long?.time ?? '' })
  expect(whole).toMatchObject({
    status: 200,
    body: { data: { text }, time: '2026-11-20T10:00:01.000Z', extensions: null },
  })
  expect((await api.get('events/one', { pos: 'none' })).status).toBe(404)
})

test('the context of a line has the lines of its stream, in order', async () => {
  const api = await started()
  const rows = await everyPage(api, { filter: 'family = log', sort: 'time' })
  const at = rows.find(({ data }) => data?.includes('"line 7"') === true)
  const context = async (parameters: Readonly<Record<string, string>>) => {
    const { status, body } = await api.get('events/context', { pos: at?.pos ?? '', ...parameters })
    expect(status, JSON.stringify(body)).toBe(200)
    return body as { before: Row[]; after: Row[]; more: unknown; stream: unknown }
  }
  const lines = (some: readonly Row[]) => some.map(({ data }) => (JSON.parse(data ?? '') as { line: string }).line)
  const few = await context({ before: '3', after: '2', time: at?.time ?? '' })
  expect([lines(few.before), lines(few.after), few.more]).toEqual([
    ['line 4', 'line 5', 'line 6'],
    ['line 8', 'line 9'],
    { before: true, after: true },
  ])
  expect(few.stream).toEqual({ family: 'log', source: '/node/a', labels: { app: 'web', 'a.b/c': 'x' } })
  const all = await context({ before: '100', after: '100' })
  expect([all.before.length, lines(all.after).at(-1), all.more]).toEqual([
    7,
    'Warning: disk almost full',
    { before: false, after: false },
  ])
  expect(await context({ before: '0', after: '0' })).toMatchObject({ before: [], after: [] })
})

test('fields of the bodies have the number of events, and completion offers them with their values', async () => {
  const api = await started()
  const { members, sampled } = await get<{ members: unknown[]; sampled: number }>(api, 'events/fields', {
    filter: 'family != log',
  })
  expect(sampled).toBe(31)
  expect(members).toEqual([
    { name: 'data."/deep/a/b c"', events: 30 },
    { name: 'data.currency', events: 30 },
    { name: 'data.total', events: 30 },
  ])
  const complete = async (body: object) => {
    const answer = await fetch(`${api.url}/api/v1/complete`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ names: 'events', ...span, to: '2026-11-20T12:00:00Z', ...body }),
    })
    return (await answer.json()) as { fields?: { name: string }[]; values?: { text: string; count: number }[] }
  }
  expect((await complete({ prefix: 'curr' })).fields?.map(({ name }) => name)).toContain('data.currency')
  expect((await complete({ prefix: 'lev' })).fields?.map(({ name }) => name)).toContain('level')
  expect((await complete({ prefix: '', field: 'data.currency' })).values).toMatchObject([
    { text: 'CHF', count: 15 },
    { text: 'EUR', count: 15 },
  ])
  expect((await complete({ prefix: 'war', field: 'level' })).values).toMatchObject([{ text: 'warn', count: 1 }])
})

test('a viewer of some namespaces sees no events', async () => {
  const auth = { tokens: [{ name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] }] } as const
  const api = await started({ auth })
  for (const path of ['events', 'events/one', 'events/context', 'events/sums', 'events/fields', 'events/export'])
    expect([path, (await api.get(path, { pos: 'x' }, { authorization: 'Bearer shop' })).status]).toEqual([path, 403])
})
