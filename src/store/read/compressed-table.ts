import type { DuckDBConnection } from '@duckdb/node-api'
import { rowsOf } from '../duck.ts'

/** In a separate database: DuckDB compresses little in a database that is being read. `queries`: by table. */
export async function compressedTables<Read>(
  connection: DuckDBConnection,
  database: string,
  queries: Readonly<Record<string, readonly string[]>>,
  read: () => Promise<Read>,
): Promise<Readonly<{ bytes: number; read: Read }>> {
  const before = await tableBytes(connection)
  await connection.run(`ATTACH ':memory:' AS ${database} (COMPRESS)`)
  try {
    for (const [name, query] of Object.entries(queries))
      for (const [index, sql] of query.entries()) {
        const table = `${database}.${name}`
        await connection.run(index === 0 ? `CREATE TABLE ${table} AS ${sql}` : `INSERT INTO ${table} ${sql}`)
      }
    await connection.run(`CHECKPOINT ${database}`)
    const bytes = (await tableBytes(connection)) - before
    return { bytes, read: await read() }
  } catch (error) {
    await connection.run(`DETACH ${database}`)
    throw error
  }
}

async function tableBytes(connection: DuckDBConnection): Promise<number> {
  return Number(
    (
      await rowsOf(
        connection,
        "SELECT sum(memory_usage_bytes)::DOUBLE FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'",
      )
    )[0]?.[0] ?? 0,
  )
}

const filesAtOnce = 64

export function inParts<File>(
  files: readonly File[],
  sqlOf: (some: readonly File[], first: number) => string,
): string[] {
  return Array.from({ length: Math.ceil(files.length / filesAtOnce) }, (_, part) =>
    sqlOf(files.slice(part * filesAtOnce, (part + 1) * filesAtOnce), part * filesAtOnce),
  )
}

export function cachedSql(
  columns: string,
  parts: readonly Readonly<{ content: { readonly database: string }; without: ReadonlySet<number> }>[],
  table = 'rows',
): string | undefined {
  const selects = parts.map(
    ({ content, without }) =>
      `SELECT ${columns} FROM
        ${content.database}.${table}${without.size === 0 ? '' : ` WHERE file NOT IN (${[...without].join(', ')})`}`,
  )
  return selects.length === 0 ? undefined : selects.join(' UNION ALL ')
}
