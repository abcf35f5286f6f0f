import type { DuckDBInstance } from '@duckdb/node-api'
import { quoted, rowsOf } from '../duck.ts'
import { numberItems } from '../duck-vectors.ts'
import { eachChunk } from '../graph/read-columns.ts'
import type { EndpointUse } from '../table-writer.ts'

export async function endpointUse(
  instance: DuckDBInstance,
  path: string,
  columns: readonly string[],
): Promise<EndpointUse | undefined> {
  const connection = await instance.connect()
  const file = `read_parquet(${quoted(path)})`
  try {
    const schema = await rowsOf(connection, `SELECT name FROM parquet_schema(${quoted(path)})`)
    const names = new Set(schema.map(([name]) => String(name)))
    const present = columns.filter((column) => names.has(column))
    if (present.length === 0 || !names.has('time_received')) return undefined
    const aggregates = (aggregate: string) => present.map((column) => `${aggregate}("${column}")`).join(', ')
    const [[rows, timed, first, last] = []] = await rowsOf(
      connection,
      `SELECT count(*)::DOUBLE, count(time_received)::DOUBLE, least(${aggregates('min')})::DOUBLE,
        greatest(${aggregates('max')})::DOUBLE FROM ${file}`,
    )
    if (rows !== timed || typeof first !== 'number' || typeof last !== 'number') return undefined
    const ids = present.map((column) => `coalesce("${column}" - ${first - 1}, 0)::UINTEGER`).join(', ')
    const sql = `SELECT ${ids}, epoch_us(time_received)::DOUBLE FROM ${file}`
    return { rows: Number(rows), first, last, each: (visit) => eachRows(instance, sql, present.length, visit) }
  } finally {
    connection.closeSync()
  }
}

/** On another connection, because a statement ends the stream of the one before. */
async function eachRows(
  instance: DuckDBInstance,
  sql: string,
  columns: number,
  visit: Parameters<EndpointUse['each']>[0],
): Promise<void> {
  const connection = await instance.connect()
  try {
    await eachChunk(connection, sql, (chunk) => {
      const [times, ...ids] = Array.from({ length: columns + 1 }, (_, at) => {
        const items = numberItems(chunk.getColumnVector(columns - at))
        if (items === undefined) throw new Error('DuckDB returned no numbers')
        return items
      })
      visit(
        ids.map(({ buffer, byteOffset }) => new Uint32Array(buffer, byteOffset, chunk.rowCount)),
        new Float64Array(times!.buffer, times!.byteOffset, chunk.rowCount),
      )
    })
  } finally {
    connection.closeSync()
  }
}
