import type { DuckDBInstance } from '@duckdb/node-api'
import { fileList, quoted, rowsOf } from '../duck.ts'
import { sumsFormat } from './build.ts'
import { sumColumns, sumParts, type SumPart } from './parts.ts'

const sums = ['bytes_est', 'packets_est', 'flows']

/** Sums the sums of files by the named parts. Returns their rows; undefined for sums beyond 63 bits. */
export async function mergeSums(
  instance: DuckDBInstance,
  from: readonly string[],
  names: readonly string[],
  into: string,
): Promise<Readonly<Record<string, number>> | undefined> {
  const connection = await instance.connect()
  try {
    const parts = sumParts.filter(({ name }) => names.includes(name))
    const selects = parts.map((part) => `(${partSql(part, fileList(from))})`)
    await connection.run(`COPY (${selects.join(' UNION ALL ')}) TO ${quoted(into)} (${sumsFormat})`)
    const counts = await rowsOf(
      connection,
      `SELECT part, count(*)::DOUBLE FROM read_parquet(${quoted(into)}) GROUP BY part`,
    )
    const rows = new Map(counts.map(([part, count]) => [Number(part), Number(count)]))
    return Object.fromEntries(parts.map((part) => [part.name, rows.get(sumParts.indexOf(part)) ?? 0]))
  } catch (error) {
    if (/out of range|overflow/i.test(String(error))) return undefined
    throw error
  } finally {
    connection.closeSync()
  }
}

function partSql(part: SumPart, files: string): string {
  const keys = new Set([...part.keys, ...(part.computed ?? []).map(({ name }) => name)])
  const grouped = [...keys].map((name) => `"${name}"`).join(', ')
  const columns = [...sumColumns].map(([name, type]) => (keys.has(name) ? `"${name}"` : `NULL::${type} AS "${name}"`))
  const totals = sums.map((name) => `sum(${name})::BIGINT AS ${name}`)
  const number = sumParts.indexOf(part)
  return `SELECT ${number}::UTINYINT AS part, ${[...columns, ...totals].join(', ')} FROM read_parquet(${files})
      WHERE part = ${number} GROUP BY ${grouped} ORDER BY ${grouped}`
}
