/** Sums by day and by month and resource, in memory. New rows renew the months of their charges only. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { fileList, quoted, rowsOf } from '../duck.ts'
import { happenedWithin } from '../read/receipt.ts'
import type { TableChange, TableKind } from '../read/table-cache.ts'
import type { ViewInput } from '../read/views.ts'
import { costSteps } from './rows.ts'
import { spendTableNames, tableSql } from './views.ts'

export const spendTables: TableKind = { name: 'spend', family: 'cost', fill }

async function fill(
  connection: DuckDBConnection,
  create: () => Promise<string>,
  { pin, directory, files, fresh, base }: TableChange,
): Promise<boolean> {
  const months = await monthsOf(
    connection,
    fresh.map(({ name }) => `${directory}/${name}`),
  )
  if (base !== undefined && months.length === 0) return false
  const database = await create()
  const input = { directory, sources: [], words: pin.state.words }
  await useRows(connection, { ...input, files: [] }, 'true')
  for (const name of spendTableNames)
    await connection.run(
      base === undefined
        ? `CREATE TABLE ${database}.${name} AS ${tableSql[name]('cost_counted')}`
        : `CREATE TABLE ${database}.${name} AS SELECT * FROM ${base.database}.${name}
            WHERE month NOT IN (${months.map(quoted).join(', ')})`,
    )
  for (const month of months) {
    const [from, to] = spanOf(month)
    const within = `r.time >= make_timestamptz(${from * 1000}) AND r.time < make_timestamptz(${to * 1000})`
    await useRows(connection, { ...input, files: happenedWithin(files, { from, to }) }, within)
    for (const name of spendTableNames)
      await connection.run(`INSERT INTO ${database}.${name} ${tableSql[name]('cost_counted')}`)
  }
  return true
}

async function monthsOf(connection: DuckDBConnection, paths: readonly string[]): Promise<readonly string[]> {
  if (paths.length === 0) return []
  const rows = await rowsOf(
    connection,
    `SELECT strftime(month, '%Y-%m') FROM (SELECT DISTINCT date_trunc('month', make_timestamp(epoch_us(time))) AS month
      FROM read_parquet(${fileList(paths)}, union_by_name = true) WHERE family = 'cost' AND time IS NOT NULL)
      ORDER BY 1`,
  )
  return rows.map(([month]) => String(month))
}

/** `cost_counted` for the tables. Replaces that of the month before. */
async function useRows(connection: DuckDBConnection, input: ViewInput, where: string): Promise<void> {
  const steps = costSteps(input, { where, columns: [] })
  const empty = new Set<string>()
  for (const { name, kind, sql } of steps) {
    await connection.run(`CREATE OR REPLACE TEMP ${kind} ${name} AS ${sql(empty)}`)
    if (kind === 'table' && (await rowsOf(connection, `SELECT 1 FROM ${name} LIMIT 1`)).length === 0) empty.add(name)
  }
}

/** Unix ms. */
function spanOf(month: string): readonly [from: number, to: number] {
  const [year = 0, number = 1] = month.split('-').map(Number)
  return [Date.UTC(year, number - 1), Date.UTC(year, number)]
}
