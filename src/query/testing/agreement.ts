import { isDeepStrictEqual } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { SeededRandom } from '../../../test/kit/random.ts'
import type { Expression } from '../ast.ts'
import { bind } from '../bind.ts'
import type { Bound } from '../bound.ts'
import { compileLive } from '../live.ts'
import type { NameTable } from '../names.ts'
import { parse } from '../parse.ts'
import { print } from '../print.ts'
import { clickhouse } from '../dialect.ts'
import { compileSql, compileSqlValue } from '../sql.ts'
import type { ClickhouseTables } from './clickhouse.ts'
import { randomExpression } from './expressions.ts'
import { randomRows } from './rows.ts'
import { makeBatch, makeView } from './tables.ts'

export interface Agreement {
  readonly expressions: number
  readonly rows: number
  readonly matched: number
  readonly differences: readonly string[]
}

export const header = { source: 'test', epoch: 1, sourceSequence: 7, received: 1_763_632_800_500 }

/**
 * Compares DuckDB (condition and value), the live evaluator, the reference evaluator, and ClickHouse if there is one.
 */
export async function agreement(
  names: NameTable,
  options: {
    seed: number
    tables: number
    rowsPerTable: number
    expressionsPerTable: number
    folder: string
    clickhouse?: ClickhouseTables | undefined
  },
): Promise<Agreement> {
  const random = new SeededRandom(options.seed)
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const differences: string[] = []
  const count = { expressions: 0, rows: 0, matched: 0 }
  for (let table = 0; table < options.tables && differences.length < 5; table++) {
    const rows = randomRows(random, names, options.rowsPerTable)
    const batch = makeBatch(names, rows)
    await makeView(connection, names, rows, `${options.folder}/${names.view}-${table}.parquet`)
    await options.clickhouse?.fill(names, batch)
    for (let each = 0; each < options.expressionsPerTable; each++) {
      const meant = randomExpression(random, names)
      const expected = rows.map((row) => meant.matches(row))
      count.expressions++
      count.rows += rows.length
      count.matched += expected.filter(Boolean).length
      const complaint = await differs(meant.text, expected)
      if (complaint !== undefined) differences.push(complaint)
    }

    async function differs(text: string, expected: readonly boolean[]): Promise<string | undefined> {
      let sql = ''
      try {
        const tree = parse(text, names)
        const normal = print(tree, names)
        if (!isDeepStrictEqual(bare(parse(normal, names)), bare(tree)))
          return `${text}\n  is printed as ${normal}, which parses differently`
        const bound = bind(tree, names)
        sql = compileSql(bound)
        const test = compileLive(bound)(batch, header)
        const live = rows.map((_, row) => test(row))
        const result = await connection.runAndReadAll(`SELECT n FROM ${names.view} WHERE ${sql}`)
        const found = new Set(result.getRows().map(([n]) => Number(n)))
        const where = rows.map((_, row) => found.has(row))
        const values = await connection.runAndReadAll(`SELECT ${compileSqlValue(bound)} FROM ${names.view} ORDER BY n`)
        const value = values.getRows().map(([is]) => is === true)
        const at = rows.findIndex(
          (_, row) => expected[row] !== live[row] || expected[row] !== where[row] || expected[row] !== value[row],
        )
        if (at < 0) return options.clickhouse && (await clickhouseDiffers(options.clickhouse, text, bound, expected))
        const shown = JSON.stringify(rows[at], (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one))
        return [
          text,
          `expected ${expected[at]}, live ${live[at]}, SQL condition ${where[at]}, SQL value ${value[at]}`,
          sql,
          shown,
        ].join('\n  ')
      } catch (error) {
        return `${text}\n  ${sql}\n  ${String(error)}`
      }
    }
  }
  connection.closeSync()
  return { ...count, differences }

  async function clickhouseDiffers(
    tables: ClickhouseTables,
    text: string,
    bound: Bound,
    expected: readonly boolean[],
  ): Promise<string | undefined> {
    const options = { dialect: clickhouse }
    const sql = compileSql(bound, options)
    const found = await tables.rows<{ n: number; is: number }>(
      `SELECT n, 0 AS is FROM ${names.view} WHERE ${sql} UNION ALL ` +
        `SELECT n, 1 AS is FROM ${names.view} WHERE (${compileSqlValue(bound, options)}) = true`,
    )
    const [where, value] = [0, 1].map((each) => new Set(found.filter(({ is }) => is === each).map(({ n }) => n)))
    const at = expected.findIndex((one, row) => one !== where?.has(row) || one !== value?.has(row))
    if (at < 0) return undefined
    return [
      text,
      `row ${at}: expected ${expected[at]}, ClickHouse's condition ${where?.has(at)}, value ${value?.has(at)}`,
      sql,
    ].join('\n  ')
  }
}

export function bare(expression: Expression): unknown {
  return JSON.parse(JSON.stringify(expression, (key, value: unknown) => (key === 'at' ? undefined : value)))
}
