// Statements of the API over the same rows: DuckDB with the embedded store, and ClickHouse's engine (chdb).
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { endpointFields, flowNames, jsonText, parse, readFilter, type QueryField } from '../../src/query/index.ts'
import { clickhouse, duckdb, type Dialect } from '../../src/query/dialect.ts'
import {
  conversationRanks,
  conversationsSql,
  exportSql,
  flowTimeSql,
  groupsSql,
  isSortable,
  keysSql,
  pageOf,
  pageSql,
  seriesSql,
  stats,
  valuesSql,
  type AggregateQuery,
  type PageRequest,
  type Rank,
  type RowQuery,
} from '../../src/query/plan/index.ts'
import { compileSql } from '../../src/query/sql.ts'
import { ClickhouseTables } from '../../src/query/testing/clickhouse.ts'
import { randomExpression } from '../../src/query/testing/expressions.ts'
import { randomRows } from '../../src/query/testing/rows.ts'
import { makeBatch } from '../../src/query/testing/tables.ts'
import { FrameMaker, startOfDay } from '../../src/store/testing/frames.ts'
import { queryRows } from '../../src/store/testing/query-rows.ts'
import { temporaryStores } from '../../src/store/testing/temporary.ts'
import { SeededRandom } from '../kit/random.ts'
import { installChdb } from './install/chdb.ts'
import { startChdb, type ChdbServer } from './kit/chdb.ts'

type Row = Readonly<Record<string, unknown>>

describe('chdb', () => {
  const stores = temporaryStores()
  const random = new SeededRandom(26)
  // The embedded store skips files by the receipt of their frames: rows are received in the hour before it.
  const received = (): bigint => BigInt(startOfDay) * 1000n - BigInt(random.pick([0, 1, 999, 1000, 59_000_001]))
  const batch = makeBatch(
    flowNames,
    randomRows(random, flowNames, 400).map((row) => ({ ...row, time_received: received() })),
  )
  const frame = new FrameMaker().batch(batch, startOfDay, 'test')
  let server: ChdbServer
  let tables: ClickhouseTables
  let embedded: (sql: string) => Promise<readonly Row[]>

  beforeAll(async () => {
    if ((await installChdb()).path === undefined) return
    server = await startChdb()
    tables = new ClickhouseTables(server.url)
    await tables.fill(flowNames, batch, frame.header.sourceSequence)
  }, 180_000)

  beforeEach(async (context) => {
    const found = await installChdb()
    if (found.path === undefined) return context.skip(found.reason)
    // Sinks get resolved rows; here neither store resolves.
    const store = await stores.open({ resolver: { generation: 1, resolve: () => ({ is: 'unknown' }) } })
    await store.projection.apply([frame])
    await store.projection.commit()
    embedded = (sql) => queryRows(store.reader, sql)
  })

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
  })

  /** Rows in the JSON of the embedded store. */
  async function both(make: (dialect: Dialect) => string): Promise<readonly (readonly Row[])[]> {
    const [left, right] = [await embedded(make(duckdb)), await tables.rows<Row>(make(clickhouse))]
    return [left, right].map((answer) => answer.map(cellsOf))
  }

  const rowQuery = (filter: string, time = 'flow_time'): RowQuery => ({
    names: flowNames,
    filter: parse(filter, flowNames),
    time:
      time === 'flow_time'
        ? { name: time, sql: (dialect) => `(${flowTimeSql(dialect)})` }
        : { name: time, sql: () => `"${time}"` },
    span: { from: -86_400_000_000n * 400n, to: 253_402_300_799_000_000n },
  })

  const expectEqual = async (name: string, make: (dialect: Dialect) => string): Promise<number> => {
    const [left, right] = await both(make)
    const at = left?.findIndex((row, index) => !isDeepStrictEqual(row, right?.[index])) ?? -1
    const shown = { name, sql: make(clickhouse) }
    expect({ ...shown, rows: right?.length, row: right?.[at] }).toEqual({
      ...shown,
      rows: left?.length,
      row: left?.[at],
    })
    return left?.length ?? 0
  }

  test('300 random filters select the same flows', async () => {
    let matched = 0
    for (let each = 0; each < 300; each++) {
      const { text } = randomExpression(random, flowNames)
      const { bound } = readFilter(text, flowNames)
      matched += await expectEqual(
        text,
        (dialect) => `SELECT _pos FROM flows WHERE ${compileSql(bound, { dialect })} ORDER BY _pos`,
      )
    }
    expect(matched).toBeGreaterThan(5000)
  }, 600_000)

  const field = (name: string): QueryField => {
    const found = flowNames.field(name)
    if (found === undefined) throw new Error(name)
    return found
  }
  const groupings: readonly (readonly QueryField[])[] = [
    [],
    [field('src_namespace')],
    [field('src_addr'), field('dst_addr')],
    [field('proto'), field('dst_port')],
    [endpointFields.src, endpointFields.dst],
    [field('time_skewed'), field('src_name'), field('src_mac')],
    [jsonText(field('extra'))],
  ]
  const ranks: readonly {
    readonly by: Rank
    readonly of?: QueryField
    readonly further?: NonNullable<AggregateQuery['further']>
  }[] = [
    { by: 'bytes' },
    { by: 'flows', further: ['drop_bytes', 'drop_packets'] },
    ...stats.map((by, index) => ({
      by,
      of: field(['rtt', 'bytes', 'dns_latency', 'packets_est', 'in_if', 'out_if'][index] ?? ''),
    })),
  ]

  test('50 sums by time and by group are the same', async () => {
    let [count, found] = [0, 0]
    for (const [at, group] of groupings.entries())
      for (const rank of ranks) {
        const filter = random.chance(0.5) ? '' : randomExpression(random, flowNames).text
        const request = { ...rowQuery(filter), ...rank, limit: random.pick([1, 5, 100]), group }
        if (at > 0) {
          found += await expectEqual(`groups ${at} ${filter}`, (dialect) => groupsSql(request, dialect))
          count++
        }
        if (count % 2 === 0)
          found += await expectEqual(`series ${at} ${filter}`, (dialect) =>
            seriesSql({ ...request, step: 604_800 }, dialect),
          )
      }
    expect(count).toBeGreaterThan(40)
    expect(found).toBeGreaterThan(200)
  }, 600_000)

  test('conversations, values and exports are the same', async () => {
    for (const by of conversationRanks)
      await expectEqual(by, (dialect) => conversationsSql({ ...rowQuery(''), by, limit: 20 }, dialect))
    for (const fields of [[field('src_name'), field('dst_name')], [field('interfaces')], [field('dst_port')]])
      await expectEqual('values', (dialect) =>
        valuesSql({ rowQuery: rowQuery(''), fields, condition: undefined, limit: 50 }, dialect),
      )
    await expectEqual('export', (dialect) =>
      exportSql(
        {
          ...rowQuery('', 'time_received'),
          columns: ['src_addr', 'time_end', 'bytes_est', 'src_name', '_pos'].map(field),
          sort: [
            { field: field('src_addr'), descending: true },
            { field: field('_pos'), descending: false },
          ],
          upTo: 253_402_300_799_000_000n,
        },
        'text',
        dialect,
      ),
    )
  }, 600_000)

  test('pages with cursors have the same rows in the same order, by every sortable field', async () => {
    for (const one of flowNames.fields.filter(isSortable)) {
      const descending = random.chance(0.5)
      let pages: readonly (readonly unknown[])[][] = [[], []]
      for (const [at, dialect] of [duckdb, clickhouse].entries()) {
        let after: PageRequest['after']
        do {
          const request: PageRequest = {
            ...rowQuery('bytes != 0', 'time_received'),
            columns: [one, field('_pos')],
            sort: [{ field: one, descending }],
            limit: 150,
            upTo: 253_402_300_799_000_000n,
            ...(after === undefined ? {} : { after }),
          }
          const keys = keysSql(request, 'by position', dialect)
          if (keys !== undefined) await (at === 0 ? embedded(keys) : tables.rows<Row>(keys))
          const sql = pageSql(request, undefined, dialect)
          const answer = (at === 0 ? await embedded(sql) : await tables.rows<Row>(sql)).map(cellsOf)
          const { rows: shown, next } = pageOf(request, answer)
          pages = pages.map((page, index) => (index === at ? [...page, ...shown] : page))
          after = next
        } while (after !== undefined)
      }
      const at = pages[0]?.findIndex((row, index) => !isDeepStrictEqual(row, pages[1]?.[index])) ?? -1
      const shown = { field: one.name, descending }
      expect({ ...shown, rows: pages[1]?.length, row: pages[1]?.[at] }).toEqual({
        ...shown,
        rows: pages[0]?.length,
        row: pages[0]?.[at],
      })
      expect(pages[0]?.length).toBeGreaterThan(200)
    }
  }, 600_000)
})

/** As texts: integers beyond 2^53 are texts in the JSON of a store; means are rounded. */
function cellsOf(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      const isTime = flowNames.field(name)?.kind === 'time' && typeof value === 'number'
      return [name, isTime ? new Date(Math.floor(value)).toISOString() : cellOf(value, name)]
    }),
  )
}

function round(value: number, name: string): number {
  return name === '_avg' ? Number(value.toPrecision(12)) : value
}

function cellOf(value: unknown, name: string): unknown {
  if (Array.isArray(value)) {
    const cells = value.map((each) => cellOf(each, name))
    // The API reads percentiles by index: no list is a list of NULLs.
    return name === '_p' && cells.every((each) => each === null) ? null : cells
  }
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  // JSON has neither infinity nor -0.
  if (typeof value === 'number') return Number.isFinite(value) ? round(value, name) + 0 : null
  return value ?? null
}
