/** States of cloud resources in memory. New events renew the last state of their resources only. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { inventoryRelations } from '../../model/inventory-columns.ts'
import { rowsOf } from '../duck.ts'
import type { Statement } from '../read/statement.ts'
import type { TableChange, TableKind } from '../read/table-cache.ts'
import type { StoredFile } from '../record.ts'
import { baselinesSql, statesSql, stepColumns, stepsSql } from './states.ts'
import { parsedStates } from './views.ts'

export const inventoryTables: TableKind = { name: 'inventory', family: 'resource', fill }

export function readsInventory({ tables, related }: Pick<Statement, 'tables' | 'related'>): boolean {
  if (tables.has('inventory')) return true
  return tables.has('relations') && inventoryRelations.some((relation) => related?.has(relation) ?? true)
}

/** Some 100 MB of bodies. */
const rowsAtOnce = 65_536

async function fill(
  connection: DuckDBConnection,
  create: () => Promise<string>,
  { pin, directory, files, fresh, base }: TableChange,
): Promise<boolean> {
  const inputOf = (some: readonly StoredFile[]) => ({ directory, files: some, sources: [], words: pin.state.words })
  const run = (sql: string) => connection.run(sql)
  const count = async (table: string) => Number((await rowsOf(connection, `SELECT count(*) FROM ${table}`))[0]?.[0])
  let database: string | undefined
  const begin = async () => {
    if (database !== undefined) return database
    database = await create()
    for (const [table, none] of [
      ['states', parsedStates(statesSql(stepsSql(inputOf([]))))],
      ['baselines', baselinesSql(inputOf([]))],
    ] as const)
      await run(`CREATE TABLE ${database}.${table} AS ${base === undefined ? none : `FROM ${base.database}.${table}`}`)
    return database
  }
  const renew = async (steps: string) => run(`INSERT INTO ${await begin()}.states ${parsedStates(statesSql(steps))}`)
  if (base === undefined) await begin()
  await run('CREATE OR REPLACE TEMP TABLE late (key VARCHAR)')
  for (const some of parts(fresh)) {
    const input = inputOf(some)
    await run(`CREATE OR REPLACE TEMP TABLE steps AS ${stepsSql(input)};
        CREATE OR REPLACE TEMP TABLE begun AS ${baselinesSql(input)}`)
    if ((await count('begun')) > 0) await run(`INSERT INTO ${await begin()}.baselines FROM begun`)
    if ((await count('steps')) === 0) continue
    const states = `${await begin()}.states`
    await run(`CREATE OR REPLACE TEMP TABLE last AS SELECT ${stepColumns.join(', ')} FROM ${states}
        WHERE next IS NULL AND key IN (SELECT key FROM steps)`)
    await run(`INSERT INTO late SELECT DISTINCT key FROM steps JOIN last USING (key)
        WHERE (steps.time, steps.e, steps.s, steps.n) <= (last.time, last.e, last.s, last.n)`)
    await run(`DELETE FROM ${states} WHERE next IS NULL AND key IN (SELECT key FROM steps)`)
    await renew('FROM last UNION ALL FROM steps')
  }
  if ((await count('late')) > 0) {
    // Their events came out of order, or a merged file repeats them.
    await run(`DELETE FROM ${await begin()}.states WHERE key IN (SELECT key FROM late)`)
    await renew(`SELECT * FROM (${stepsSql(inputOf(files))}) WHERE key IN (SELECT key FROM late)`)
  }
  for (const table of ['late', 'steps', 'begun', 'last']) await run(`DROP TABLE IF EXISTS ${table}`)
  return database !== undefined
}

/** Oldest first. */
function parts(files: readonly StoredFile[]): readonly (readonly StoredFile[])[] {
  const result: StoredFile[][] = []
  let rows = Infinity
  for (const file of files.toSorted((a, b) => a.hour - b.hour || a.firstSequence - b.firstSequence)) {
    if (rows + file.rows > rowsAtOnce) {
      result.push([])
      rows = 0
    }
    result.at(-1)!.push(file)
    rows += file.rows
  }
  return result
}
