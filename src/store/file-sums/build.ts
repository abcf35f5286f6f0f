import type { DuckDBInstance } from '@duckdb/node-api'
import { flowTimeOf } from '../../model/flow-time.ts'
import { serviceEvidence } from '../../model/service-port.ts'
import { quoted, rowsOf } from '../duck.ts'
import { fileColumns } from '../schema.ts'
import { sumColumns, sumParts, type SumPart } from './parts.ts'

/** Rows per row of the file. A part with more is left out, unless it is small. */
const mostShare = 0.25
const alwaysRows = 16_384

/** Queries read the row groups of a part. */
const format = 'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 30720'

export type SumsBuilt = Readonly<{
  /** Rows by name of the part. */
  parts: Readonly<Record<string, number>>
  /** First and last `flow_time` of the flows, Unix µs. */
  from: number
  to: number
}>

const columnsRead = [
  ...new Set([
    ...sumColumns.keys(),
    ...serviceEvidence,
    'bytes',
    'packets',
    'sampling',
    'time_end',
    'time_received',
    'time_skewed',
  ]),
]

/** Rows `r` of files with all columns that sums are computed from. `has`: columns of the files. */
export function sumInput(
  from: string,
  has: (column: string) => boolean,
  only: readonly string[] = columnsRead,
): string {
  const types = new Map(fileColumns.flows.map(({ name, type }) => [name, type]))
  const columns = only.flatMap((name) => {
    const type = types.get(name)
    if (type === undefined) return []
    const value = has(name) ? `"${name}"` : `NULL::${type}`
    return [name === 'time_skewed' ? `${value}::BOOLEAN AS time_skewed` : `${value} AS "${name}"`]
  })
  return `SELECT ${columns.join(', ')} FROM ${from}`
}

export const flowTime: string = flowTimeOf((time) => `epoch_us(${time})`)

/** Writes the sums of a file of flows. Undefined if it can have none. */
export async function buildSums(
  instance: DuckDBInstance,
  path: string,
  into: string,
  agent: string | null,
): Promise<SumsBuilt | undefined> {
  const connection = await instance.connect()
  try {
    const schema = await rowsOf(connection, `SELECT name FROM parquet_schema(${quoted(path)})`)
    const names = new Set(schema.map(([name]) => String(name)))
    const flows = sumInput(`read_parquet(${quoted(path)})`, (name) => names.has(name))
    const parts = sumParts
      .map((part, number) => ({ part, number, values: valuesOf(part, names, agent) }))
      .filter(({ values }) => values.length > 0)
    const counts = parts.map(({ values }) => `approx_count_distinct(hash(${values.map(({ sql }) => sql).join(', ')}))`)
    const [[rows, from, to, ...groups] = []] = await rowsOf(
      connection,
      `SELECT count(*)::DOUBLE, min(epoch_us(${flowTime}))::DOUBLE, max(epoch_us(${flowTime}))::DOUBLE,
        ${counts.map((count) => `${count}::DOUBLE`).join(', ')} FROM (${flows}) r`,
    )
    if (typeof from !== 'number' || typeof to !== 'number') return undefined
    const most = Math.max(alwaysRows, mostShare * Number(rows))
    const fitting = parts.filter((_, at) => Number(groups[at]) <= most)
    if (fitting.length === 0) return undefined
    const selects = fitting.map(({ number, values }) => partSql(number, values, flows))
    await connection.run(`COPY (${selects.join(' UNION ALL ')}) TO ${quoted(into)} (${format})`)
    const written = await rowsOf(
      connection,
      `SELECT part::INTEGER, count(*)::DOUBLE FROM read_parquet(${quoted(into)}) GROUP BY ALL`,
    )
    const counted = new Map(written.map(([number, count]) => [Number(number), Number(count)]))
    return {
      parts: Object.fromEntries(fitting.map(({ part: { name }, number }) => [name, counted.get(number) ?? 0])),
      from,
      to,
    }
  } catch (error) {
    // Sums beyond 63 bits.
    if (/out of range|overflow/i.test(String(error))) return undefined
    throw error
  } finally {
    connection.closeSync()
  }
}

type PartValue = Readonly<{ name: string; sql: string }>

/** Columns that the file lacks are NULL in all rows. */
function valuesOf({ keys, computed = [] }: SumPart, names: ReadonlySet<string>, agent: string | null): PartValue[] {
  return [
    ...keys.filter((key) => names.has(key)).map((name) => ({ name, sql: `r."${name}"` })),
    ...computed.map(({ name, type, sql }) => ({ name, sql: `(${sql({ agent })})::${type}` })),
  ]
}

function partSql(number: number, values: readonly PartValue[], flows: string): string {
  const has = new Set(values.map(({ name }) => name))
  const columns = [...sumColumns].map(([name, type]) => (has.has(name) ? `"${name}"` : `NULL::${type} AS "${name}"`))
  const keys = values.map(({ name }) => `"${name}"`)
  const rows = `SELECT ${[...values.map(({ name, sql }) => `${sql} AS "${name}"`), ...sampled].join(', ')}
      FROM (${flows}) r WHERE (${flowTime}) IS NOT NULL`
  const sums = ['bytes_est', 'packets_est', 'flows'].map((sum) => `sum(${sum})::BIGINT AS ${sum}`)
  return `(SELECT ${number}::UTINYINT AS part, ${[...columns, ...sums].join(', ')} FROM (${rows})
      GROUP BY ${keys.join(', ')} ORDER BY ${keys.join(', ')})`
}

const sampled = [
  'r.bytes::UBIGINT * coalesce(r.sampling, 1)::UBIGINT AS bytes_est',
  'r.packets::UBIGINT * coalesce(r.sampling, 1)::UBIGINT AS packets_est',
  '1 AS flows',
]
