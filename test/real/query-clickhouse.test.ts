// The filter compiler's ClickHouse target on ClickHouse's engine (chdb).
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { RE2JS } from 're2js'
import { readFilter } from '../../src/query/index.ts'
import { clickhouse } from '../../src/query/dialect.ts'
import { eventNames, flowNames } from '../../src/query/names.ts'
import { compileSql } from '../../src/query/sql.ts'
import { agreement } from '../../src/query/testing/agreement.ts'
import { cases, rows } from '../../src/query/testing/cases.ts'
import { ClickhouseTables } from '../../src/query/testing/clickhouse.ts'
import { memberBatch, mixedCases, nameCases, numberCases, textCases } from '../../src/query/testing/members.ts'
import { randomPatterns, subjects } from '../../src/query/testing/patterns.ts'
import { makeBatch } from '../../src/query/testing/tables.ts'
import { SeededRandom } from '../kit/random.ts'
import { installChdb } from './install/chdb.ts'
import { startChdb, type ChdbServer } from './kit/chdb.ts'

describe('chdb', () => {
  let server: ChdbServer
  let folder = ''

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-query-'))
    if ((await installChdb()).path !== undefined) server = await startChdb()
  }, 180_000)

  beforeEach(async (context) => {
    const found = await installChdb()
    if (found.path === undefined) context.skip(found.reason)
  })

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  test.each([
    ['flows', flowNames, 60],
    ['events', eventNames, 30],
  ] as const)(
    'ClickHouse selects the rows of the other evaluators by random filters over %s',
    async (_, names, each) => {
      const result = await agreement(names, {
        seed: 3,
        tables: 3,
        rowsPerTable: 60,
        expressionsPerTable: each,
        folder,
        clickhouse: new ClickhouseTables(server.url),
      })
      expect(result.differences).toEqual([])
      expect(result.matched).toBeGreaterThan(result.rows / 20)
    },
  )

  test('ClickHouse selects the rows of every test of a member of extra', async () => {
    const tables = new ClickhouseTables(server.url)
    await tables.fill(flowNames, memberBatch())
    for (const [filter, expected] of [...textCases, ...numberCases, ...mixedCases, ...nameCases]) {
      const sql = compileSql(readFilter(filter, flowNames).bound, { dialect: clickhouse })
      const found = await tables.rows<{ n: number }>(`SELECT n FROM flows WHERE ${sql} ORDER BY n`)
      expect(
        found.map(({ n }) => n),
        filter,
      ).toEqual(expected)
    }
  })

  test('ClickHouse selects the rows of every case', async () => {
    const tables = new ClickhouseTables(server.url)
    await tables.fill(flowNames, makeBatch(flowNames, rows))
    for (const { filter, rows: wanted } of cases) {
      const sql = compileSql(readFilter(filter, flowNames).bound, { dialect: clickhouse })
      const found = await tables.rows<{ n: number }>(`SELECT n FROM flows WHERE ${sql} ORDER BY n`)
      expect({ filter, sql, rows: found.map(({ n }) => n) }).toEqual({ filter, sql, rows: wanted })
    }
  })

  test('ClickHouse and re2js find every accepted expression in the same texts', async () => {
    const tables = new ClickhouseTables(server.url)
    const listed = subjects.map((subject) => clickhouse.text(subject)).join(', ')
    const patterns = randomPatterns(new SeededRandom(12), 3000)
    expect(patterns.length).toBeGreaterThan(1000)
    for (let at = 0; at < patterns.length; at += 20) {
      const some = patterns.slice(at, at + 20)
      const tests = some.map((pattern, index) => `groupArrayIf(s, ${clickhouse.found('s', pattern)}) AS p${index}`)
      const found = await tables.rows<Record<string, readonly string[]>>(
        `SELECT ${tests.join(', ')} FROM (SELECT arrayJoin([${listed}]) AS s)`,
      )
      some.forEach((pattern, index) => {
        const expression = RE2JS.compile(pattern)
        const wanted = subjects.filter((subject) => expression.test(subject)).toSorted()
        expect({ pattern, found: found[0]?.[`p${index}`]?.toSorted() }).toEqual({ pattern, found: wanted })
      })
    }
  })
})
