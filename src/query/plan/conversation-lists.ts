/** The largest conversations from the lists of files, and from the flows of files without one (ADR 0040). */
import {
  conversationEnds,
  conversationHash,
  conversationKey,
  conversationNames,
  flowAsListed,
  isConversationOf,
  joinedEnds,
  listColumns,
  listedEndpointsView,
  listedIdsTable,
  listedParts,
  listedView,
  listSums,
  mergedConversations,
  namesOfEnds,
  registers,
  unlistedView,
} from '../../model/conversation-lists.ts'
import { estimatedCountSql } from '../../model/distinct-estimate.ts'
import { duckdb } from '../dialect.ts'
import { keyColumns, rankedOrder, rankedTables } from './conversation-keys.ts'
import type { ConversationRank, ConversationsRequest } from './conversations.ts'

const columnOfRank: Readonly<Partial<Record<ConversationRank, string>>> = {
  bytes: 'bytes_est',
  packets: 'packets_est',
  flows: 'flows',
}

/** Buckets of flows without a list, which are in several files. */
const bits = 16
const mostBuckets = 4096

const allSums = listSums.join(', ')
const names = listColumns.map(({ name }) => name)

/**
 * The largest conversations by the lists, in their order, with {@link listColumns}; `_turned`: their first end is `_b`.
 * `_bound` is the most that a conversation has beside its row; `_whole`: all are listed with all flows. `_lost`: lists
 * lack endpoints, so that the rows are useless. `_registers`: those from which `_all_conversations` is estimated.
 * Undefined for other ranks.
 */
export function largestOfListsSql({ by, limit, span }: ConversationsRequest): string | undefined {
  const rank = columnOfRank[by]
  if (rank === undefined) return undefined
  const ranks = [
    listedRows('sums', [`flow.${rank}`, `${isLost} AS _lost`]),
    `SELECT _source, _target, proto, ${rank}::DOUBLE, false FROM (${restRows})`,
  ]
  const details = [
    largestOf(
      listedRows(
        'lists',
        [...listSums, ...names].map((name) => `flow.${name}`),
      ),
    ),
    `SELECT _source, _target, flow.proto, ${allSums}, ${flowAsListed} FROM (` +
      `SELECT flow.*, ${namesOfEnds} FROM (${largestOf(restRows)}) flow ${joinedEnds('names')}) flow`,
  ]
  const tables = [
    `names AS (SELECT ep AS _ep, ${conversationNames.join(', ')} FROM ${listedEndpointsView})`,
    duckdb.inlined(
      'lists',
      `SELECT * FROM ${listedView} WHERE span_from = ${duckdb.time(span.from)} AND span_to = ${duckdb.time(span.to)}`,
    ),
    // Once for all that need few columns: each read opens all files.
    `sums AS MATERIALIZED (SELECT part, src_ep, src_port, dst_ep, dst_port, proto, ${allSums} FROM lists)`,
    ...restTables(rank),
    `bounds AS MATERIALIZED (SELECT sum(${rank})::HUGEINT AS _bound, sum(flows) AS _flows FROM (` +
      `SELECT ${rank}, flows FROM sums WHERE part = ${bound} UNION ALL SELECT coalesce(max(_sum), 0), ` +
      `coalesce(max(flows), 0) FROM rest_buckets WHERE NOT (${isLarge})) bound(${rank}, flows))`,
    `keys AS MATERIALIZED (SELECT ${conversationKey}, ${rank} AS _value, _lost FROM (${ranks.join(' UNION ALL ')}))`,
    'conversations AS MATERIALIZED (SELECT "_one", "_other", "_proto", sum(_value) AS "_rank" FROM keys ' +
      'GROUP BY 1, 2, 3)',
    ...rankedTables(listedEndpointsView, limit),
    `details AS MATERIALIZED (${mergedConversations(details.join(' UNION ALL '))})`,
    ...totalTables,
  ]
  const all = [
    'coalesce(total.flows, 0) AS "_all_flows"',
    'total.bytes_est AS "_all_bytes"',
    'total.packets_est AS "_all_packets"',
    'round(_estimated)::BIGINT AS "_all_conversations"',
    '"_registers"',
    'coalesce(_bound, 0) AS "_bound"',
    'coalesce(_flows, 0) = 0 AS "_whole"',
    '(SELECT coalesce(bool_or(_lost), false) FROM keys) AS "_lost"',
  ]
  const shown = ['"_rank"', '"_turned"', ...keyColumns, ...names]
  return (
    `WITH ${tables.join(', ')} SELECT ${[...all, ...shown].join(', ')} ` +
    `FROM total CROSS JOIN counted CROSS JOIN bounds LEFT JOIN (SELECT ranked.*, ${names.join(', ')} ` +
    `FROM ranked JOIN details ON ranked."_one" = details."_one" AND ranked."_other" = details."_other" ` +
    `AND ranked."_proto" IS NOT DISTINCT FROM details."_proto") ON true ORDER BY ${rankedOrder}`
  )
}

const { listed, bound, total, register } = listedParts
const isLost = ['src', 'dst']
  .map((end) => `(flow.${end}_ep IS NOT NULL AND coalesce(${end}._first, 0) = 0)`)
  .join(' OR ')
const largestOf = (rows: string) => `SELECT * FROM (${rows}) WHERE ${isConversationOf('ranked')}`

function listedRows(from: 'lists' | 'sums', columns: readonly string[]) {
  const ends = `${conversationEnds('flow')}, flow.proto`
  return `SELECT ${ends}, ${columns.join(', ')} FROM ${from} flow ${joinedEnds(listedIdsTable)} WHERE part = ${listed}`
}

const isLarge = '(_sum > (SELECT _cut FROM rest_cut)) IS TRUE'
const bucket = `(_hash & ${2 ** bits - 1})::UINTEGER`

/** Flows without a list, of the largest buckets. */
const restRows = `SELECT * FROM rest WHERE ${bucket} IN (SELECT _bucket FROM rest_buckets WHERE ${isLarge})`

/** The flows without a list, and the sums of their buckets and registers, of one scan. */
function restTables(rank: string): readonly string[] {
  const joins = ['src', 'dst']
    .map((end) => `JOIN ${listedIdsTable} ${end} ON coalesce(flow.${end}_ep, 0) = ${end}._ep`)
    .join(' ')
  const hash = (id: (end: string) => string) => conversationHash('flow', id)
  // Sums of doubles take a fraction of the time; they are exact below 2^53.
  const totals = listSums.map((name) => `sum(${name}::DOUBLE) AS ${name}`).join(', ')
  return [
    duckdb.inlined(
      'rest',
      `SELECT flow.*, ${conversationEnds('flow')}, ${hash((end) => `${end}._first`)} AS _hash, ` +
        `${hash((end) => `flow.${end}_ep`)} AS _of_day FROM ${unlistedView} flow ${joins}`,
    ),
    `rest_sums AS MATERIALIZED (SELECT _bucket, _register, ${totals}, min(_of_day >> 32)::BIGINT AS _first FROM (` +
      `SELECT ${bucket} AS _bucket, _of_day & ${registers - 1} AS _register, _of_day, ${allSums} FROM rest) ` +
      'GROUP BY GROUPING SETS ((_bucket), (_register)))',
    duckdb.inlined('rest_buckets', `SELECT *, ${rank} AS _sum FROM rest_sums WHERE _bucket IS NOT NULL`),
    `rest_cut AS MATERIALIZED (SELECT coalesce((SELECT _sum FROM rest_buckets ORDER BY _sum DESC NULLS LAST LIMIT 1 ` +
      `OFFSET ${mostBuckets}), -1) AS _cut)`,
  ]
}

/** The sums of all flows, and the estimated number of conversations. */
const totalTables: readonly string[] = [
  `first_hashes AS (SELECT _register, min(_first) AS _first FROM (` +
    `SELECT src_port AS _register, src_ep AS _first FROM sums WHERE part = ${register} UNION ALL ` +
    `SELECT _register, _first FROM rest_sums WHERE _register IS NOT NULL) GROUP BY 1)`,
  `counted AS (SELECT count(*) AS "_registers", ${estimatedCountSql(registers, '_first')} AS _estimated ` +
    'FROM first_hashes)',
  `total AS (SELECT ${listSums.map((name) => `sum(${name})::HUGEINT AS ${name}`).join(', ')} FROM (` +
    `SELECT ${allSums} FROM sums WHERE part = ${total} UNION ALL SELECT ${allSums} FROM rest_buckets))`,
]
