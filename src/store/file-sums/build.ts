import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { listColumns } from '../../model/conversation-lists.ts'
import { flowTimeOf } from '../../model/flow-time.ts'
import { fileList, quoted, rowsOf } from '../duck.ts'
import { fileColumns } from '../schema.ts'
import { listConversations, type ListedRows, type ListInput } from './conversations.ts'
import { sharedEndsSql, sharedEndsTable, withSharedEnds } from './shared-ends.ts'
import { conversationPart, sumColumns, sumParts, type SumPart } from './parts.ts'

/** Rows of a part per row of the file. A larger part is left out; parts of small files may have twice as many. */
const usualShare = 0.25
const [alwaysRows, smallRows] = [16_384, 65_536]

/** Queries read the row groups of a part. */
export const sumsFormat = 'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 30720'

export type SumsBuilt = Readonly<{
  /** Rows by name of the part. */
  parts: Readonly<Record<string, number>>
  /** First and last `flow_time` of the flows, Unix µs. */
  from: number
  to: number
}>

const conversationColumns = [
  ...new Set([
    ...conversationPart.keys,
    ...(conversationPart.computed ?? []).flatMap(({ reads }) => reads),
    'bytes',
    'packets',
    'sampling',
  ]),
]

const columnsRead = [
  ...new Set([
    ...sumColumns.keys(),
    ...sumParts.flatMap(({ computed = [] }) => computed.flatMap(({ reads }) => reads)),
    ...conversationColumns,
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

/** `agent`: see `FlowContext`. `endpoints`: files with those of the flows. */
export type SumContext = Readonly<{ agent: string | null; endpoints: readonly string[] }> & Pick<ListInput, 'mostKept'>

/** Writes the sums of a file of flows. Undefined if it can have none. */
export async function buildSums(
  instance: DuckDBInstance,
  path: string,
  into: string,
  { agent, ...lists }: SumContext,
): Promise<SumsBuilt | undefined> {
  const connection = await instance.connect()
  try {
    const schema = await rowsOf(connection, `SELECT name FROM parquet_schema(${quoted(path)})`)
    const names = new Set(schema.map(([name]) => String(name)))
    const file = `read_parquet(${quoted(path)})`
    const flows = sumInput(file, (name) => names.has(name))
    const [[rows, from, to, ...totals] = []] = await rowsOf(
      connection,
      `SELECT count(*)::DOUBLE, min(epoch_us(${flowTime}))::DOUBLE, max(epoch_us(${flowTime}))::DOUBLE,
        sum(${sampled('bytes', 'DOUBLE')}), sum(${sampled('packets', 'DOUBLE')}),
        count(*) - count(${flowTime}) FROM (${flows}) r`,
    )
    if (typeof from !== 'number' || typeof to !== 'number' || Number(totals.pop()) > 0) return undefined
    const type = totals.every((total) => Number(total ?? 0) < exactDoubles) ? 'DOUBLE' : 'UBIGINT'
    const { parts, selects } = await createParts(connection, {
      flows,
      names,
      type,
      agent,
      rows: Number(rows),
      ...lists,
    })
    if (selects.length === 0) return undefined
    // The other sums do not depend on the conversations, which can fail for lack of memory or beyond 63 bits.
    const listedRows = await listConversations(connection, {
      rows: Number(rows),
      flows: estimated(
        sumInput(file, (name) => names.has(name), conversationColumns),
        type,
      ),
      facts: factsOf(agent),
      ...lists,
    }).catch(() => undefined)
    if (listedRows !== undefined) {
      parts[conversationPart.name] = listedRows.rows
      selects.push(...listedRows.selects.map((rows) => `(${listedSql(rows)})`))
    }
    await connection.run(`COPY (${selects.join(' UNION ALL ')}) TO ${quoted(into)} (${sumsFormat})`)
    return { parts, from, to }
  } catch (error) {
    // A sum exceeded 63 bits.
    if (/out of range|overflow/i.test(String(error))) return undefined
    throw error
  } finally {
    connection.closeSync()
  }
}

type PartsInput = Readonly<{
  flows: string
  /** Names of the columns of the file. */
  names: ReadonlySet<string>
  type: SumType
  rows: number
}> &
  Pick<SumContext, 'agent' | 'endpoints'>

/** Tables of the connection, statements of their rows, and rows by name of the part. */
async function createParts(
  connection: DuckDBConnection,
  { flows, names, type, agent, rows, endpoints }: PartsInput,
): Promise<Readonly<{ parts: Record<string, number>; selects: string[] }>> {
  // The other sums do not depend on the shared ends, which can fail for lack of memory.
  const hasEnds = await createSharedEnds(connection, endpoints).catch(() => false)
  // Sums of ids and ports without a hash table.
  await connection.run('SET perfect_ht_threshold = 20')
  const parts: Record<string, number> = {}
  const selects: string[] = []
  const built: BuiltPart[] = []
  for (const [number, part] of sumParts.entries()) {
    const values = valuesOf(part, names, agent)
    if (values.length === 0 || (part.exact !== undefined && !hasEnds)) continue
    const table = `sums_${number}`
    const maxRows = mostRows(part, rows)
    const from = part.exact === undefined ? flows : withSharedEnds(flows)
    const sql = sumsFrom(built, values) ?? partSql(values, from, type)
    const isCreated = await connection.run(`CREATE TEMP TABLE ${table} AS ${sql} LIMIT ${maxRows + 1}`).then(
      () => true,
      (error: unknown) => {
        if (part.exact === undefined) throw error
        return false
      },
    )
    if (!isCreated) continue
    const [[count] = []] = await rowsOf(connection, `SELECT count(*)::DOUBLE FROM ${table}`)
    if (Number(count) > maxRows) continue
    parts[part.name] = Number(count)
    if (part.exact === undefined) built.push({ table, values })
    selects.push(`(${storedSql(number, values, table)})`)
  }
  await connection.run(`DROP TABLE IF EXISTS ${sharedEndsTable}`)
  return { parts, selects }
}

/** Creates the table of shared ends. False if there are no endpoints. */
async function createSharedEnds(connection: DuckDBConnection, endpoints: readonly string[]): Promise<boolean> {
  if (endpoints.length === 0) return false
  const files = fileList(endpoints)
  const schema = await rowsOf(connection, `SELECT DISTINCT name FROM parquet_schema(${files})`)
  const storedColumns = new Set(schema.map(([name]) => String(name)))
  await connection.run(sharedEndsSql(`read_parquet(${files}, union_by_name = true)`, storedColumns))
  return true
}

function mostRows({ mostShare = usualShare, mostShareOfSmall = 2 * mostShare }: SumPart, rows: number) {
  return Math.floor(Math.max(alwaysRows, mostShare * rows, Math.min(smallRows, mostShareOfSmall * rows)))
}

/** `isAbsent`: the value is NULL in all rows, since the file lacks all columns from which it is computed. */
type PartValue = Readonly<{ name: string; sql: string; isAbsent?: true }>
type BuiltPart = Readonly<{ table: string; values: readonly PartValue[] }>

/** Values of a part. A column that the file lacks is NULL in all rows. */
function valuesOf({ keys, computed = [] }: SumPart, names: ReadonlySet<string>, agent: string | null): PartValue[] {
  return [
    ...keys.filter((key) => names.has(key)).map((name) => ({ name, sql: `r."${name}"` })),
    ...computed.map(({ name, type, sql, reads }): PartValue => {
      const isAbsent = reads.length > 0 && !reads.some((column) => names.has(column))
      return isAbsent ? { name, sql: `NULL::${type}`, isAbsent } : { name, sql: `(${sql({ agent })})::${type}` }
    }),
  ]
}

/** SQL of sums over the first part with all values, which has far fewer rows than the flows. */
function sumsFrom(built: readonly BuiltPart[], values: readonly PartValue[]): string | undefined {
  const present = values.filter(({ isAbsent }) => isAbsent !== true).map(({ name }) => name)
  const from = built.find((part) => present.every((name) => part.values.some((value) => value.name === name)))
  if (from === undefined) return undefined
  const keys = values.map(({ name, sql, isAbsent }) => (isAbsent === true ? `${sql} AS "${name}"` : `"${name}"`))
  const totals = ['bytes_est', 'packets_est', 'flows'].map((name) => `sum(${name})::BIGINT AS ${name}`)
  return `SELECT ${[...keys, ...totals].join(', ')} FROM ${from.table} GROUP BY ALL`
}

function partSql(values: readonly PartValue[], flows: string, type: SumType): string {
  const keys = values.map(({ name }) => `"${name}"`)
  const rows = [
    ...values.map(({ name, sql }) => `${sql} AS "${name}"`),
    `${sampled('bytes', type)} AS bytes_est`,
    `${sampled('packets', type)} AS packets_est`,
  ]
  return `SELECT ${keys.join(', ')}, sum(bytes_est)::BIGINT AS bytes_est, sum(packets_est)::BIGINT AS packets_est,
      count(*) AS flows FROM (SELECT ${rows.join(', ')} FROM (${flows}) r) GROUP BY ${keys.join(', ')}`
}

function storedSql(number: number, values: readonly PartValue[], table: string): string {
  const partColumns = new Set(values.map(({ name }) => name))
  const columns = [...sumColumns].map(([name, type]) =>
    partColumns.has(name) ? `"${name}"` : `NULL::${type} AS "${name}"`,
  )
  const emptyListColumns = listColumns.map(({ name, type }) => `NULL::${type} AS "${name}"`).join(', ')
  return `SELECT ${number}::UTINYINT AS part, ${columns.join(', ')}, bytes_est, packets_est, flows, ${emptyListColumns}
      FROM ${table} ORDER BY ${values.map(({ name }) => `"${name}"`).join(', ')}`
}

function estimated(flows: string, type: SumType): string {
  const values = (['bytes', 'packets'] as const).map((column) => `${sampled(column, type)} AS ${column}_est`)
  return `SELECT r.*, ${values.join(', ')} FROM (${flows}) r`
}

function factsOf(agent: string | null): string {
  const { computed = [] } = conversationPart
  return computed.map(({ name, type, sql }) => `(${sql({ agent })})::${type} AS "${name}"`).join(', ')
}

function listedSql({ part, columns, from }: ListedRows): string {
  const keys = [...sumColumns].map(([name, type]) => `(${columns.get(name) ?? 'NULL'})::${type} AS "${name}"`)
  const totals = ['bytes_est', 'packets_est', 'flows'].map((name) => `${columns.get(name)} AS ${name}`)
  const listValues = listColumns.map(({ name, type }) => `(${columns.get(name) ?? 'NULL'})::${type} AS "${name}"`)
  return `SELECT ${part}::UTINYINT AS part, ${[...keys, ...totals, ...listValues].join(', ')} FROM ${from} ORDER BY ALL`
}

/** The type `DOUBLE` is exact while all totals are below {@link exactDoubles}. */
type SumType = 'DOUBLE' | 'UBIGINT'
const exactDoubles = 2 ** 52

function sampled(column: 'bytes' | 'packets', type: SumType): string {
  return `r.${column}::${type} * coalesce(r.sampling, 1)${type === 'UBIGINT' ? '::UBIGINT' : ''}`
}
