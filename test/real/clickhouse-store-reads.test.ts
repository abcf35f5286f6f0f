// What queries of the API read in ClickHouse: parts of their span, and tables of sums instead of flows.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sqlExamples } from '../../console/src/pages/sql/text.ts'
import { groupField, rowQueryOf } from '../../src/topics/flows/row-query.ts'
import { columnsOf, sortOf } from '../../src/topics/flows/page.ts'
import { local } from '../../src/api/access/principal.ts'
import { start } from '../../src/api/testing/kit.ts'
import { namespacedFlows } from '../../src/api/testing/namespaces.ts'
import { RecordingControl } from '../../src/api/testing/recording-control.ts'
import type { StoreReader } from '../../src/engine/control.ts'
import { realHost, type Host } from '../../src/host/index.ts'
import { clickhouse, clickhouseSettings, flowNames, readFilter } from '../../src/query/index.ts'
import { groupsSql, pageSql, windowSql, windowsOf, type PageRequest } from '../../src/query/plan/index.ts'
import { conditionOf } from '../../src/query/plan/row-query.ts'
import { compileSql } from '../../src/query/sql.ts'
import { hourRowsSql, storedSums, sumFactsSql, type HourRows, type SumFacts } from '../../src/store/clickhouse/index.ts'
import { readingAids } from '../../src/store/clickhouse/reading-aids.ts'
import { anyFlows } from '../../src/store/testing/any-flows.ts'
import { startOfDay } from '../../src/store/testing/frames.ts'
import { queryRows } from '../../src/store/testing/query-rows.ts'
import { temporaryStores } from '../../src/store/testing/temporary.ts'
import type { SpanTime } from '../../src/topics/flows/parameters.ts'
import { SeededRandom } from '../kit/random.ts'
import { installChdb } from './install/chdb.ts'
import { bothStores, longAges, type BothStores } from './kit/both-stores.ts'
import { startChdb, type ChdbServer } from './kit/chdb.ts'
import { clusterEvents } from './kit/cluster-events.ts'

let server: ChdbServer

beforeAll(async () => {
  if ((await installChdb()).path !== undefined) server = await startChdb()
}, 180_000)

beforeEach(async (context) => {
  const found = await installChdb()
  if (found.path === undefined) context.skip(found.reason)
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
})

const stores = temporaryStores()
const msPerDay = 86_400_000
const now = startOfDay + 7_200_000
const host: Host = { ...realHost(), clock: { ...realHost().clock, now: () => now } }
const names = (database: string) => ({ database, table_prefix: 'weir_' })

function opened(database: string): Promise<BothStores> {
  // Sinks get resolved rows; here neither store resolves.
  return stores
    .open({ resolver: { generation: 1, resolve: () => ({ is: 'unknown' }) } })
    .then((store) => bothStores(server.url, database, store, clickhouseSettings))
}

/** As the SQL page runs them. */
async function userRows(reader: StoreReader, sql: string): Promise<readonly unknown[]> {
  const never = new AbortController().signal
  const chunks: Uint8Array[] = []
  if (reader.isolated === undefined) return queryRows(reader, sql)
  const rows = await reader.isolated({ sql, format: 'json', bound: 'work' }, never)
  for await (const chunk of rows) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString()) as readonly unknown[]
}

/** Of each read table: parts before and after all indexes. */
async function partsOf(reader: StoreReader, sql: string): Promise<readonly Readonly<{ read: number; all: number }>[]> {
  const plan = (await queryRows(reader, `EXPLAIN indexes = 1 ${sql}`)).map(({ explain }) => String(explain))
  const tables: { read: number; all: number }[] = []
  for (const line of plan) {
    if (line.includes('ReadFromMergeTree')) tables.push({ read: Number.NaN, all: Number.NaN })
    const [, read, all] = /Parts: (\d+)\/(\d+)/.exec(line) ?? []
    const table = tables.at(-1)
    if (read === undefined || table === undefined) continue
    table.read = Number(read)
    if (Number.isNaN(table.all)) table.all = Number(all)
  }
  return tables
}

it('a query of the newest hours skips the parts of other days', async () => {
  const both = await opened('reads_parts')
  const random = new SeededRandom(5)
  for (let day = 4; day >= 0; day--) {
    const received = startOfDay - day * msPerDay
    await both.add(namespacedFlows(received), received)
    await both.addEvents(
      clusterEvents(random, 20).map((event) => ({ ...event, time: received })),
      received,
    )
  }
  const rowQuery = (time: SpanTime) => rowQueryOf({ from: 'now-3h', to: 'now', time }, 'flow_time', now, local)
  const span = rowQuery('flow_time').span
  const { time: at } = clickhouse
  const within = (column: string): string => `${column} >= ${at(span.from)} AND ${column} < ${at(span.to)}`
  for (const sql of [
    `SELECT sum(bytes_est) FROM flows WHERE ${conditionOf(rowQuery('flow_time'), clickhouse)}`,
    `SELECT src_addr FROM flows WHERE ${conditionOf(rowQuery('time_received'), clickhouse)} ORDER BY time_received`,
    ...['flows_1m', 'flows_5m'].map((view) => `SELECT sum(bytes_est) FROM ${view} WHERE ${within('time')}`),
    `SELECT id FROM events WHERE ${within('time_received')}`,
    `SELECT id FROM audit WHERE ${within('time')}`,
  ])
    expect({ sql, parts: await partsOf(both.outside, sql) }).toEqual({ sql, parts: [{ read: 1, all: 5 }] })
  // Changes, and the requests of their day.
  const changes = `SELECT actor FROM ${clickhouse.changesIn(span)} WHERE ${within('time')}`
  const tables = await partsOf(both.outside, changes)
  expect(tables.length).toBeGreaterThan(1)
  for (const { read, all } of tables) expect([all, read <= 2]).toEqual([5, true])
  await both.close()
}, 120_000)

describe('with flows of a day', () => {
  const database = 'reads_day'
  const day = { from: String(startOfDay), to: String(startOfDay + msPerDay - 1) }
  const [rows, perInsert] = [300_000, 100_000]
  let both: BothStores

  beforeAll(async () => {
    if ((await installChdb()).path === undefined) return
    both = await opened(database)
    await queryRows(both.outside, 'SELECT 1')
    for (let from = 0; from < rows; from += perInsert) await server.run(insertOfDay(database, from, perInsert, rows))
  }, 240_000)

  afterAll(() => both?.close())

  const groupsOf = (group: string, filter: string): string => {
    const request = rowQueryOf({ ...day, filter }, 'flow_time', now, local)
    return groupsSql({ ...request, group: group.split(',').map(groupField), by: 'bytes', limit: 10 }, clickhouse)
  }

  it.each([
    ['src_addr', '', 'hourly_sources', 0.3],
    ['src_endpoint', '', 'hourly_sources', 0.3],
    ['dst_addr', 'proto = 6', undefined, 1],
    ['dst_endpoint', 'dst.addr = 20.0.0.0/8', 'hourly_destinations', 0.3],
    ['service_port', 'proto = 6', 'hourly_services', 0.3],
    ['src_addr,dst_addr', '', 'hourly_pairs', 0.6],
  ] as const)('groups by %s %s read sums, and are those of the flows', async (group, filter, sums, share) => {
    const sql = groupsOf(group, filter)
    const { names: projections, read } = await readOf(both.outside, partsOfGroups(sql))
    expect(projections).toEqual(sums === undefined ? [] : [sums])
    expect(read / (await readOf(both.outside, 'SELECT bytes FROM flows')).read).toBeLessThanOrEqual(share)
    // No sums have bytes as a column.
    const ofFlows = groupsOf(group, filter === '' ? 'bytes >= 0' : `${filter} and bytes >= 0`)
    expect((await readOf(both.outside, partsOfGroups(ofFlows))).names).toEqual([])
    const found = await queryRows(both.outside, sql)
    expect(found).toEqual(await queryRows(both.outside, ofFlows))
    expect(found.length).toBeGreaterThan(1)
  })

  it('the newest page and the flows of one address read a fraction of the rows', async () => {
    const hours = (await queryRows(both.outside, hourRowsSql(names(database)))) as unknown as HourRows[]
    expect(hours.map((hour) => hour.rows).reduce((sum, one) => sum + one, 0)).toBe(rows)
    const page: PageRequest = {
      ...rowQueryOf({ ...day }, 'time_received', startOfDay + msPerDay, local),
      columns: columnsOf('*'),
      sort: sortOf('-time_received'),
      limit: 100,
      upTo: BigInt(startOfDay + msPerDay) * 1000n,
    }
    const [window] =
      windowsOf(
        page,
        hours.map(({ from, rows: count }) => ({ from, to: from + 3_600_000, rows: count })),
      ) ?? []
    const { read: all } = await readOf(both.outside, 'SELECT bytes FROM flows')
    const newest = pageSql(page, windowSql(page, window!.span, clickhouse), clickhouse)
    expect((await readOf(both.outside, newest)).read / all).toBeLessThan(0.1)
    expect(await queryRows(both.outside, newest)).toEqual(
      await queryRows(both.outside, pageSql(page, undefined, clickhouse)),
    )
    const { bound } = readFilter('any.addr = 20.9.9.9', flowNames)
    const needle = `SELECT _pos FROM flows WHERE ${compileSql(bound, { dialect: clickhouse })}`
    expect((await readOf(both.outside, needle)).read / all).toBeLessThan(0.4)
    expect((await queryRows(both.outside, needle)).length).toBeGreaterThan(0)
  }, 120_000)

  it('a table of today gets its indexes and sums at the next start, and mixed parts have the same sums', async () => {
    const old = 'reads_upgrade'
    const first = await opened(old)
    await queryRows(first.outside, 'SELECT 1')
    for (const aid of readingAids()) await server.run(`ALTER TABLE ${old}.weir_flows DROP ${aid.kind} \`${aid.name}\``)
    await server.run(insertOfDay(old, 0, 1000, 2000))
    await first.close()
    const second = await opened(old)
    await queryRows(second.outside, 'SELECT 1')
    await server.run(insertOfDay(old, 1000, 1000, 2000))
    const known = await server.ask<{ name: string }>(
      `SELECT name FROM system.projections WHERE database = '${old}' AND table = 'weir_flows' UNION ALL ` +
        `SELECT name FROM system.data_skipping_indices WHERE database = '${old}' AND table = 'weir_flows'`,
    )
    expect(known.map(({ name }) => name)).toEqual(expect.arrayContaining(readingAids().map(({ name }) => name)))
    for (const group of ['src_addr', 'service_port'])
      expect(await queryRows(second.outside, groupsOf(group, ''))).toEqual(
        await queryRows(second.outside, groupsOf(group, 'bytes >= 0')),
      )
    await second.close()
  }, 120_000)
})

/** Flows `from` on of `all` that are received over a day. */
function insertOfDay(database: string, from: number, count: number, all: number): string {
  const offset = `toIntervalMillisecond(intDiv(number * ${msPerDay}, ${all}))`
  const at = `toDateTime64(${startOfDay / 1000}, 6, 'UTC') + ${offset}`
  return (
    `INSERT INTO ${database}.weir_flows (_writer, _source, _epoch, _sequence, _row, _received, time_end, src_addr, ` +
    'dst_addr, src_port, dst_port, proto, bytes, packets, sampling, src_name) SELECT ' +
    `'store', 'netflow', 1, intDiv(number, 1000), number % 1000, ${at}, ${at} - toIntervalSecond(number % 90), ` +
    `toIPv6(concat('10.0.0.', toString(cityHash64(number) % 200))), toIPv6(if(number % 60000 = 59999, '20.9.9.9', ` +
    `concat('20.0.0.', toString(cityHash64(number, 3) % 10)))), [443, 53, 30000][1 + number % 3], ` +
    '40000 + cityHash64(number, 4) % 9000, ' +
    `if(number % 7 = 0, 17, 6), cityHash64(number, 5) % 1500, 1, if(number % 2 = 0, 10, NULL), ` +
    `if(cityHash64(number) % 4 = 0, 'web', NULL) FROM numbers(${from}, ${count})`
  )
}

/** The plan of a statement lacks those of its materialized parts. */
function partsOfGroups(sql: string): string {
  return sql.slice(sql.indexOf('(') + 1, sql.indexOf('), ranked'))
}

/** Granules that a statement reads, and the sums instead of flows. */
async function readOf(reader: StoreReader, sql: string): Promise<Readonly<{ read: number; names: readonly string[] }>> {
  const plan = (await queryRows(reader, `EXPLAIN indexes = 1, projections = 1 ${sql}`)).map(({ explain }) =>
    String(explain),
  )
  const granules = plan.map((line) => Number(/Parts: \d+ \| Granules: (\d+)/.exec(line)?.[1] ?? 0))
  const sums = plan.flatMap((line) => /ReadFromMergeTree \((hourly_\w+)\)/.exec(line)?.[1] ?? [])
  return { read: granules.reduce((sum, one) => sum + one, 0), names: [...new Set(sums)] }
}

it('runs the examples of the SQL page, with the rows of the embedded store', async () => {
  const both = await opened('reads_examples')
  await both.add(namespacedFlows(Date.now()), Date.now())
  await both.addEvents(clusterEvents(new SeededRandom(7), 5), Date.now())
  for (const [title, sql] of sqlExamples) {
    // The page asks for the types of the columns.
    for (const reader of [both.embedded, both.outside])
      expect((await userRows(reader, `DESCRIBE ${sql}`)).length, title).toBeGreaterThan(1)
    const [embedded, outside] = await Promise.all(
      [both.embedded, both.outside].map(async (reader) => (await userRows(reader, sql)).length),
    )
    expect({ title, rows: outside }).toEqual({ title, rows: embedded })
    expect(embedded, title).toBeGreaterThan(0)
  }
  await both.close()
}, 60_000)

it('sums by fields of the tables of sums are read from these, and equal those of the flows', async () => {
  const database = 'reads_sums'
  const both = await opened(database)
  const random = new SeededRandom(6)
  for (let batch = 0; batch < 4; batch++)
    await both.add(anyFlows(random, 60, 0.7, startOfDay).batch, startOfDay + batch * 61_000)
  await both.add(namespacedFlows(startOfDay), startOfDay)
  const sums = async () => {
    const [facts] = await queryRows(both.outside, sumFactsSql(names(database)))
    const ages = Object.fromEntries(Object.keys(longAges).map((name) => [name, 9000 * msPerDay]))
    return storedSums(facts as SumFacts, ages as Record<keyof typeof longAges, number>, now)
  }
  expect((await sums()).flows).toEqual({ rows: 249, first: startOfDay, hours: [] })
  const control = new RecordingControl()
  const { outside } = both
  control.store = {
    dialect: 'clickhouse',
    query: (...query) => outside.query(...query),
    edges: (...query) => outside.edges(...query),
    sums,
  }
  const { api } = await start({ control, host })
  const get = async (path: string, parameters: Readonly<Record<string, string>>): Promise<Record<string, unknown>> => {
    const search = new URLSearchParams({
      from: new Date(startOfDay - 7_200_000).toISOString(),
      to: new Date(now).toISOString(),
      ...parameters,
    }).toString()
    const answer = await fetch(`${api.url}/api/v1/${path}?${search}`)
    expect(answer.status).toBe(200)
    return (await answer.json()) as Record<string, unknown>
  }
  for (const [path, parameters, source] of [
    ['series', { step: '1m' }, 'flows_1m'],
    ['series', { step: '5m', group: 'src_namespace' }, 'flows_5m'],
    ['series', { step: '1h', group: 'src_namespace,dst_owner_name', by: 'packets', limit: '3' }, 'flows_1h'],
    ['series', { step: '1m', group: 'proto', filter: 'src.namespace = shop or direction = 1' }, 'flows_1m'],
    ['topology', { scope: 'namespace' }, 'flows_1h'],
    ['topology', { scope: 'zone', filter: 'not proto = 6', by: 'flows' }, 'flows_1h'],
    ['series', { step: '1h', group: 'dst_port' }, 'raw'],
    ['topology', { scope: 'addr' }, 'raw'],
    ['series', { step: '1h', of: 'rtt' }, 'raw'],
  ] as const) {
    const request = `${path} ${JSON.stringify(parameters)}`
    const [answer, flows] = [await get(path, parameters), await get(path, { ...parameters, source: 'raw' })]
    expect({ request, ...answer }).toMatchObject({ request, columns: flows['columns'], source, exact: true })
    expect({ request, ...counted(answer) }).toEqual({ request, ...counted(flows) })
    expect((flows['rows'] as unknown[]).length, request).toBeGreaterThan(0)
  }
  await both.close()
}, 240_000)

/** In tables of sums a sum of absent values is 0: rows with such a sum have another order than those of the flows. */
function counted({ rows, total, columns }: Readonly<Record<string, unknown>>): object {
  const names = (columns as readonly { readonly name: string }[]).map(({ name }) => name)
  const cells = (rows as readonly (readonly unknown[])[]).map((row) =>
    row.map((cell, at) => (['bytes', 'packets'].includes(names[at] ?? '') ? (cell ?? 0) : cell)),
  )
  const isEmpty = (row: readonly unknown[]) =>
    row.every((cell, at) => !['bytes', 'packets'].includes(names[at] ?? '') || cell === 0)
  const ordered = [...cells.filter((row) => !isEmpty(row)), ...sortedRows(cells.filter(isEmpty))]
  return { rows: ordered, total }
}

function sortedRows(rows: readonly (readonly unknown[])[]): readonly string[] {
  return rows.map((row) => JSON.stringify(row)).toSorted()
}
