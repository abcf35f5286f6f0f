/** Sums by day and by month and resource, in memory. New rows renew the months of their charges only. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { fileList, quoted, rowsOf } from '../duck.ts'
import { happenedWithin } from '../read/receipt.ts'
import type { TableChange, TableKind } from '../read/table-cache.ts'
import { spendTableNames, spendView, tableSql } from './views.ts'

export const spendTables: TableKind = { name: 'spend', family: 'cost', fill }

async function fill(
  connection: DuckDBConnection,
  create: () => Promise<string>,
  { pin, directory, files, fresh, base }: TableChange,
): Promise<boolean> {
  const paths = fileList(fresh.map(({ name }) => `${directory}/${name}`))
  const found =
    fresh.length === 0
      ? []
      : await rowsOf(
          connection,
          `SELECT DISTINCT strftime(make_timestamp(epoch_us(time)), '%Y-%m') AS month FROM read_parquet(${paths},
            union_by_name = true) WHERE family = 'cost' AND time IS NOT NULL ORDER BY 1`,
        )
  const months = found.map(([month]) => String(month))
  if (base !== undefined && months.length === 0) return false
  const database = await create()
  const input = { directory, sources: [], words: pin.state.words }
  const none = `(${spendView({ ...input, files: [] }, { withBody: false })})`
  for (const name of spendTableNames)
    await connection.run(
      base === undefined
        ? `CREATE TABLE ${database}.${name} AS ${tableSql[name](none)}`
        : `CREATE TABLE ${database}.${name} AS SELECT * FROM ${base.database}.${name}
            WHERE month NOT IN (${months.map(quoted).join(', ')})`,
    )
  for (const month of months) {
    const [from, to] = spanOf(month)
    const view = spendView(
      { ...input, files: happenedWithin(files, { from, to }) },
      {
        withBody: false,
        where: `time >= make_timestamptz(${from * 1000}) AND time < make_timestamptz(${to * 1000})`,
      },
    )
    await connection.run(`CREATE OR REPLACE TEMP TABLE spend_month AS ${view}`)
    for (const name of spendTableNames)
      await connection.run(`INSERT INTO ${database}.${name} ${tableSql[name]('spend_month')}`)
  }
  await connection.run('DROP TABLE IF EXISTS spend_month')
  return true
}

/** Unix ms. */
function spanOf(month: string): readonly [from: number, to: number] {
  const [year = 0, number = 1] = month.split('-').map(Number)
  return [Date.UTC(year, number - 1), Date.UTC(year, number)]
}
