/**
 * The largest of many conversations without a group for each: flows are summed by buckets of a hash, and only the
 * conversations of the largest buckets are grouped. A conversation has at most the sum of its bucket.
 */
import { duckdb } from '../dialect.ts'
import { keyColumns, keyedFlows, rankedOrder, rankedTables, type KeyOptions } from './conversation-keys.ts'
import { conversationRankSql, type ConversationsRequest } from './conversations.ts'
import type { StoredEnds } from './endpoint-sums.ts'

const bitsOfHash = 64

export type PrunedConversations = KeyOptions &
  Readonly<{
    /** 2^bits buckets. */
    bits: number
    /** Buckets of which conversations are grouped. */
    most: number
    /** SQL of a rank that as many conversations as requested have. Unset: guessed. */
    least?: string | undefined
  }>

/**
 * The largest conversations in their order, with an estimate of their number in `_all_conversations`, or one row
 * without them. `_buckets`: those with flows. `_proven`: no other conversation has the rank of the last one. `_few`:
 * false if more buckets than `most` are needed. `_single`: false if the given ids are out of date, and the rows
 * useless.
 */
export function prunedConversationsSql(
  request: ConversationsRequest,
  ends: StoredEnds,
  { bits, most, least, ...options }: PrunedConversations,
): string {
  const { by, limit } = request
  const { tables, rows, isSingle } = keyedFlows(request, ends, options)
  const count = 2 ** bits
  const pairs =
    `SELECT *, least("_s", "_d") AS "_one", greatest("_s", "_d") AS "_other", ` +
    `hash(least("_s", "_d"), greatest("_s", "_d"), "proto") AS "_hash" FROM (${rows}) keyed`
  const bucket = `("_hash" & ${count - 1})::UINTEGER`
  const rank = conversationRankSql[by](duckdb.sum)
  const cut = `(SELECT "_sum" FROM buckets ORDER BY "_sum" DESC NULLS LAST LIMIT 1 OFFSET ${most})`
  const isAbove = (value: string) =>
    least === undefined
      ? `coalesce(${value} > (SELECT "_cut" FROM facts), ${value} IS NOT NULL)`
      : `coalesce(${value} >= ${least}, false)`
  const withTables = [
    ...tables,
    duckdb.inlined('pairs', pairs),
    `buckets AS MATERIALIZED (SELECT ${bucket} AS "_bucket", ${rank} AS "_sum", min("_hash") AS "_first" ` +
      `FROM pairs GROUP BY 1)`,
    // Shares of the range of hashes: the first of each bucket is exponential, cut off at 1 in buckets without flows.
    `facts AS MATERIALIZED (SELECT count(*) AS "_buckets", ${cut} AS "_cut", ` +
      `coalesce(sum(("_first" >> ${bits})::DOUBLE) / ${2 ** (bitsOfHash - bits)}, 0) ` +
      `+ ${count} - count(*) AS "_shares" ` +
      `FROM buckets)`,
    `large AS MATERIALIZED (SELECT "_bucket" FROM buckets WHERE ${isAbove('"_sum"')})`,
    `conversations AS MATERIALIZED (SELECT "_one", "_other", "proto" AS "_proto", ${rank} AS "_rank" FROM pairs ` +
      `WHERE ${bucket} IN (SELECT "_bucket" FROM large) AND (SELECT count(*) FROM large) <= ${most} ` +
      `GROUP BY 1, 2, 3)`,
    `checked AS (SELECT count(*) FILTER (${isAbove('"_rank"')}) >= ${limit} AS "_proven", ${isSingle} AS "_single", ` +
      `(SELECT count(*) FROM large) <= ${most} AS "_few" FROM conversations)`,
    ...rankedTables(ends.view, limit),
  ]
  return (
    `WITH ${withTables.join(', ')} ` +
    `SELECT round(${count} * greatest("_buckets" - 1, 0) / "_shares")::BIGINT AS "_all_conversations", "_buckets", ` +
    `"_proven", "_few", "_single", "_rank", ${keyColumns.join(', ')} ` +
    `FROM facts CROSS JOIN checked LEFT JOIN ranked ON true ORDER BY ${rankedOrder}`
  )
}
