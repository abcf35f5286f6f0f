import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import type { RunningApi } from '../index.ts'
import { EventStream } from '../testing/event-stream.ts'
import { post, start } from '../testing/kit.ts'
import { RecordingControl, someEvents, someFlows } from '../testing/recording-control.ts'

const quick = { tickMs: 20 }
const open: EventStream[] = []
afterEach(() => open.splice(0).forEach((stream) => stream.close()))

async function watch(api: RunningApi, query = '', headers: Record<string, string> = {}): Promise<EventStream> {
  const stream = await EventStream.open(`${api.url}/api/v1/live${query}`, headers)
  open.push(stream)
  return stream
}

function put(api: RunningApi, sid: string, body: unknown): Promise<Response> {
  return fetch(`${api.url}/api/v1/live/${sid}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

const flowsView = (more: object = {}): object => ({
  id: 'f',
  kind: 'rows',
  q: { stream: 'flows' },
  columns: ['src_port', 'dst_port', '_pos'],
  ...more,
})

describe('a stream with default views', () => {
  test('sends hello, the present rows, then new ones, flows and events', async () => {
    const { api, control } = await start({ limits: quick })
    control.publish(someFlows(3))
    const stream = await watch(api)
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    })
    expect(stream.headers['content-encoding']).toBeUndefined()
    const hello = await stream.until(({ event }) => event === 'hello')
    expect(hello.data).toMatchObject({
      protocol: 1,
      ring: { fromSeq: 1, toSeq: 1, flows: 3, events: 0 },
      limits: { views: 8, rowsPerTick: 500 },
    })
    const snapshot = await stream.until(({ event, data }) => event === 'rows' && data['view'] === 'flows')
    expect(snapshot.data).toMatchObject({ matched: 3, shown: 3, snapshot: true })
    control.publish(someEvents('a', 'b'), 'http')
    const rows = await stream.untilRows('events', 2)
    expect(rows.map((row) => row[0])).toEqual(['a', 'b'])
    const last = stream.events.findLast(({ id }) => id !== undefined)
    expect(last?.id).toMatch(/^2@[\w-]{8}$/)
  })

  test('cells have the formats of SQL results', async () => {
    const { api, control } = await start({ limits: quick })
    control.publish(someFlows(2))
    control.publish(someEvents('a'), 'http')
    const stream = await watch(api)
    await stream.untilRows('events', 1)
    const cell = (view: string, row: number, name: string): unknown => {
      const { data } = stream.events.find(({ event, data: of }) => event === 'rows' && of['view'] === view)!
      return stream.rows(view)[row]?.[(data['cols'] as string[]).indexOf(name)]
    }
    expect(cell('flows', 0, 'time_start')).toBe('2023-11-14T22:13:20.000Z')
    expect([cell('flows', 0, 'src_addr'), cell('flows', 0, 'dst_addr')]).toEqual(['10.0.0.1', '2001:db8::1'])
    expect([cell('flows', 0, 'bytes'), cell('flows', 1, 'bytes')]).toEqual(['18446744073709551615', 1500])
    expect([cell('flows', 0, 'sampling'), cell('flows', 1, 'sampling')]).toEqual([null, 100])
    expect([cell('flows', 0, 'bytes_est'), cell('flows', 1, 'bytes_est')]).toEqual(['18446744073709551615', 150_000])
    expect([cell('flows', 1, '_pos'), cell('flows', 1, 'src_name'), cell('flows', 1, 'vlan')]).toEqual([
      'netflow:1:1:1',
      null,
      null,
    ])
    expect([cell('events', 0, 'data'), cell('events', 0, 'data_base64'), cell('events', 0, 'family')]).toEqual([
      { a: 1 },
      null,
      'event',
    ])
    expect(cell('events', 0, 'time_received')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/)
  })

  test('sends a stat every second', async () => {
    const { api, control } = await start({ limits: quick })
    const stream = await watch(api)
    await stream.until(({ event }) => event === 'hello')
    control.publish(someFlows(4))
    const stat = await stream.until(({ event, data }) => event === 'stat' && data['matched'] === 4)
    expect(stat.data).toMatchObject({
      matched: 4,
      new: 0,
      droppedByLimit: 0,
      ringFrom: 1,
      paused: false,
      views: {
        flows: { matched: 4, shown: 4, new: 0, pending: 0 },
        events: { matched: 0, shown: 0, new: 0, pending: 0 },
      },
    })
    expect(stat.data['rate']).toBeGreaterThan(0)
    expect(stat.data['lagMs']).toBeGreaterThanOrEqual(0)
  })

  test('sends a comment when idle', async () => {
    const { api } = await start({ limits: { ...quick, commentMs: 40 } })
    const stream = await watch(api)
    while (stream.comments.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(stream.comments[0]).toMatch(/^: /)
  })
})

describe('a session', () => {
  test('applies a PUT from before and after opening', async () => {
    const { api, control } = await start({ limits: quick })
    control.publish(someFlows(4))
    const answer = await put(api, 'session-1', {
      views: [flowsView({ q: { stream: 'flows', where: { dst_port: 53 } } })],
    })
    expect(await answer.json()).toMatchObject({
      paused: false,
      views: [{ id: 'f', q: { stream: 'flows', where: { dst_port: 53 } } }],
    })
    const stream = await watch(api, '?sid=session-1')
    expect((await stream.untilRows('f', 2)).map(([src, dst]) => [src, dst])).toEqual([
      [1001, 53],
      [1003, 53],
    ])
    await put(api, 'session-1', {
      views: [flowsView({ id: 'g', q: { stream: 'flows', where: { src_addr: '10.0.0.2', dst_port: '53' } } })],
    })
    expect((await stream.untilRows('g', 1)).map(([src]) => src)).toEqual([1001])
    control.publish(someFlows(4, 5000))
    expect((await stream.untilRows('g', 2)).map(([src]) => src)).toEqual([1001, 5001])
    expect(stream.rows('f')).toHaveLength(2)
  })

  test('rejects an invalid view with a reason', async () => {
    const { api } = await start()
    const refused = async (view: object): Promise<string> => {
      const answer = await put(api, 'session-1', { views: [view] })
      const { detail, hints } = (await answer.json()) as { detail: string; hints: string[] }
      return `${answer.status} ${detail} ${hints.join(' ')}`
    }
    expect(await refused(flowsView({ kind: 'pie' }))).toBe(
      '400 View "f": there is no kind "pie". Kinds: rows, series, graph, stat.',
    )
    expect(await refused(flowsView({ q: { stream: 'logs' } }))).toBe(
      '400 View "f": there is no stream "logs". Streams: flows, events.',
    )
    expect(await refused(flowsView({ columns: ['src_prt'] }))).toContain('Did you mean "src_port"?')
    expect(await refused(flowsView({ q: { stream: 'flows', where: { nothing: 1 } } }))).toContain(
      'flows has no column "nothing".',
    )
    expect(await refused({ id: 'x' })).toContain('"views[0].kind" is missing.')
    expect((await put(api, 'session-1', { views: [flowsView(), flowsView()] })).status).toBe(400)
    expect((await put(api, 'no', { views: [] })).status).toBe(400)
  })

  test('sends no rows while paused and counts; sends every row once after resuming', async () => {
    const { api, control } = await start({ limits: quick })
    const sid = 'session-1'
    await put(api, sid, { views: [flowsView()], paused: true })
    const stream = await watch(api, `?sid=${sid}`)
    control.publish(someFlows(30))
    control.publish(someFlows(40, 2000))
    const stat = await stream.until(({ event, data }) => event === 'stat' && data['new'] === 70)
    expect(stat.data).toMatchObject({ paused: true, droppedByLimit: 0 })
    expect(stream.rows('f')).toEqual([])
    await put(api, sid, { views: [flowsView()], paused: false })
    control.publish(someFlows(5, 3000))
    const rows = await stream.untilRows('f', 75)
    expect(rows.map(([port]) => port)).toEqual(
      [...Array(30).keys()]
        .map((n) => 1000 + n)
        .concat(
          [...Array(40).keys()].map((n) => 2000 + n),
          [3000, 3001, 3002, 3003, 3004],
        ),
    )
    expect(new Set(rows.map((row) => row[2])).size).toBe(75)
  })

  test('skips and counts the paused rows when resumed at now', async () => {
    const { api, control } = await start({ limits: quick })
    const sid = 'session-1'
    await put(api, sid, { views: [flowsView()], paused: true })
    const stream = await watch(api, `?sid=${sid}`)
    control.publish(someFlows(30))
    await stream.until(({ event, data }) => event === 'stat' && data['new'] === 30)
    await put(api, sid, { views: [flowsView()], paused: false, resume: 'now' })
    control.publish(someFlows(2, 3000))
    expect((await stream.untilRows('f', 2)).map(([port]) => port)).toEqual([3000, 3001])
    const stat = await stream.until(
      ({ event, data }) => event === 'stat' && data['paused'] === false && data['matched'] === 32,
    )
    expect(stat.data).toMatchObject({ new: 0, droppedByLimit: 30 })
  })

  test('is replaced by a newer stream of the same client', async () => {
    const { api } = await start({ limits: quick })
    const first = await watch(api, '?sid=session-1')
    const second = await watch(api, '?sid=session-1')
    expect((await second.until(({ event }) => event === 'hello')).data['protocol']).toBe(1)
    await first.ended()
  })
})

describe('a stream over its rate', () => {
  test('counts shown and skipped rows, and shows the newest', async () => {
    const { api, control } = await start({ limits: { ...quick, rowsPerTick: 50, ringRows: 1000 } })
    await put(api, 'session-1', { views: [flowsView()] })
    const stream = await watch(api, '?sid=session-1')
    await stream.until(({ event }) => event === 'rows')
    for (let n = 0; n < 40; n++) control.publish(someFlows(100, n * 100))
    const stat = await stream.until(({ event, data }) => event === 'stat' && data['matched'] === 4000)
    expect(stream.rows('f').at(-1)?.[0]).toBe(3999)
    const { shown } = (stat.data['views'] as Record<string, { shown: number }>)['f']!
    expect(shown).toBe(stream.rows('f').length)
    expect(Number(stat.data['droppedByLimit']) + shown).toBe(4000)
    expect(stream.events.filter(({ event }) => event === 'gap')).toEqual([])
    expect(
      stream.events.filter(({ event }) => event === 'rows').reduce((sum, { data }) => sum + Number(data['matched']), 0),
    ).toBe(4000)
  })

  test('respects the rate of the client', async () => {
    const { api, control } = await start({ limits: quick })
    await put(api, 'session-1', { views: [flowsView({ maxRate: 10 })] })
    const stream = await watch(api, '?sid=session-1')
    const feed = setInterval(() => control.publish(someFlows(100)), 10)
    try {
      await stream.until(({ event, data }) => event === 'stat' && Number(data['matched']) > 0)
      const second = await stream.until(
        (event) => event.event === 'stat' && event !== stream.events.find((first) => first.event === 'stat'),
      )
      const { shown, matched } = (second.data['views'] as Record<string, { shown: number; matched: number }>)['f']!
      expect(matched).toBeGreaterThan(300)
      expect(shown).toBeGreaterThan(1)
      expect(shown).toBeLessThanOrEqual(60)
    } finally {
      clearInterval(feed)
    }
  })
})

describe('a reconnecting client', () => {
  const all = { views: [flowsView()] }

  test('resumes after the last event, without duplicates or loss', async () => {
    const { api, control } = await start({ limits: quick })
    await put(api, 'session-1', all)
    const first = await watch(api, '?sid=session-1')
    control.publish(someFlows(10))
    await first.untilRows('f', 10)
    const last = first.events.findLast(({ id }) => id !== undefined)!.id!
    first.close()
    control.publish(someFlows(700, 2000))
    control.publish(someFlows(20, 5000))
    const second = await watch(api, '?sid=session-1', { 'last-event-id': last })
    const rows = await second.untilRows('f', 720)
    expect(rows.map(([port]) => port)).toEqual(
      [...Array(700).keys()].map((n) => 2000 + n).concat([...Array(20).keys()].map((n) => 5000 + n)),
    )
    expect(second.events.some(({ data }) => data['snapshot'] === true)).toBe(false)
  })

  test('gets a gap when rows left the ring meanwhile, then the remaining rows', async () => {
    const { api, control } = await start({ limits: { ...quick, ringRows: 100 } })
    await put(api, 'session-1', all)
    for (let n = 0; n < 10; n++) control.publish(someFlows(50, n * 1000))
    const stream = await watch(api, '?sid=session-1', { 'last-event-id': '2' })
    const rows = await stream.untilRows('f', 100)
    expect(stream.events.find(({ event }) => event === 'gap')?.data).toEqual({
      view: 'f',
      fromSeq: 3,
      toSeq: 8,
      reason: 'evicted',
    })
    expect(rows[0]?.[0]).toBe(8000)
  })

  test('gets a gap after a restart when the missed rows were never in memory', async () => {
    const { api, control } = await start({ control: new RecordingControl(500), limits: quick })
    await put(api, 'session-1', all)
    const stream = await watch(api, '?sid=session-1', { 'last-event-id': '490' })
    expect((await stream.until(({ event }) => event === 'gap')).data).toEqual({
      view: 'f',
      fromSeq: 491,
      toSeq: 500,
      reason: 'evicted',
    })
    control.publish(someFlows(1))
    expect(await stream.untilRows('f', 1)).toHaveLength(1)
  })

  test('starts over with an explanation for a position of another server, and resumes with its own', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-live-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const control = new RecordingControl()
    const [one, two, again] = [
      await start({ limits: quick, folder, control }),
      await start({ limits: quick }),
      await start({ limits: quick, folder, control }),
    ]
    await Promise.all([one, two, again].map(({ api }) => put(api, 'session-1', all)))
    const first = await watch(one.api, '?sid=session-1')
    for (let n = 0; n < 5; n++) two.control.publish(someFlows(3))
    for (let n = 0; n < 3; n++) control.publish(someFlows(3))
    const last = (await first.until(({ event, id }) => event === 'rows' && id?.startsWith('3@') === true)).id ?? ''
    for (let n = 0; n < 2; n++) control.publish(someFlows(3))
    const other = await watch(two.api, '?sid=session-1', { 'last-event-id': last })
    expect(await other.untilRows('f', 15)).toHaveLength(15)
    expect(other.events.find(({ event }) => event === 'gap')?.data).toMatchObject({ reason: 'unknown-position' })
    const same = await watch(again.api, '?sid=session-1', { 'last-event-id': last })
    expect(await same.untilRows('f', 6)).toHaveLength(6)
    expect(same.events.some(({ event }) => event === 'gap')).toBe(false)
  })

  describe('at another server with the same journal', () => {
    /** A server that replicates a journal of two partitions, each ordered by itself. */
    const copying = async (
      places: readonly (readonly [number, number])[] = [],
      limits: object = {},
    ): Promise<{
      api: RunningApi
      give(...frames: readonly string[]): void
      at(last?: string): Promise<EventStream>
    }> => {
      const control = new RecordingControl(places.reduce((sum, [, eventIdPattern]) => sum + eventIdPattern, 0))
      control.sharedNow = { name: 'Kb2_0aQx', partitions: 2, places: new Map(places) }
      const { api } = await start({ limits: { ...quick, ...limits }, control })
      await put(api, 'session-1', { views: [{ id: 'e', kind: 'rows', q: { stream: 'events' }, columns: ['id'] }] })
      return {
        api,
        // `03` is the frame at position 3 of partition 0.
        give: (...frames) => {
          for (const frame of frames)
            control.publish(someEvents(frame), 'http', { partition: Number(frame[0]), place: Number(frame.slice(1)) })
        },
        at: (last) => watch(api, '?sid=session-1', last === undefined ? {} : { 'last-event-id': last }),
      }
    }
    const seen = async (stream: EventStream, count: number): Promise<string[]> =>
      (await stream.untilRows('e', count)).map(([id]) => String(id))
    const lastOf = (stream: EventStream): string => stream.events.findLast(({ id }) => id !== undefined)?.id ?? ''

    test('resumes with the unseen rows in any order and returns to the first server without loss', async () => {
      const [one, two] = [await copying(), await copying()]
      const first = await one.at()
      one.give('01', '11', '02')
      expect(await seen(first, 3)).toEqual(['01', '11', '02'])
      first.close()
      // Frame 02 arrives later.
      two.give('11', '12', '01')
      const second = await two.at(lastOf(first))
      expect(await seen(second, 1)).toEqual(['12'])
      two.give('02', '13', '03')
      expect(await seen(second, 3)).toEqual(['12', '13', '03'])
      second.close()
      one.give('03', '12', '04', '13')
      const third = await one.at(lastOf(second))
      one.give('14')
      expect(await seen(third, 2)).toEqual(['04', '14'])
      for (const stream of [second, third])
        expect(stream.events.filter(({ event, data }) => event === 'gap' || data['snapshot'] === true)).toEqual([])
    })

    test('returns to the first server without repeating rows that a third one sent', async () => {
      const [one, two] = [await copying(), await copying()]
      const first = await one.at()
      one.give('01', '02')
      await seen(first, 2)
      first.close()
      const second = await two.at(lastOf(first))
      two.give('01', '11')
      expect(await seen(second, 1)).toEqual(['11'])
      second.close()
      // Frame 02 arrives after the client has returned to this server.
      const third = await two.at(lastOf(second))
      two.give('02', '03')
      expect(await seen(third, 1)).toEqual(['03'])
    })

    test('gets a gap when unseen rows are not in memory', async () => {
      const one = await copying()
      const first = await one.at()
      one.give('01')
      await seen(first, 1)
      first.close()
      const late = await copying([
        [0, 2],
        [1, 1],
      ])
      late.give('03')
      const second = await late.at(lastOf(first))
      expect(await seen(second, 1)).toEqual(['03'])
      expect(second.events.some(({ event }) => event === 'gap')).toBe(true)
      const small = await copying([], { ringRows: 2 })
      small.give('11', '01', '02', '03')
      const third = await small.at(lastOf(first))
      expect(await seen(third, 2)).toEqual(['02', '03'])
      expect(third.events.some(({ event }) => event === 'gap')).toBe(true)
      const same = await copying([[0, 1]])
      const fourth = await same.at(lastOf(first))
      same.give('02')
      expect(await seen(fourth, 1)).toEqual(['02'])
      expect(fourth.events.some(({ event }) => event === 'gap')).toBe(false)
    })
  })

  test('views can be part of the request; an update reports whether the stream is open on that server', async () => {
    const [one, two] = [await start({ limits: quick }), await start({ limits: quick })]
    const body = { views: [{ id: 'e', kind: 'rows', q: { stream: 'events' }, columns: ['id'] }] }
    const gone = new AbortController()
    onTestFinished(() => gone.abort())
    const answer = await fetch(`${one.api.url}/api/v1/live?sid=session-1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: gone.signal,
    })
    expect(answer.headers.get('content-type')).toContain('text/event-stream')
    const { value } = (await answer.body?.getReader().read()) ?? {}
    expect(new TextDecoder().decode(value)).toContain('"views":[{"id":"e"')
    const set = async (url: string): Promise<unknown> =>
      (
        await fetch(`${url}/api/v1/live/session-1`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
      ).json()
    expect([await set(one.api.url), await set(two.api.url)]).toMatchObject([
      { open: true, paused: false },
      { open: false },
    ])
    const statusOf = async (path: string, sent: unknown): Promise<number> =>
      (await post(`${one.api.url}/api/v1/live${path}`, sent)).status
    expect([await statusOf('', body), await statusOf('?sid=session-2', { views: [{}] })]).toEqual([400, 400])
  })

  test('starts over with an explanation for a position beyond the journal', async () => {
    const { api, control } = await start({ limits: quick })
    control.publish(someFlows(2))
    await put(api, 'session-1', all)
    const stream = await watch(api, '?sid=session-1', { 'last-event-id': '999' })
    expect(await stream.untilRows('f', 2)).toHaveLength(2)
    expect(stream.events.find(({ event }) => event === 'gap')?.data).toMatchObject({ reason: 'unknown-position' })
    expect((await fetch(`${api.url}/api/v1/live`, { headers: { 'last-event-id': 'x' } })).status).toBe(400)
  })
})

describe('limits', () => {
  test('rejects too many views, streams of a user and streams of the server with Retry-After', async () => {
    const tokens = [...Array(3).keys()].map((n) => ({ name: `user-${n}`, token: `secret-${n}` }))
    const { api } = await start({ auth: { tokens }, limits: { ...quick, streamsPerServer: 6 } })
    const as = (n: number): Record<string, string> => ({ authorization: `Bearer secret-${n}` })
    const refused = async (n: number): Promise<void> => {
      const answer = await fetch(`${api.url}/api/v1/live`, { headers: as(n) })
      expect(answer.status).toBe(429)
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      await answer.body?.cancel()
    }
    for (let n = 0; n < 4; n++) await watch(api, '', as(0))
    await refused(0)
    await watch(api, '', as(1))
    await watch(api, '', as(1))
    await refused(2)
    const views = [...Array(9).keys()].map((n) => flowsView({ id: `v${n}` }))
    const many = await fetch(`${api.url}/api/v1/live/session-1`, {
      method: 'PUT',
      headers: { ...as(0), 'content-type': 'application/json' },
      body: JSON.stringify({ views }),
    })
    expect(many.status).toBe(429)
    expect(many.headers.get('retry-after')).not.toBeNull()
  })

  test('a session belongs to the user that created it', async () => {
    const tokens = [
      { name: 'a', token: 'secret-a' },
      { name: 'b', token: 'secret-b' },
    ]
    const { api } = await start({ auth: { tokens }, limits: quick })
    const send = (token: string): Promise<Response> =>
      fetch(`${api.url}/api/v1/live/session-1`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{"views":[]}',
      })
    expect((await send('secret-a')).status).toBe(200)
    expect((await send('secret-b')).status).toBe(404)
  })

  test('closing a stream frees its place', async () => {
    const { api } = await start({ limits: { ...quick, streamsPerUser: 1 } })
    const first = await watch(api)
    first.close()
    for (;;) {
      const answer = await fetch(`${api.url}/api/v1/live`)
      await answer.body?.cancel()
      if (answer.status === 200) break
      expect(answer.status).toBe(429)
    }
  })
})

describe('a slow client', () => {
  test('costs only its socket buffer: rows are counted, then reported as a gap', async () => {
    const { api, control } = await start({ limits: { ...quick, ringRows: 2000 } })
    await put(api, 'session-1', { views: [{ id: 'f', kind: 'rows', q: { stream: 'flows' } }] })
    const stream = await watch(api, '?sid=session-1')
    await stream.until(({ event }) => event === 'rows')
    stream.pause()
    const before = process.memoryUsage().external
    let published = 0
    for (let n = 0; n < 400; n++) {
      control.publish(someFlows(500, n))
      published += 500
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(process.memoryUsage().external - before).toBeLessThan(64 << 20)
    stream.resume()
    const gap = await stream.until(({ event }) => event === 'gap')
    expect(gap.data).toMatchObject({ view: 'f', reason: 'slow' })
    const stat = await stream.until(({ event, data }) => event === 'stat' && data['matched'] === published)
    const { shown } = (stat.data['views'] as Record<string, { shown: number }>)['f']!
    expect(shown).toBeLessThan(published)
    expect(shown + Number(stat.data['droppedByLimit'])).toBe(published)
  })

  test('is disconnected when it stays blocked', async () => {
    const { api, control, port } = await start({ limits: { ...quick, stuckMs: 300, streamsPerUser: 1 } })
    const socket = connect(port, '127.0.0.1', () =>
      socket.write('GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    )
    socket.pause()
    const cut = new Promise<void>((resolve) => socket.on('error', () => resolve()).on('close', () => resolve()))
    const feed = setInterval(() => control.publish(someFlows(500)), 5)
    try {
      // The place is free once the server has cut the stream.
      for (let status = 429; status !== 200;) {
        const answer = await fetch(`${api.url}/api/v1/live`)
        status = answer.status
        await answer.body?.cancel()
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    } finally {
      clearInterval(feed)
    }
    socket.resume()
    await cut
    expect(socket.destroyed).toBe(true)
  })
})

test('closing ends every stream and unsubscribes from the journal', async () => {
  const { api, control } = await start({ limits: quick })
  const stream = await watch(api)
  expect(control.watchers).toBe(1)
  await Promise.all([api.close(), stream.ended()])
  expect(control.watchers).toBe(0)
})
