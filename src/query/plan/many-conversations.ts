/** The largest of many conversations in parts, by ids of addresses instead of texts, to bound the memory of DuckDB. */
import { addressShare } from '../../model/conversation-lists.ts'
import { duckdb } from '../dialect.ts'
import {
  keyColumns,
  keyedFlows,
  rankedOrder,
  rankedTables,
  type Exactness,
  type KeyOptions,
} from './conversation-keys.ts'
import { conversationRankSql, listedConversationsSql, type ConversationsRequest } from './conversations.ts'
import { idCounts, idCountsSql } from './endpoint-ids.ts'
import type { StoredEnds } from './endpoint-sums.ts'
import { rowsSql } from './row-query.ts'
import { manyEstimatesSql, summedColumns } from './sums.ts'

/** Sums of all flows (`_all_…`), and {@link idCounts}. */
export function conversationTotalsSql(request: ConversationsRequest, { view }: StoredEnds, exact: Exactness): string {
  const sums = (['bytes', 'packets'] as const).map(
    (field) => `sum(${manyEstimatesSql(field, exact)})::HUGEINT AS "_all_${field}"`,
  )
  const totals = ['"_all_flows"', '"_all_bytes"', '"_all_packets"']
  return (
    `SELECT ${[...totals, ...idCounts].join(', ')} FROM (SELECT count(*) AS "_all_flows", ${sums.join(', ')} ` +
    `FROM (${rowsSql(request, summedColumns(exact))}) flow) total, ${idCountsSql(view)}`
  )
}

export type ConversationsPart = KeyOptions & Readonly<{ part: number; parts: number }>

/**
 * The largest conversations of a part, in their order, with their number in `_all_conversations`. Without conversations
 * one row with 0 of them. `_single`: false if the given ids are out of date, and the rows useless.
 */
export function conversationsPartSql(
  request: ConversationsRequest,
  ends: StoredEnds,
  { part, parts, ...options }: ConversationsPart,
): string {
  const { by, limit } = request
  const { rows, isSingle } = keyedFlows(request, ends, options)
  // The same for both directions.
  const ports = ['"_s"', '"_d"'].map((end) => `greatest(${end} % ${addressShare} - 1, 0)`)
  const within = parts === 1 ? '' : ` WHERE hash(${ports.join(' + ')}) % ${parts} = ${part}`
  const tables = [
    `conversations AS MATERIALIZED (SELECT least("_s", "_d") AS "_one", greatest("_s", "_d") AS "_other", ` +
      `"proto" AS "_proto", ${conversationRankSql[by](duckdb.sum)} AS "_rank" FROM (${rows}) ` +
      `keyed${within} GROUP BY 1, 2, 3)`,
    `total AS (SELECT count(*) AS "_all_conversations", ${isSingle} AS "_single" FROM conversations)`,
    ...rankedTables(ends.view, limit),
  ]
  return (
    `WITH ${tables.join(', ')} SELECT "_all_conversations", "_single", "_rank", ${keyColumns.join(', ')} ` +
    `FROM total LEFT JOIN ranked ON true ORDER BY ${rankedOrder}`
  )
}

/** Key of a conversation; JSON values. */
export type ConversationKey = Readonly<
  Record<'_a_addr' | '_b_addr', string | null> & Record<'_a_port' | '_b_port' | '_proto', number | null>
>

/** Ids `_ep` of the addresses of the conversations; undefined if one has no address. */
export function conversationIdsSql(keys: readonly ConversationKey[], { view }: StoredEnds): string | undefined {
  const texts = new Set<string>()
  for (const text of keys.flatMap(({ _a_addr: a, _b_addr: b }) => [a, b])) {
    if (text === null) return undefined
    texts.add(duckdb.text(text))
  }
  return `SELECT ep::VARCHAR AS "_ep" FROM ${view} WHERE addr IN (${[...texts].join(', ')})`
}

/** All columns of the conversations; `_place` is the index among the keys. `ids`: of their addresses. */
export function conversationDetailsSql(
  request: ConversationsRequest,
  keys: readonly ConversationKey[],
  ids: readonly string[] | undefined,
  { stored }: StoredEnds,
): string {
  const text = (value: string | null) => `${value === null ? 'NULL' : duckdb.text(value)}::VARCHAR`
  const listed = keys.map(
    (key, index) =>
      `(${text(key._a_addr)}, ${key._a_port}::USMALLINT, ${text(key._b_addr)}, ${key._b_port}::USMALLINT, ` +
      `${key._proto}::UTINYINT, ${index})`,
  )
  const more = ids === undefined ? undefined : ['src_ep', 'dst_ep'].map((id) => `${stored(id)} IN (${ids.join(', ')})`)
  return listedConversationsSql(request, listed, more?.join(' AND '))
}
