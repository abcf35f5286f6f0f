import { afterEach, describe, expect, test } from 'vitest'
import type { RunningApi } from '../index.ts'
import type { GraphMessage } from '../live/graph-view.ts'
import type { SeriesMessage } from '../live/series-view.ts'
import { EventStream } from '../testing/event-stream.ts'
import { start } from '../testing/kit.ts'
import { someEvents, someFlows } from '../testing/recording-control.ts'

const quick = { tickMs: 20, seriesMs: 40, graphMs: 40 }
const sid = 'session-1'
const open: EventStream[] = []
afterEach(() => open.splice(0).forEach((stream) => stream.close()))

async function put(api: RunningApi, view: object, more: object = {}): Promise<Response> {
  return fetch(`${api.url}/api/v1/live/${sid}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ views: [{ id: 'v', ...view }], ...more }),
  })
}

async function watch(api: RunningApi, view: object, headers: Record<string, string> = {}): Promise<EventStream> {
  expect((await put(api, view)).status).toBe(200)
  const stream = await EventStream.open(`${api.url}/api/v1/live?sid=${sid}`, headers)
  open.push(stream)
  return stream
}

/** The state of a client: the newest sums of each bucket. */
function held(stream: EventStream): { total: number[]; groups: Map<string, number[]> } {
  let buckets = new Map<string, SeriesMessage['buckets'][number]>()
  let groups: SeriesMessage['groups'] = []
  for (const { event, data } of stream.events) {
    if (event !== 'series') continue
    const message = data as unknown as SeriesMessage
    if (message.snapshot === true) buckets = new Map()
    for (const bucket of message.buckets) buckets.set(bucket[0], bucket)
    groups = message.groups
  }
  const add = (into: number[], from: readonly number[] | null): number[] =>
    into.map((sum, at) => sum + (from?.[at] ?? 0))
  const all = [...buckets.values()]
  const width = all[0]?.[1].length ?? 0
  const zero = Array.from({ length: width }, () => 0)
  return {
    total: all.reduce((sum, [, total]) => add(sum, total), zero),
    groups: new Map(
      groups.map((cells, at) => [JSON.stringify(cells), all.reduce((sum, [, , of]) => add(sum, of[at] ?? null), zero)]),
    ),
  }
}

async function untilRows(stream: EventStream, rows: number): Promise<ReturnType<typeof held>> {
  await stream.until(() => (held(stream).total[0] ?? 0) >= rows)
  return held(stream)
}

const series = (more: object = {}): object => ({
  kind: 'series',
  q: { stream: 'flows' },
  columns: ['bytes_est', 'packets'],
  ...more,
})
const graph = (more: object = {}): object => ({
  kind: 'graph',
  q: { stream: 'flows' },
  columns: ['packets'],
  scope: ['dst_port', 'protocol'],
  ...more,
})

describe('a series', () => {
  test('reports from which time it is complete: it covers 10,000 rows, older ones are only in the store', async () => {
    const { api, control } = await start({ limits: quick })
    const received = Date.now() + 1000
    for (let at = 0; at < 4; at++) control.publish(someFlows(6000), 'netflow', undefined, received + at * 1000)
    const stream = await watch(api, series())
    const first = await stream.until(({ event }) => event === 'series')
    expect(first.data).toMatchObject({ snapshot: true, since: new Date(received + 1001).toISOString() })
    expect(held(stream).total[0]).toBe(12_000)
  })

  test("begins with the ring's content and continues with changed buckets", async () => {
    const { api, control } = await start({ limits: quick })
    control.publish(someFlows(3))
    const stream = await watch(api, series({ q: { stream: 'flows', where: { src_addr: '10.0.0.2' } } }))
    const first = await stream.until(({ event }) => event === 'series')
    expect(first.data).toMatchObject({
      view: 'v',
      step: 1000,
      cols: ['rows', 'bytes_est', 'packets'],
      groups: [],
      snapshot: true,
    })
    control.publish(someFlows(3))
    expect((await untilRows(stream, 2)).total).toEqual([2, 300_000, 6])
  })

  test('returns the largest groups; the total includes all', async () => {
    const { api, control } = await start({ limits: quick })
    const stream = await watch(api, series({ columns: ['packets'], scope: ['src_addr'], limit: 2 }))
    for (const count of [1, 2, 3, 3]) control.publish(someFlows(count))
    const { total, groups } = await untilRows(stream, 9)
    expect(total).toEqual([9, 27])
    expect(Object.fromEntries(groups)).toEqual({ '["10.0.0.1"]': [4, 12], '["10.0.0.2"]': [3, 9] })
  })

  test('counts while paused and is complete after resuming', async () => {
    const { api, control } = await start({ limits: { ...quick, ringRows: 50 } })
    const stream = await watch(api, series())
    await stream.until(({ event }) => event === 'series')
    await put(api, series(), { paused: true })
    for (let n = 0; n < 20; n++) control.publish(someFlows(40))
    const stat = await stream.until(({ event, data }) => event === 'stat' && data['new'] === 800)
    expect(stat.data).toMatchObject({ matched: 800, droppedByLimit: 0 })
    expect(held(stream).total[0] ?? 0).toBe(0)
    await put(api, series())
    expect((await untilRows(stream, 800)).total[2]).toBe(2400)
  })

  test('conflates sums for a slow client without gaps', async () => {
    const { api, control } = await start({ limits: { ...quick, ringRows: 2000 } })
    const body = {
      views: [
        { id: 'v', ...series() },
        { id: 'rows', kind: 'rows', q: { stream: 'flows' } },
      ],
    }
    await fetch(`${api.url}/api/v1/live/${sid}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const stream = await EventStream.open(`${api.url}/api/v1/live?sid=${sid}`)
    open.push(stream)
    await stream.until(({ event }) => event === 'series')
    stream.pause()
    for (let n = 0; n < 300; n++) {
      control.publish(someFlows(500))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    stream.resume()
    expect((await untilRows(stream, 150_000)).total[2]).toBe(450_000)
    expect(stream.events.filter(({ event }) => event === 'gap').map(({ data }) => data['view'])).not.toContain('v')
  })

  test('counts events by any column', async () => {
    const { api, control } = await start({ limits: quick })
    const stream = await watch(api, { kind: 'series', q: { stream: 'events' }, scope: ['id'] })
    control.publish(someEvents('a', 'b'), 'http')
    control.publish(someEvents('a'), 'http')
    expect(Object.fromEntries((await untilRows(stream, 3)).groups)).toEqual({ '["a"]': [2], '["b"]': [1] })
  })

  test('keeps the largest groups of a bucket over the limit; the total includes every row', async () => {
    const { api, control } = await start({ limits: quick })
    const stream = await watch(api, series({ columns: [], scope: ['src_port'], limit: 1 }))
    control.publish(someFlows(1))
    control.publish(someFlows(1000))
    await untilRows(stream, 1001)
    await new Promise((resolve) => setTimeout(resolve, 1100))
    control.publish(someFlows(1, 7))
    const { total, groups } = await untilRows(stream, 1002)
    expect(total).toEqual([1002])
    expect(Object.fromEntries(groups)).toEqual({ '[1000]': [2] })
  })

  test('keeps at most the requested number of buckets', async () => {
    const { api, control } = await start({ limits: quick })
    const stream = await watch(api, series({ points: 1, scope: ['dst_port'], columns: [] }))
    control.publish(someFlows(2))
    await untilRows(stream, 2)
    await new Promise((resolve) => setTimeout(resolve, 1100))
    control.publish(someFlows(1))
    const late = await stream.until(
      ({ event, data }) => event === 'series' && JSON.stringify(data['groups']) === '[[443]]',
    )
    expect(late.data['buckets']).toHaveLength(1)
    expect(late.data).toMatchObject({ snapshot: true, buckets: [[expect.any(String), [1], [[1]]]] })
  })
})

describe('a graph', () => {
  const messages = (stream: EventStream): GraphMessage[] =>
    stream.events.filter(({ event }) => event === 'graph').map(({ data }) => data as unknown as GraphMessage)

  test('has nodes and edges with the sums since the last message', async () => {
    const { api, control } = await start({ limits: quick })
    control.publish(someFlows(3))
    const stream = await watch(api, graph())
    await stream.until(({ event }) => event === 'graph')
    const [first] = messages(stream)
    expect(first).toMatchObject({
      view: 'v',
      cols: ['rows', 'packets'],
      snapshot: true,
      removed: { nodes: [], edges: [] },
      others: { edges: 0, sums: [0, 0] },
    })
    expect(first?.upsertEdges).toEqual([
      [443, 'netflow5', [2, 6]],
      [53, 'netflow5', [1, 3]],
    ])
    expect(first?.upsertNodes).toEqual([
      [443, [2, 6], [0, 0]],
      ['netflow5', [0, 0], [3, 9]],
      [53, [1, 3], [0, 0]],
    ])
    control.publish(someFlows(1))
    await stream.until(() =>
      messages(stream).some(
        ({ upsertEdges }) =>
          JSON.stringify(upsertEdges) === '[[443,"netflow5",[1,3]],[53,"netflow5",[0,0]]]' ||
          JSON.stringify(upsertEdges) === '[[443,"netflow5",[1,3]]]',
      ),
    )
  })

  test('removes an idle edge and its isolated ends', async () => {
    const { api, control } = await start({ limits: quick })
    const stream = await watch(api, graph({ idle: 2 }))
    control.publish(someFlows(2))
    await stream.until(() => messages(stream).some(({ upsertEdges }) => upsertEdges.length === 2))
    const feed = setInterval(() => control.publish(someFlows(1)), 10)
    try {
      await stream.until(() => messages(stream).some(({ removed }) => removed.edges.length > 0))
    } finally {
      clearInterval(feed)
    }
    const gone = messages(stream).find(({ removed }) => removed.edges.length > 0)
    expect(gone?.removed).toEqual({ nodes: [53], edges: [[53, 'netflow5']] })
  })

  test('returns the largest edges and sums the others', async () => {
    const { api, control } = await start({ limits: quick })
    for (const count of [1, 2, 3]) control.publish(someFlows(count))
    const stream = await watch(api, graph({ scope: ['src_addr', 'protocol'], limit: 3 }))
    await stream.until(({ event }) => event === 'graph')
    const [first] = messages(stream)
    expect(first?.upsertEdges).toEqual([
      ['10.0.0.1', 'netflow5', [3, 9]],
      ['10.0.0.2', 'netflow5', [2, 6]],
    ])
    expect(first?.others).toEqual({ edges: 1, sums: [1, 3] })
  })

  test('joins ends of several columns, and ranks by the requested number', async () => {
    const { api, control } = await start({ limits: quick })
    for (const count of [1, 2, 3]) control.publish(someFlows(count))
    const stream = await watch(
      api,
      graph({ scope: ['src_addr', 'src_name', 'dst_port', 'protocol'], by: 'rows', limit: 2 }),
    )
    await stream.until(({ event }) => event === 'graph')
    const [first] = messages(stream)
    expect(first?.upsertEdges).toEqual([
      [
        ['10.0.0.1', null],
        [443, 'netflow5'],
        [3, 9],
      ],
    ])
    expect(first?.upsertNodes.map(([node]) => node)).toEqual([
      ['10.0.0.1', null],
      [443, 'netflow5'],
    ])
  })

  test('returns an unknown end as null', async () => {
    const { api, control } = await start({ limits: quick })
    control.publish(someFlows(1))
    const stream = await watch(api, graph({ scope: ['src_name', 'dst_port'] }))
    await stream.until(({ event }) => event === 'graph')
    expect(messages(stream)[0]?.upsertEdges).toEqual([[null, 443, [1, 3]]])
  })
})

test('a stat view sends no rows and is counted in every stat', async () => {
  const { api, control } = await start({ limits: quick })
  const stream = await watch(api, { kind: 'stat', q: { stream: 'flows', where: { dst_port: 53 } } })
  await stream.until(({ event }) => event === 'hello')
  control.publish(someFlows(10))
  const stat = await stream.until(({ event, data }) => event === 'stat' && data['matched'] === 5)
  expect(stat.data).toMatchObject({ droppedByLimit: 0, views: { v: { matched: 5, new: 0 } } })
  expect(new Set(stream.events.map(({ event }) => event))).toEqual(new Set(['hello', 'stat']))
})

test('a reconnecting client gets complete sums from the same request', async () => {
  const { api, control } = await start({ limits: quick })
  control.publish(someFlows(4))
  const first = await watch(api, series())
  expect((await untilRows(first, 4)).total[0]).toBe(4)
  first.close()
  control.publish(someFlows(3))
  const second = await watch(api, series(), { 'last-event-id': '1' })
  const snapshot = await second.until(({ event }) => event === 'series')
  expect(snapshot.id).toMatch(/^2@/)
  expect(held(second).total[0]).toBe(7)
})

test('the response contains every default and is itself a valid request', async () => {
  const { api } = await start({ limits: quick })
  const answer = (await (await put(api, { kind: 'graph', q: { stream: 'flows' } })).json()) as { views: object[] }
  expect(answer.views).toEqual([
    {
      id: 'v',
      kind: 'graph',
      q: { stream: 'flows', where: {} },
      columns: ['bytes_est', 'packets_est'],
      scope: ['src_addr', 'dst_addr'],
      by: 'bytes_est',
      limit: 300,
      idle: 15,
    },
  ])
  const again = (await (await put(api, { kind: 'series', q: { stream: 'events' } })).json()) as { views: object[] }
  expect(again.views).toEqual([
    {
      id: 'v',
      kind: 'series',
      q: { stream: 'events', where: {} },
      columns: [],
      scope: [],
      step: 1,
      points: 300,
      limit: 10,
    },
  ])
  for (const view of [...answer.views, ...again.views]) expect((await put(api, view)).status).toBe(200)
})

test('rejects settings that a kind does not support and lists those it has', async () => {
  const { api } = await start()
  const refused = async (view: object): Promise<string> => {
    const answer = await put(api, view)
    const { detail, hints } = (await answer.json()) as { detail: string; hints: string[] }
    return `${answer.status} ${detail} ${hints.join(' ')}`
  }
  expect(await refused({ kind: 'pie', q: { stream: 'flows' } })).toBe(
    '400 View "v": there is no kind "pie". Kinds: rows, series, graph, stat.',
  )
  expect(await refused(series({ columns: ['protocol'] }))).toContain('flows has no numbers in "protocol" to sum.')
  expect(await refused(series({ scope: ['dst_prt'] }))).toContain('Did you mean "dst_port"?')
  expect(await refused(series({ maxRate: 3 }))).toContain(
    'a view of kind series has no "maxRate". It has columns, scope, step, points, limit.',
  )
  expect(await refused(graph({ scope: ['src_addr'] }))).toContain('the scope of a graph is two columns')
  expect(await refused(graph({ by: 'bytes' }))).toContain(
    'cannot rank by "bytes", which is not summed. Possible values: rows, packets.',
  )
  expect(await refused({ kind: 'stat', q: { stream: 'flows' }, columns: [] })).toContain('It supports only `q`.')
})
