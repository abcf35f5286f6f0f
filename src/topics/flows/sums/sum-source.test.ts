import { expect, test } from 'vitest'
import type { FileSumsOfPart, StoreReader } from '../../../engine/control.ts'
import { realHost } from '../../../host/index.ts'
import { flowNames, type QueryField } from '../../../query/index.ts'
import { local, principal } from '../../../api/access/principal.ts'
import { rowQueryOf } from '../row-query.ts'
import { sumSource, type SumSource } from './sum-source.ts'
import { pieces } from '../../../api/testing/recording-control.ts'

const limited = principal(
  { id: 'token:shop', name: 'shop', login: 'token' },
  { role: 'viewer', namespaces: ['shop'], peers: 'hidden' },
)
const now = Date.UTC(2026, 10, 20, 12)

type SourceOptions = Readonly<{
  filter?: string
  outlived?: number
  flows?: number
  wanted?: string
  summed?: FileSumsOfPart
}>

/** The source of sums by a field, in a store with this number of rows merged into rollups. */
async function source(
  who: typeof local,
  field: string,
  lost: number,
  { filter = '', outlived = 0, flows = 5_000_000, wanted: mode = 'auto', summed }: SourceOptions = {},
): Promise<SumSource> {
  const store = {
    query: async () => pieces(`[{"lost_1":${lost},"lost_2":${lost},"lost_3":${lost},"flows":${flows},"oldest":0}]`),
    sums: async () => ({
      since: { flows_1m: 0, flows_5m: 0, flows_1h: 0 },
      oldest: 0,
      flows: { rows: flows, first: outlived > 0 ? 8e12 : 0, hours: [{ from: now - 21_600_000, to: now, rows: flows }] },
      ...(summed === undefined ? {} : { fileSums: { src: summed, service: summed } }),
    }),
  } as unknown as StoreReader
  const rowQuery = rowQueryOf({ filter, from: 'now-6h', to: 'now' }, 'flow_time', now, who)
  const group = flowNames.field(field)
  return sumSource(
    readingOf(store, who),
    rowQuery,
    { fields: group === undefined ? [] : [group], step: summed === undefined ? 3600 : undefined },
    mode,
  )
}

function readingOf(
  store: StoreReader,
  viewer: typeof local,
  elapsed = { ms: 0 },
  signal = new AbortController().signal,
): Parameters<typeof sumSource>[0] {
  const clock = { ...realHost().clock, monotonic: () => elapsed.ms }
  return { store, viewer, signal, instance: { host: { clock } } }
}

test('facts about a rollup are queried once for concurrent requests, and again for exact results', async () => {
  let queries = 0
  const answer = Promise.withResolvers<void>()
  const store = {
    query: async () => {
      queries++
      await answer.promise
      return pieces('[{"lost_1":0,"lost_2":0,"lost_3":0,"flows":5000000,"oldest":0}]')
    },
    sums: async () => ({
      since: { flows_1m: 0, flows_5m: 0, flows_1h: 0 },
      oldest: 0,
      flows: { rows: 5_000_000, first: 0 },
    }),
  } as unknown as StoreReader
  const elapsed = { ms: 0 }
  const ask = (field: string, mode: string): Promise<SumSource> => {
    const rowQuery = rowQueryOf({ from: 'now-6h', to: 'now' }, 'flow_time', now, local)
    const fields = [flowNames.field(field) as QueryField]
    return sumSource(readingOf(store, local, elapsed), rowQuery, { fields, step: 3600 }, mode)
  }
  const all = [ask('src_namespace', 'auto'), ask('proto', 'auto'), ask('src_addr', 'rough')]
  answer.resolve()
  for (const { rollup, exact } of await Promise.all(all)) expect([rollup?.view, exact]).toEqual(['flows_1h', true])
  expect(queries).toBe(1)
  elapsed.ms = 9000
  await ask('src_addr', 'rough')
  expect(queries).toBe(1)
  await ask('src_addr', 'auto')
  expect(queries).toBe(2)
  elapsed.ms = 20_000
  await ask('src_addr', 'rough')
  expect(queries).toBe(3)
})

test('facts about a rollup end when the last client that waits for them disconnects', async () => {
  const ended: AbortSignal[] = []
  const store = {
    query: (_sql: string, _format: string, signal: AbortSignal) => {
      ended.push(signal)
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    },
    sums: async () => ({
      since: { flows_1m: 0, flows_5m: 0, flows_1h: 0 },
      oldest: 0,
      flows: { rows: 5_000_000, first: 0 },
    }),
  } as unknown as StoreReader
  const clients = [new AbortController(), new AbortController()] as const
  const rowQuery = rowQueryOf({ from: 'now-6h', to: 'now' }, 'flow_time', now, local)
  const fields = [flowNames.field('src_namespace') as QueryField]
  const answers = clients.map(({ signal }) =>
    sumSource(readingOf(store, local, { ms: 0 }, signal), rowQuery, { fields, step: 3600 }, 'auto'),
  )
  await expect.poll(() => ended.length).toBe(1)
  clients[0].abort()
  await expect(answers[0]).rejects.toThrow('aborted')
  expect(ended[0]?.aborted).toBe(false)
  clients[1].abort()
  await expect(answers[1]).rejects.toThrow('aborted')
  expect(ended[0]?.aborted).toBe(true)
})

test('a rollup that did not suffice is read again after a minute, for another request, or after expiry', async () => {
  let queries = 0
  const flows = { rows: 5_000_000, first: 0 }
  const store = {
    query: async () => {
      queries++
      return pieces('[{"lost_1":9,"lost_2":0,"lost_3":0,"lost_flows_1":4000000,"flows":5000000,"oldest":0}]')
    },
    sums: async () => ({ since: { flows_1m: 0, flows_5m: 0, flows_1h: 0 }, oldest: 0, flows }),
  } as unknown as StoreReader
  const elapsed = { ms: 0 }
  const reads = async (from = 'now-6h', filter = ''): Promise<number> => {
    const before = queries
    const rowQuery = rowQueryOf({ filter, from, to: 'now' }, 'flow_time', now, local)
    const fields = [flowNames.field('src_addr') as QueryField]
    const { rollup } = await sumSource(readingOf(store, local, elapsed), rowQuery, { fields, step: 3600 }, 'auto')
    expect(rollup === undefined).toBe(flows.first === 0)
    return queries - before
  }
  expect([await reads(), await reads(), await reads('now-7h'), await reads('now-6h', 'proto = 6')]).toEqual([
    1, 0, 1, 1,
  ])
  flows.first = 8e12
  expect(await reads()).toBe(1)
  flows.first = 0
  elapsed.ms = 60_000
  expect([await reads(), await reads()]).toEqual([1, 0])
})

test("a limited viewer's sums use a rollup only if it has no merged rows", async () => {
  for (const field of ['src_namespace', 'dst_port']) {
    expect((await source(limited, field, 0)).rollup?.view, field).toBe('flows_1h')
    expect((await source(limited, field, 3)).rollup, field).toBeUndefined()
    expect((await source(local, field, 3)).rollup?.view, field).toBe('flows_1h')
  }
})

test('a filter that a rollup cannot evaluate uses the flows while they are stored', async () => {
  expect((await source(local, 'proto', 0, { filter: 'src_namespace = shop' })).rollup?.view).toBe('flows_1h')
  expect(await source(local, 'proto', 3, { filter: 'src_namespace = shop' })).toEqual({ exact: true })
  expect(await source(local, 'proto', 3, { filter: 'src_namespace = shop', outlived: 5 })).toMatchObject({
    rollup: { view: 'flows_1h' },
    exact: false,
  })
})

test('the result is inexact if rows were merged, or other ports than those of services', async () => {
  expect((await source(local, 'src_namespace', 0)).exact).toBe(true)
  expect((await source(local, 'src_namespace', 3)).exact).toBe(false)
  expect((await source(local, 'dst_port', 0)).exact).toBe(false)
  expect((await source(limited, 'dst_port', 0)).exact).toBe(false)
})

test('few stored flows are read directly where a rollup could be inexact and exactness is required', async () => {
  for (const field of ['src_namespace', 'dst_port']) {
    expect(await source(local, field, 3, { flows: 1000 })).toEqual({ exact: true })
    expect((await source(local, field, 3, { flows: 1000, outlived: 1 })).rollup?.view).toBe('flows_1h')
    expect((await source(local, field, 3, { flows: 1000, wanted: 'rough' })).rollup?.view).toBe('flows_1h')
  }
  expect(await source(limited, 'src_namespace', 0, { flows: 1000 })).toEqual({ exact: true })
  expect((await source(local, 'none', 0, { flows: 1000 })).rollup?.view).toBe('flows_1h')
})

test('sums of files are used where a rollup is inexact, unless they are few or too many', async () => {
  const large = { flows: 200_000_000, summed: { rows: 12_000_000, without: [] } }
  const view = async (field: string, options: SourceOptions) => (await source(local, field, 3, options)).rollup?.view
  expect(await source(local, 'src_addr', 3, large)).toMatchObject({ rollup: { view: 'flows_by_src' }, exact: true })
  expect(await view('src_addr', { ...large, filter: 'src_as = 1' })).toBe('flows_by_src')
  expect(await view('src_addr', { ...large, filter: 'dst_as = 1' })).toBeUndefined()
  expect(await view('service_port', large)).toBe('flows_by_service')
  expect(await view('proto', large)).toBe('flows_by_service')
  expect(await view('src_addr', { ...large, wanted: 'rough' })).toBe('flows_1h')
  // Flows of the range were removed before their rollups.
  expect(await view('src_addr', { ...large, outlived: 1 })).toBe('flows_1h')
  const without = (rows: number) => [{ from: now - 3_600_000, to: now, rows }]
  expect(await view('src_addr', { ...large, summed: { rows: 1000, without: without(19e6) } })).toBe('flows_by_src')
  expect(await view('src_addr', { ...large, summed: { rows: 1000, without: without(30e6) } })).toBe('flows_1h')
  expect(await view('src_addr', { ...large, summed: { rows: 110e6, without: [] } })).toBe('flows_1h')
})

test('facts of a long range add up those of its whole days, which a later range shares, and of its edges', async () => {
  const statements: string[] = []
  const day = 86_400_000
  const store = {
    query: async (sql: string) => {
      statements.push(sql)
      const [from = 0, to = 0] = [...sql.matchAll(/make_timestamptz\((\d+)\)/g)].map(([, us]) => Number(us))
      const hours = (to - from) / 3_600_000_000
      const none = { lost_1: 0, lost_2: 0, lost_3: 0 }
      const sums = { flows: hours, _rows: 2 * hours, _all_bytes: `${2n ** 60n}` }
      const row = { ...none, ...sums, oldest: hours < 3 ? null : from }
      return pieces(JSON.stringify([row]))
    },
    sums: async () => ({
      since: { flows_1m: 0, flows_5m: 0, flows_1h: 0 },
      oldest: 0,
      flows: { rows: 50_000_000, first: 0 },
    }),
  } as unknown as StoreReader
  const read = (from: number, to: number) => {
    const span = { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
    const rowQuery = rowQueryOf(span, 'flow_time', now, local)
    return sumSource(
      readingOf(store, local),
      rowQuery,
      { fields: [flowNames.field('src_namespace') as QueryField], step: 3600 },
      'auto',
    )
  }
  const { totals, exact } = await read(now - 9.25 * day, now)
  expect(exact).toBe(true)
  expect(totals).toMatchObject({
    flows: 222,
    _rows: 444,
    oldest: (now - 9.25 * day) * 1000,
    _all_bytes: `${3n * 2n ** 60n}`,
  })
  expect(statements).toHaveLength(3)
  await read(now - 9.125 * day, now + day / 4)
  expect(statements).toHaveLength(6)
  expect(new Set(statements).size).toBe(5)
  await read(now - 3 * day, now)
  expect(statements).toHaveLength(7)
})
