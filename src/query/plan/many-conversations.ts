/** The largest of many conversations in parts, by numbers instead of texts, to bound the memory of DuckDB. */
import { duckdb } from '../dialect.ts'
import {
  conversationRankSql,
  fromSql,
  listedConversationsSql,
  toSql,
  type ConversationRank,
  type ConversationsRequest,
} from './conversations.ts'
import type { StoredEnds } from './endpoint-sums.ts'
import { conditionOf } from './row-query.ts'

/** The columns that {@link conversationRankSql} needs. */
const rankColumns: Readonly<Record<ConversationRank, Readonly<Record<string, string>>>> = {
  bytes: { bytes_est: 'bytes_est' },
  packets: { packets_est: 'packets_est' },
  flows: {},
  drop_packets: { drop_packets: '"drop_packets"' },
  duration: { _from: fromSql(duckdb), _to: toSql(duckdb) },
  last: { _to: toSql(duckdb) },
  rtt: { rtt: '"rtt"' },
}

/** Sums of all flows (`_all_…`), and the estimated number of conversations (`_conversations`). */
export function conversationTotalsSql(request: ConversationsRequest, { stored }: StoredEnds): string {
  const end = (side: 'src' | 'dst') => `hash(${stored(`${side}_ep`)}, "${side}_port")`
  return (
    `SELECT count(*) AS "_all_flows", ${duckdb.sum('bytes_est')} AS "_all_bytes", ` +
    `${duckdb.sum('packets_est')} AS "_all_packets", ` +
    `approx_count_distinct(hash(xor(${end('src')}, ${end('dst')}), "proto")) AS "_conversations" ` +
    `FROM ${request.names.view} WHERE ${conditionOf(request)}`
  )
}

/** A port takes 17 bits beside the number of its address; 0 is an absent one. */
const addressShare = 1 << 17

/**
 * The largest conversations of a part, in their order, with their number in `_all_conversations`. Addresses have
 * numbers in the order of their texts, so that ties have the order of {@link conversationsSql}. Without conversations
 * one row with 0 as `_all_conversations`.
 */
export function conversationsPartSql(
  request: ConversationsRequest,
  { view, stored }: StoredEnds,
  { part, parts }: Readonly<{ part: number; parts: number }>,
): string {
  const { names, by, limit } = request
  const ends = ['src', 'dst'] as const
  const ranked = Object.entries(rankColumns[by])
  const ports = ends.map((end) => `coalesce("${end}_port", 0)::INTEGER`)
  const flows =
    `SELECT ${ends.map((end) => `${stored(`${end}_ep`)} AS "_${end}", "${end}_port"`).join(', ')}, "proto"` +
    `${ranked.map(([name, value]) => `, ${value} AS "${name}"`).join('')} ` +
    `FROM ${names.view} WHERE ${conditionOf(request)}` +
    // The same for both directions, and known before the joins.
    (parts === 1 ? '' : ` AND hash(${ports.join(' + ')}) % ${parts} = ${part}`)
  const encoded = ends.map(
    (end) =>
      `coalesce(${end}."_number", 0)::BIGINT * ${addressShare} + coalesce("${end}_port"::INTEGER + 1, 0) ` +
      `AS "_${end}_end"`,
  )
  // With a star, the store would join all addresses.
  const columns = ['"proto"', ...ranked.map(([name]) => `"${name}"`), ...encoded]
  const joins = ends.map((end) => `LEFT JOIN numbered ${end} ON flow."_${end}" = ${end}."_ep"`).join(' ')
  const [a, b] = ['least("_src_end", "_dst_end")', 'greatest("_src_end", "_dst_end")']
  const number = (end: string) => `nullif("${end}" // ${addressShare}, 0)`
  const port = (end: string) => `nullif("${end}" % ${addressShare}, 0)`
  const order = [
    '"_rank" DESC NULLS LAST',
    ...['_a', '_b'].flatMap((end) => [`${number(end)} NULLS LAST`, `${port(end)} NULLS LAST`]),
    '"_proto" NULLS LAST',
  ].join(', ')
  const keys = '"_a", "_b", "_proto"'
  const of = (end: 'a' | 'b') => `${end}."_text" AS "_${end}_addr", (${port(`_${end}`)} - 1)::INTEGER AS "_${end}_port"`
  return (
    `WITH numbered AS MATERIALIZED (SELECT ep AS "_ep", addr AS "_text", ` +
    `dense_rank() OVER (ORDER BY addr)::UINTEGER AS "_number" FROM ${view} WHERE addr IS NOT NULL), ` +
    `conversations AS MATERIALIZED (SELECT ${a} AS "_a", ${b} AS "_b", "proto" AS "_proto", ` +
    `${conversationRankSql[by](duckdb.sum)} AS "_rank" FROM (SELECT ${columns.join(', ')} ` +
    `FROM (${flows}) flow ${joins}) GROUP BY 1, 2, 3), ` +
    `ranked AS MATERIALIZED (SELECT ${keys}, "_rank" FROM conversations ORDER BY ${order} LIMIT ${limit}), ` +
    `texts AS MATERIALIZED (SELECT "_number", min("_text") AS "_text" FROM numbered WHERE "_number" IN ` +
    `(SELECT ${number('_a')} FROM ranked UNION ALL SELECT ${number('_b')} FROM ranked) GROUP BY 1) ` +
    `SELECT "_all_conversations", "_rank", ${of('a')}, ${of('b')}, "_proto" ` +
    `FROM (SELECT count(*) AS "_all_conversations" FROM conversations) total ` +
    `LEFT JOIN ranked ON true LEFT JOIN texts a ON a."_number" = ${number('_a')} ` +
    `LEFT JOIN texts b ON b."_number" = ${number('_b')} ORDER BY ${order}`
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
    (each, place) =>
      `(${text(each._a_addr)}, ${each._a_port}::USMALLINT, ${text(each._b_addr)}, ${each._b_port}::USMALLINT, ` +
      `${each._proto}::UTINYINT, ${place})`,
  )
  const more = ids === undefined ? undefined : ['src_ep', 'dst_ep'].map((id) => `${stored(id)} IN (${ids.join(', ')})`)
  return listedConversationsSql(request, listed, more?.join(' AND '))
}
