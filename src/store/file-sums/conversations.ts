/** The largest conversations of a file of flows, with bounds of all others (ADR 0040). */
import type { DuckDBConnection } from '@duckdb/node-api'
import {
  addressShare,
  conversationEnds,
  conversationHash,
  conversationKey,
  conversationNames,
  flowAsListed,
  isConversationOf,
  joinedEnds,
  listColumns,
  listedParts,
  listSums,
  mergedConversations,
  namesOfEnds,
  registers,
} from '../../model/conversation-lists.ts'
import { fileList, rowsOf } from '../duck.ts'

/** Conversations listed by each rank; fewer of small files, so that lists are small beside the flows. */
const listLimits = { least: 256, most: 2048, flowsPerRow: 128 }
/** Conversations are grouped in those that are largest by a rank. */
const mostBuckets = 2048
const buckets = 1 << 17

/** Rows in a file of sums: number of their part, SQL by name of a column, and their relation. */
export type ListedRows = Readonly<{ part: number; columns: ReadonlyMap<string, string>; from: string }>

export type ListInput = Readonly<{
  /** Number of flows in the file. */
  rows: number
  /** Flows of a file, with the estimated `bytes_est` and `packets_est`. */
  flows: string
  /** Columns that part `conversations` computes from a row `r` of the flows. */
  facts: string
  /** Files with the endpoints of the flows. */
  endpoints: readonly string[]
  /** Flows of the largest buckets that are kept in memory, some 300 bytes each; more are read twice. */
  mostKept?: number
}>

/** Creates tables of the connection. Undefined if endpoints are missing. */
export async function listConversations(
  connection: DuckDBConnection,
  { rows: count, flows, facts, endpoints, mostKept = 1 << 17 }: ListInput,
): Promise<Readonly<{ rows: number; selects: readonly ListedRows[] }> | undefined> {
  if (endpoints.length === 0) return undefined
  const all = keyedFlows(flows, { isUnique: await createEnds(connection, endpoints) })
  const isLarge = await createBuckets(connection, all)
  const keyed = await flowsOfLargest(connection, all, { isLarge, mostKept })
  await createKeys(connection, keyed, { isLarge, most: Math.floor(count / listLimits.flowsPerRow) })
  const ends = ['_one', '_other']
    .map((end) => `SELECT ${end} // ${addressShare} AS _ep FROM list_keys`)
    .join(' UNION ALL ')
  await connection.run(
    `CREATE TEMP TABLE list_names AS SELECT * FROM list_ends WHERE _first IN (SELECT _ep FROM (${ends}))`,
  )
  // Facts are computed for the listed flows only.
  const listedFlows = `SELECT flow.*, ${namesOfEnds} FROM (SELECT * FROM (SELECT * FROM (${keyed})
      WHERE ${bucket} IN (SELECT _bucket FROM list_keys)) WHERE ${isConversationOf('list_keys')}) flow
      ${joinedEnds('list_names')}`
  const columns = `_source, _target, proto, bytes_est, packets_est, 1 AS flows, ${flowAsListed}`
  const rows = `SELECT ${columns} FROM (SELECT *, ${facts} FROM (${listedFlows}) r) flow`
  await connection.run(`CREATE TEMP TABLE list_rows AS ${mergedConversations(rows)}`)
  const [[number, isLost] = []] = await rowsOf(
    connection,
    `SELECT (SELECT count(*)::DOUBLE FROM list_rows), EXISTS (SELECT 1 FROM (${ends}) ANTI JOIN list_names USING (_ep)
      WHERE _ep > 0)`,
  )
  // Frees memory for the file.
  await connection.run(
    'DROP TABLE list_ends; DROP TABLE list_names; DROP TABLE list_groups; DROP TABLE list_keys; ' +
      'DROP TABLE IF EXISTS list_flows',
  )
  return isLost === true ? undefined : { rows: Number(number), selects: selectsOf() }
}

/** Table `list_ends`: of each id of an endpoint, the first one of its address. Whether each address has one id. */
async function createEnds(connection: DuckDBConnection, endpoints: readonly string[]): Promise<boolean> {
  // Older files can lack columns of names.
  const schema = await rowsOf(connection, `SELECT DISTINCT name FROM parquet_schema(${fileList(endpoints)})`)
  const names = new Set(schema.map(([name]) => String(name)))
  const texts = conversationNames.map((name) => (names.has(name) ? `"${name}"` : `NULL::VARCHAR AS "${name}"`))
  await connection.run(
    `CREATE TEMP TABLE list_ends AS SELECT ep AS _ep, min(ep) OVER (PARTITION BY addr) AS _first, ${texts.join(', ')}
      FROM read_parquet(${fileList(endpoints)}, union_by_name = true) WHERE addr IS NOT NULL`,
  )
  const [[isUnique] = []] = await rowsOf(connection, 'SELECT coalesce(bool_and(_ep = _first), true) FROM list_ends')
  return isUnique === true
}

/** Flows with both ends of their conversation, and its hash. */
function keyedFlows(flows: string, { isUnique }: Readonly<{ isUnique: boolean }>): string {
  const id = (end: 'src' | 'dst') => (isUnique ? `flow.${end}_ep` : `${end}._first`)
  const keys = `${conversationEnds('flow', id)}, ${conversationHash('flow', id)} AS _hash`
  return `SELECT flow.*, ${keys} FROM (${flows}) flow ${isUnique ? '' : joinedEnds('list_ends')}`
}

const sums = 'sum(bytes_est)::BIGINT AS bytes_est, sum(packets_est)::BIGINT AS packets_est, count(*) AS flows'
const bucket = `(_hash & ${buckets - 1})::UINTEGER`

/** Table `list_buckets`, and a condition of the largest. */
async function createBuckets(connection: DuckDBConnection, keyed: string): Promise<string> {
  await connection.run(
    `CREATE TEMP TABLE list_buckets AS SELECT ${bucket} AS _bucket, ${sums}, min(_hash) AS _first FROM (${keyed})
      GROUP BY 1`,
  )
  const [totals = []] = await rowsOf(
    connection,
    `SELECT ${listSums.map((rank) => nthSql(rank, 'list_buckets', mostBuckets)).join(', ')}`,
  )
  return listSums.map((rank, at) => `coalesce(${rank} > ${String(totals[at])}, false)`).join(' OR ')
}

/** The flows of the largest buckets in table `list_flows`, or all flows if those are more. */
async function flowsOfLargest(
  connection: DuckDBConnection,
  keyed: string,
  { isLarge, mostKept }: Readonly<{ isLarge: string; mostKept: number }>,
): Promise<string> {
  const fromLargest = `FROM list_buckets WHERE ${isLarge}`
  const [[number] = []] = await rowsOf(connection, `SELECT coalesce(sum(flows), 0)::DOUBLE ${fromLargest}`)
  if (Number(number) > mostKept) return keyed
  await connection.run(
    `CREATE TEMP TABLE list_flows AS SELECT * FROM (${keyed}) WHERE ${bucket} IN (SELECT _bucket ${fromLargest})`,
  )
  return 'SELECT * FROM list_flows'
}

type LargestKeys = Readonly<{ isLarge: string; most: number }>

/** Tables `list_keys`, the largest conversations by each rank, and `list_bounds` of all others. */
async function createKeys(connection: DuckDBConnection, keyed: string, { isLarge, most }: LargestKeys): Promise<void> {
  await connection.run(
    `CREATE TEMP TABLE list_groups AS SELECT ${conversationKey}, any_value(_bucket) AS _bucket, ${sums} FROM (
      SELECT _source, _target, proto, bytes_est, packets_est, ${bucket} AS _bucket FROM (${keyed}))
      WHERE _bucket IN (SELECT _bucket FROM list_buckets WHERE ${isLarge}) GROUP BY 1, 2, 3`,
  )
  const minima = listSums.map((rank) =>
    nthSql(rank, 'list_groups', Math.max(listLimits.least, Math.min(listLimits.most, most))),
  )
  const bounds = listSums.map(
    (rank, at) =>
      `greatest(${minima[at]}, (SELECT coalesce(max(${rank}), 0) FROM list_buckets WHERE NOT (${isLarge}))) AS ${rank}`,
  )
  const isListed = listSums.map((rank, at) => `coalesce(${rank} > ${minima[at]}, false)`).join(' OR ')
  await connection.run(
    `CREATE TEMP TABLE list_bounds AS SELECT ${bounds.join(', ')};
      CREATE TEMP TABLE list_keys AS SELECT * FROM list_groups WHERE ${isListed}`,
  )
}

/** The value of the first row after so many, or 0. */
function nthSql(rank: string, table: string, after: number) {
  return `coalesce((SELECT ${rank} FROM ${table} ORDER BY ${rank} DESC NULLS LAST LIMIT 1 OFFSET ${after}), 0)`
}

function selectsOf(): readonly ListedRows[] {
  const sameColumns = listSums.map((rank) => [rank, rank] as const)
  const { bound, total, register } = listedParts
  const zeroColumns = listSums.map((rank) => [rank, '0::BIGINT'] as const)
  return [
    {
      part: listedParts.listed,
      from: 'list_rows',
      columns: new Map([
        ['src_ep', `nullif(_one // ${addressShare}, 0)`],
        ['src_port', `(nullif(_one % ${addressShare}, 0) - 1)::USMALLINT`],
        ['dst_ep', `nullif(_other // ${addressShare}, 0)`],
        ['dst_port', `(nullif(_other % ${addressShare}, 0) - 1)::USMALLINT`],
        ['proto', '_proto'],
        ...listSums.map((rank) => [rank, `${rank}::BIGINT`] as const),
        ...listColumns.map(({ name }) => [name, name] as const),
      ]),
    },
    { part: bound, from: 'list_bounds', columns: new Map(sameColumns) },
    {
      part: total,
      from: `(SELECT sum(bytes_est)::BIGINT AS bytes_est, sum(packets_est)::BIGINT AS packets_est,
        sum(flows)::BIGINT AS flows FROM list_buckets)`,
      columns: new Map(sameColumns),
    },
    {
      part: register,
      from: `(SELECT _bucket & ${registers - 1} AS _register, min(_first) AS _first FROM list_buckets GROUP BY 1)`,
      columns: new Map([['src_port', '_register::USMALLINT'], ['src_ep', '(_first >> 32)::BIGINT'], ...zeroColumns]),
    },
  ]
}
