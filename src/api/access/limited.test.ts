/** A viewer limited to one namespace sees nothing else, in every response with rows or sums. */
import { afterEach, expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { EventStream } from '../testing/event-stream.ts'
import { all, namespacedFlows, own, pairs, withPeers } from '../testing/namespaces.ts'
import { someEvents } from '../testing/recording-control.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'
import { accessRules } from './decisions.ts'
import { Opaque } from './opaque.ts'

const auth = {
  tokens: [
    { name: 'root', token: 'admin' },
    { name: 'eyes', token: 'viewer', role: 'viewer' },
    { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
    { name: 'peers', token: 'peers', role: 'viewer', namespaces: ['shop'], peers: 'shown' },
    { name: 'none', token: 'none', role: 'viewer', namespaces: [] },
  ],
} as const
type User = (typeof auth.tokens)[number]['token']
/** The visible bytes of each user. */
const sees: Readonly<Record<User, number>> = { admin: all, viewer: all, shop: own, peers: withPeers, none: 0 }
const users = Object.keys(sees) as User[]
const bearer = (user: User): Record<string, string> => ({ authorization: `Bearer ${user}` })

const open: EventStream[] = []
afterEach(() => open.splice(0).forEach((stream) => stream.close()))

async function started(): Promise<StoredApi> {
  const api = await startStored({ auth, limits: { tickMs: 20, seriesMs: 40, graphMs: 40 } })
  await api.addBatch(namespacedFlows(realHost().clock.now() - 60_000), realHost().clock.now() - 60_000)
  return api
}

const sum = (rows: readonly (readonly unknown[])[], column: number): number =>
  rows.reduce((total, row) => total + Number(row[column]), 0)
/** Addresses of `vault` are 10.2.x.x. */
const leaks = (value: unknown): string[] => JSON.stringify(value).match(/vault|"10\.2\.\d+\.\d+"/g) ?? []

test('pages contain only visible rows, whatever the filter', async () => {
  const { get } = await started()
  const filters = [
    '',
    'src.ns = vault or dst.ns = vault',
    'not src.ns = shop',
    'src_namespace != nowhere',
    'bytes >= 1',
    'bytes > 0 or bytes = 0',
    'any.ns = vault',
    'either(ns = vault)',
    'not (bytes < 0 and bytes > 0)',
  ]
  for (const user of users) {
    for (const filter of user === 'admin' || user === 'viewer' ? [''] : filters) {
      for (const both of ['false', 'true']) {
        const { status, body } = await get(
          'flows',
          { filter, both_ways: both, columns: 'bytes,src_namespace,dst_namespace,src_addr,dst_addr' },
          bearer(user),
        )
        expect(status).toBe(200)
        const rows = body['rows'] as number[][]
        expect(sum(rows, 0) & ~sees[user], `${user} ${filter}`).toBe(0)
        if (user === 'shop' || user === 'none') expect(leaks(body)).toEqual([])
        if (filter === '' || filter.startsWith('bytes')) expect(sum(rows, 0), `${user} ${filter}`).toBe(sees[user])
      }
    }
  }
})

test('a cursor reveals no rows and is invalid for another scope', async () => {
  const { get } = await started()
  const parameters = { columns: 'bytes', sort: 'bytes', limit: '2' }
  const first = await get('flows', parameters, bearer('shop'))
  const second = await get('flows', { ...parameters, cursor: String(first.body['next']) }, bearer('shop'))
  expect([first.body['rows'], second.body['rows'], second.body['next']]).toEqual([[[1], [2]], [[4]], null])
  const admins = await get('flows', parameters, bearer('admin'))
  expect((await get('flows', { ...parameters, cursor: String(admins.body['next']) }, bearer('shop'))).status).toBe(400)
})

test('series and the sum of all others include only visible rows, from flows and from rollups', async () => {
  const { get } = await started()
  for (const user of users) {
    for (const parameters of [
      {},
      { group: 'src_namespace,dst_namespace' },
      { group: 'src_addr', limit: '1' },
      { group: 'proto' },
      { source: 'raw' },
      { step: '1m', group: 'dst_namespace', both_ways: 'true' },
      { measure: 'drop_bytes', group: 'src_addr', limit: '1' },
    ] as const) {
      const { status, body } = await get('series', parameters, bearer(user))
      expect(status).toBe(200)
      const bytes = (body['columns'] as { name: string }[]).findIndex(({ name }) => name === 'bytes')
      expect(sum(body['rows'] as unknown[][], bytes), `${user} ${JSON.stringify(parameters)}`).toBe(sees[user])
      if ('measure' in parameters) expect(sum(body['rows'] as unknown[][], bytes + 3), user).toBe(sees[user])
      if (user === 'shop' || user === 'none') expect(leaks(body)).toEqual([])
    }
  }
})

test('equal requests at the same time share runs within a scope only', async () => {
  const { get, control } = await started()
  let requests = 0
  control.storeLag = () => void requests++
  const store = control.store!
  const { promise, resolve } = Promise.withResolvers<void>()
  control.store = { ...store, query: (...about) => promise.then(() => store.query(...about)) }
  const answers = [...users, ...users].map(async (user) => {
    const { body } = await get('topology', { scope: 'addr', source: 'raw', from: 'now-1h' }, bearer(user))
    return { user, body, bytes: Number((body['total'] as { bytes: unknown }).bytes ?? 0) }
  })
  await expect.poll(() => requests).toBe(2 * users.length)
  resolve()
  for (const { user, body, bytes } of await Promise.all(answers)) {
    expect(bytes, user).toBe(sees[user])
    if (user === 'shop' || user === 'none') expect(leaks(body)).toEqual([])
  }
})

test('edges and the sums of all edges include only visible rows', async () => {
  const { get } = await started()
  for (const user of users) {
    for (const scope of ['addr', 'namespace', 'namespace,addr']) {
      const { body } = await get('topology', { scope, limit: '1', by: 'drop_bytes' }, bearer(user))
      const total = body['total'] as { bytes: unknown; drop_bytes: unknown }
      expect([Number(total.bytes ?? 0), Number(total.drop_bytes ?? 0)], `${user} ${scope}`).toEqual([
        sees[user],
        sees[user],
      ])
      if (user === 'shop' || user === 'none') expect(leaks(body)).toEqual([])
    }
  }
})

test('the overview of Home includes only visible rows', async () => {
  const { get } = await started()
  for (const user of users) {
    const { status, body } = await get('home', {}, bearer(user))
    expect(status).toBe(200)
    const { total } = body['talkers'] as { total: { bytes: unknown } }
    expect(Number(total.bytes ?? 0), user).toBe(sees[user])
    if (user === 'shop' || user === 'none') expect(leaks(body)).toEqual([])
  }
})

test('conversations and their totals include only visible rows', async () => {
  const { get } = await started()
  for (const user of users) {
    for (const filter of ['', 'any.ns = vault']) {
      const { status, body } = await get('conversations', { filter }, bearer(user))
      expect(status).toBe(200)
      if (filter === '') expect(Number((body['total'] as { bytes: unknown }).bytes ?? 0), user).toBe(sees[user])
      if (user === 'shop' || user === 'none') expect(leaks(body)).toEqual([])
    }
  }
})

test('numbers of values are those of visible rows', async () => {
  const { get } = await started()
  const fields = ['src_addr', 'dst_namespace', 'dst_port']
  for (const user of users) {
    const { body } = await get('flows/distinct', { fields: fields.join(), source: 'raw' }, bearer(user))
    for (const [index, group] of fields.entries()) {
      const { rows } = (await get('flows', { group, limit: '1000' }, bearer(user))).body as { rows: unknown[][] }
      const values = rows.filter(([value]) => value !== null)
      expect((body['rows'] as unknown[][])[index], user).toEqual([group, values.length])
    }
    if (user === 'shop' || user === 'none') expect(leaks(body)).toEqual([])
  }
})

const views = [
  { id: 'rows', kind: 'rows', q: { stream: 'flows' } },
  { id: 'filtered', kind: 'rows', q: { stream: 'flows', filter: 'any.ns = vault', where: { proto: 6 } } },
  { id: 'series', kind: 'series', q: { stream: 'flows' }, columns: ['bytes'], scope: ['src_namespace'] },
  { id: 'graph', kind: 'graph', q: { stream: 'flows' }, columns: ['bytes'], scope: ['src_addr', 'dst_addr'] },
  { id: 'stat', kind: 'stat', q: { stream: 'flows' } },
]

test.each(['beforehand', 'with the request'])(
  'the live stream, with views set %s, shows, sums and counts only visible rows, present and new',
  async (how) => {
    const { url, control } = await started()
    control.publish(namespacedFlows(realHost().clock.now()))
    control.publish(someEvents('a'), 'http')
    let opened = 0
    await Promise.all(
      users.map(async (user) => {
        const sid = `session-${user}`
        if (how === 'beforehand')
          await fetch(`${url}/api/v1/live/${sid}`, {
            method: 'PUT',
            headers: { ...bearer(user), 'content-type': 'application/json' },
            body: JSON.stringify({ views }),
          })
        const stream = await EventStream.open(
          `${url}/api/v1/live?sid=${sid}`,
          bearer(user),
          how === 'beforehand' ? undefined : { views },
        )
        open.push(stream)
        const rows = pairs.filter((_, row) => (sees[user] & (2 ** row)) !== 0).length
        await stream.until(({ event }) => event === 'hello')
        opened += 1
        if (opened === users.length) control.publish(namespacedFlows(realHost().clock.now()))
        if (rows > 0) await stream.untilRows('rows', rows * 2)
        // The second count includes every row.
        await stream.until(
          ({ event, data }) =>
            event === 'stat' && (data['views'] as Record<string, { matched: number }>)['stat']?.matched === rows,
        )
        await stream.until(
          ({ event }) => event === 'stat' && stream.events.filter((one) => one.event === 'stat').length > 1,
        )
        const hello = stream.events.find(({ event }) => event === 'hello')
        expect(hello?.data['ring'], user).toMatchObject({
          flows: rows,
          events: user === 'admin' || user === 'viewer' ? 1 : 0,
        })
        if (user === 'shop' || user === 'none')
          expect(
            stream.events.flatMap(({ event, data }) => (event === 'hello' ? [] : leaks(data))),
            user,
          ).toEqual([])
        const bytes =
          (stream.events.filter(({ event }) => event === 'rows').at(-1)?.data['cols'] as string[] | undefined)?.indexOf(
            'bytes',
          ) ?? 0
        expect(sum(stream.rows('rows'), bytes) % Math.max(1, sees[user]), user).toBe(0)
        const buckets = stream.events
          .filter(({ event }) => event === 'series')
          .flatMap(({ data }) => data['buckets'] as [string, number[]][])
        for (const [, [, total = 0]] of buckets) expect(sees[user] === 0 ? total : total % sees[user], user).toBe(0)
      }),
    )
  },
)

test('a viewer without events gets an error on request, and none by default', async () => {
  const { url, control } = await started()
  const refused = await fetch(`${url}/api/v1/live/session-e`, {
    method: 'PUT',
    headers: { ...bearer('shop'), 'content-type': 'application/json' },
    body: JSON.stringify({ views: [{ id: 'e', kind: 'rows', q: { stream: 'events' } }] }),
  })
  const posted = await fetch(`${url}/api/v1/live?sid=session-f`, {
    method: 'POST',
    headers: { ...bearer('shop'), 'content-type': 'application/json' },
    body: JSON.stringify({ views: [{ id: 'e', kind: 'rows', q: { stream: 'events' } }] }),
  })
  expect(posted.status).toBe(403)
  expect([refused.status, await refused.json()]).toMatchObject([
    403,
    { code: 'WEIR_API_FORBIDDEN', detail: expect.stringContaining('View "e" requests events') as unknown },
  ])
  control.publish(someEvents('a'), 'http')
  const stream = await EventStream.open(`${url}/api/v1/live`, bearer('shop'))
  open.push(stream)
  control.publish(namespacedFlows(realHost().clock.now()))
  await stream.untilRows('flows', 3)
  expect(stream.rows('events')).toEqual([])
})

test('a tap returns only visible rows, of a source and of a sink, with a filter and without', async () => {
  const { url, control } = await started()
  for (const user of ['shop', 'peers', 'admin'] as const) {
    const rows = pairs.filter((_, row) => (sees[user] & (2 ** row)) !== 0).length
    for (const filter of ['', 'bytes >= 1']) {
      const answer = await fetch(
        `${url}/api/v1/tap?${new URLSearchParams({ source: 'netflow', limit: String(rows), filter }).toString()}`,
        { headers: bearer(user) },
      )
      control.publish(someEvents('a'), 'netflow')
      control.publish(namespacedFlows(realHost().clock.now()))
      const lines = (await answer.text())
        .split('\n')
        .filter((line) => line !== '' && (user !== 'admin' || !line.includes('specversion')))
        .map((line) => JSON.parse(line) as { bytes: number })
      if (user !== 'admin') expect(lines.reduce((total, { bytes }) => total + bytes, 0)).toBe(sees[user])
      if (user === 'shop') expect(leaks(lines)).toEqual([])
    }
  }
  const sink = await fetch(`${url}/api/v1/tap?sink=bus&limit=2`, { headers: bearer('shop') })
  control.publish(namespacedFlows(realHost().clock.now()))
  // The sink receives every second row; of these, rows 0 and 2 belong to shop only.
  const ids = (await sink.text())
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { _pos: string })._pos)
  const opaque = await Opaque.of(auth, realHost())
  expect(ids.map((id) => opaque?.open(id)?.split(':').at(-1))).toEqual(['0', '2'])
})

test('without a store the ring shows and sums only visible rows', async () => {
  const { get, control } = await started()
  control.store = undefined
  control.publish(namespacedFlows(realHost().clock.now()))
  for (const user of users) {
    const page = (await get('flows', { columns: 'bytes,src_namespace,dst_namespace,src_addr,dst_addr' }, bearer(user)))
      .body
    const [series, edges, groups, conversations] = await Promise.all([
      get('series', { group: 'src_addr', limit: '1', measure: 'drop_bytes' }, bearer(user)),
      get('topology', { limit: '1', by: 'drop_bytes' }, bearer(user)),
      get('flows', { group: 'dst_namespace', limit: '1', of: 'bytes' }, bearer(user)),
      get('conversations', { limit: '1' }, bearer(user)),
    ])
    expect(page['source']).toBe('ring')
    expect(sum(page['rows'] as number[][], 0), user).toBe(sees[user])
    expect([sum(series.body['rows'] as number[][], 3), sum(series.body['rows'] as number[][], 6)], user).toEqual([
      sees[user],
      sees[user],
    ])
    expect(Number((edges.body['total'] as { drop_bytes: unknown }).drop_bytes ?? 0), user).toBe(sees[user])
    for (const { body } of [edges, groups, conversations])
      expect(Number((body['total'] as { bytes: unknown }).bytes ?? 0), user).toBe(sees[user])
    if (user === 'shop' || user === 'none')
      expect(leaks([page, series.body, edges.body, groups.body, conversations.body])).toEqual([])
  }
})

test('completion and export use only visible rows, of the store and of the ring', async () => {
  const { url, control } = await started()
  const bytesOf = async (user: User): Promise<number> => {
    const answer = await fetch(`${url}/api/v1/export?columns=bytes,src_namespace,dst_namespace&format=ndjson`, {
      headers: bearer(user),
    })
    const rows = (await answer.text())
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { bytes: number })
    if (user === 'shop' || user === 'none') expect(leaks(rows)).toEqual([])
    return rows.reduce((total, { bytes }) => total + bytes, 0)
  }
  const complete = async (user: User, body: object): Promise<unknown> =>
    (
      await fetch(`${url}/api/v1/complete`, {
        method: 'POST',
        headers: { ...bearer(user), 'content-type': 'application/json' },
        body: JSON.stringify({ prefix: '', ...body }),
      })
    ).json()
  const check = async (): Promise<void> => {
    for (const user of users) {
      expect(await bytesOf(user), user).toBe(sees[user])
      const bytes = (await complete(user, { field: 'bytes', limit: 100 })) as {
        values: { value: number; count: number }[]
      }
      expect(
        bytes.values.reduce((total, { value }) => total + value, 0),
        user,
      ).toBe(sees[user])
      for (const field of ['any.ns', 'src_addr', 'dst_namespace'])
        if (user === 'shop' || user === 'none') expect(leaks(await complete(user, { field }))).toEqual([])
      // The store reports the used fields asynchronously.
      await expect
        .poll(async () =>
          ((await complete(user, {})) as { fields: { used: boolean }[] }).fields.some(({ used }) => used),
        )
        .toBe(sees[user] > 0)
    }
  }
  await check()
  // Without a store, the flows in memory.
  control.publish(namespacedFlows(realHost().clock.now()))
  await check()
  control.store = undefined
  await check()
})

test('every scoped operation is tested here, or beside its route for objects, traces and images', () => {
  expect(
    Object.keys(accessRules)
      .filter((id) => accessRules[id]?.access === 'scoped')
      .toSorted(),
  ).toEqual([
    'alertHistory',
    'alerts',
    'audit',
    'auditColumns',
    'auditFirstSeen',
    'auditLogins',
    'auditNewest',
    'auditSums',
    'auditTrace',
    'change',
    'changeSums',
    'changes',
    'compareMoments',
    'complete',
    'conversations',
    'distinctFlows',
    'exportFlows',
    'exportIncident',
    'facts',
    'flaws',
    'flows',
    'graph',
    'graphPaths',
    'home',
    'imageDiff',
    'images',
    'incident',
    'incidentHistory',
    'incidents',
    'investigate',
    'levels',
    'live',
    'lokiDetectedFieldValues',
    'lokiDetectedFieldValuesForm',
    'lokiDetectedFields',
    'lokiDetectedFieldsForm',
    'lokiDetectedLabels',
    'lokiDetectedLabelsForm',
    'lokiLabelValues',
    'lokiLabelValuesForm',
    'lokiLabels',
    'lokiLabelsForm',
    'lokiQuery',
    'lokiQueryForm',
    'lokiQueryRange',
    'lokiQueryRangeForm',
    'lokiSeries',
    'lokiSeriesForm',
    'lokiStats',
    'lokiStatsForm',
    'lokiTail',
    'lokiVolume',
    'lokiVolumeForm',
    'lokiVolumeRange',
    'lokiVolumeRangeForm',
    'marks',
    'openLive',
    'packages',
    'problemSums',
    'problems',
    'promFederate',
    'promLabelValues',
    'promLabels',
    'promLabelsForm',
    'promQuery',
    'promQueryForm',
    'promQueryRange',
    'promQueryRangeForm',
    'promSeries',
    'promSeriesForm',
    'promStatusTsdb',
    'resource',
    'resources',
    'series',
    'setLive',
    'tap',
    'topology',
    'transfers',
    'why',
  ])
})
