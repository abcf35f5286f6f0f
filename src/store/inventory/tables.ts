/**
 * States of cloud resources in memory. New events renew the last state of changed resources only; most events are daily
 * observations of unchanged ones.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { cloudTypes } from '../../model/cloud.ts'
import { inventoryRelations } from '../../model/inventory-columns.ts'
import { quoted, rowsOf } from '../duck.ts'
import type { Statement } from '../read/statement.ts'
import type { TableChange, TableKind } from '../read/table-cache.ts'
import type { StoredFile } from '../record.ts'
import { baselinesSql, endedSql, statesSql, stepColumns, stepOrder, stepsSql } from './states.ts'
import { parsedStates } from './views.ts'

export const inventoryTables: TableKind = { name: 'inventory', family: 'resource', fill }

export function readsInventory({ tables, related }: Pick<Statement, 'tables' | 'related'>): boolean {
  if (tables.has('inventory')) return true
  return tables.has('relations') && inventoryRelations.some((relation) => related?.has(relation) ?? true)
}

/** Some 100 MB of bodies. */
const rowsAtOnce = 65_536

const temporary = ['late', 'steps', 'begun', 'unchanged', 'renewed', 'lasts'] as const

const position = (of: string): string => `{${stepOrder.map((name) => `'${name}': ${of}.${name}`).join(', ')}}`

/** The newest step of each key. */
const lastOf = (states: string): string =>
  `SELECT key, event, content, collection, ${position('s')} AS place FROM ${states} s WHERE next IS NULL`

async function fill(
  connection: DuckDBConnection,
  create: () => Promise<string>,
  { pin, directory, files, fresh, base }: TableChange,
): Promise<boolean> {
  const inputOf = (storedFiles: readonly StoredFile[]) => ({
    directory,
    files: storedFiles,
    sources: [],
    words: pin.state.words,
  })
  const run = (sql: string) => connection.run(sql)
  const count = async (table: string) => Number((await rowsOf(connection, `SELECT count(*) FROM ${table}`))[0]?.[0])
  const none = {
    states: parsedStates(statesSql(stepsSql(inputOf([])))),
    baselines: baselinesSql(inputOf([])),
  }
  let database: string | undefined
  const begin = async () => {
    if (database !== undefined) return database
    database = await create()
    for (const [table, empty] of Object.entries(none))
      await run(`CREATE TABLE ${database}.${table} AS ${base === undefined ? empty : `FROM ${base.database}.${table}`}`)
    await run(
      `CREATE TEMP TABLE lasts AS ${base === undefined ? lastOf(`${database}.states`) : `FROM ${base.database}.lasts`}`,
    )
    return database
  }
  const renew = async (states: string, steps: string) => {
    await run(`CREATE OR REPLACE TEMP TABLE renewed AS ${parsedStates(statesSql(steps))};
        INSERT INTO ${states} FROM renewed`)
    await run(`CREATE TEMP TABLE newer AS
        SELECT l.* REPLACE (coalesce(u.place, l.place) AS place) FROM lasts l LEFT JOIN unchanged u ON l.key = u.key
        WHERE NOT EXISTS (FROM renewed r WHERE r.key = l.key) UNION ALL ${lastOf('renewed')};
        DROP TABLE lasts; ALTER TABLE newer RENAME TO lasts`)
  }
  if (base === undefined) await begin()
  await run('CREATE TEMP TABLE late (key VARCHAR)')
  for (const part of parts(fresh)) {
    const input = inputOf(part)
    await run(`CREATE OR REPLACE TEMP TABLE steps AS ${stepsSql(input)};
        CREATE OR REPLACE TEMP TABLE begun AS ${baselinesSql(input)}`)
    if ((await count('begun')) > 0) await run(`INSERT INTO ${await begin()}.baselines FROM begun`)
    if ((await count('steps')) === 0) continue
    const states = `${await begin()}.states`
    await run(`CREATE OR REPLACE TEMP TABLE unchanged AS SELECT l.key, max(${position('s')}) AS place FROM steps s
        JOIN lasts l ON s.key = l.key GROUP BY l.key HAVING bool_and(s.event = ${quoted(cloudTypes.observed)}
        AND l.event <> ${quoted(cloudTypes.deleted)} AND s.content = l.content AND ${position('s')} > l.place);
        DELETE FROM steps WHERE key IN (SELECT key FROM unchanged)`)
    await run(`INSERT INTO late SELECT DISTINCT l.key FROM steps s JOIN lasts l ON s.key = l.key
        WHERE ${position('s')} <= l.place`)
    const last = stepColumns.map((name) =>
      (stepOrder as readonly string[]).includes(name) ? `l.place['${name}'] AS ${name}` : `s.${name}`,
    )
    await run(`CREATE OR REPLACE TEMP TABLE steps AS FROM steps UNION ALL SELECT ${last.join(', ')} FROM ${states} s
        JOIN lasts l ON s.key = l.key WHERE s.next IS NULL AND s.key IN (SELECT key FROM steps);
        DELETE FROM ${states} WHERE next IS NULL AND key IN (SELECT key FROM steps)`)
    await renew(states, 'FROM steps')
  }
  if ((await count('late')) > 0) {
    // Their events arrived out of order, or a merged file repeats them.
    const states = `${await begin()}.states`
    await run(`DELETE FROM ${states} WHERE key IN (SELECT key FROM late); DELETE FROM unchanged`)
    await renew(states, `SELECT * FROM (${stepsSql(inputOf(files))}) WHERE key IN (SELECT key FROM late)`)
  }
  if (database !== undefined)
    await run(`CREATE TABLE ${database}.lasts AS FROM lasts; CREATE TABLE ${database}.ended AS
        ${endedSql("SELECT key, collection, place['time'] AS time FROM lasts", `FROM ${database}.baselines`)}`)
  for (const table of temporary) await run(`DROP TABLE IF EXISTS ${table}`)
  return database !== undefined
}

/** Oldest first. */
function parts(files: readonly StoredFile[]): readonly (readonly StoredFile[])[] {
  const groups: StoredFile[][] = []
  let rows = Infinity
  for (const file of files.toSorted((a, b) => a.hour - b.hour || a.firstSequence - b.firstSequence)) {
    if (rows + file.rows > rowsAtOnce) {
      groups.push([])
      rows = 0
    }
    groups.at(-1)!.push(file)
    rows += file.rows
  }
  return groups
}
