/** The largest of many conversations in parts, by ids of addresses instead of texts, to bound the memory of DuckDB. */
import { duckdb } from '../dialect.ts'
import {
  conversationRankSql,
  fromSql,
  listedConversationsSql,
  toSql,
  type ConversationRank,
  type ConversationsRequest,
} from './conversations.ts'
import {
  firstIds,
  firstIdsSql,
  idCounts,
  idCountsSql,
  stillSingleSql,
  textsOfIdsSql,
  type SingleIds,
} from './endpoint-ids.ts'
import type { StoredEnds } from './endpoint-sums.ts'
import { rowsSql } from './row-query.ts'

/** Doubles are exact while the totals are below `exactDoubles`. */
type Exactness = Readonly<{ doubles: boolean }>

function estimatedSql(field: 'bytes' | 'packets', { doubles }: Exactness) {
  return `"${field}"::${doubles ? 'DOUBLE' : 'HUGEINT'} * coalesce("sampling", 1)`
}

/** The columns that {@link conversationRankSql} needs, and those of which they are made. */
const rankColumns: Readonly<
  Record<ConversationRank, Readonly<{ reads: readonly string[]; value?: (exactness: Exactness) => string }>>
> = {
  bytes: { reads: ['"bytes"', '"sampling"'], value: (exactness) => `${estimatedSql('bytes', exactness)} AS bytes_est` },
  packets: {
    reads: ['"packets"', '"sampling"'],
    value: (exactness) => `${estimatedSql('packets', exactness)} AS packets_est`,
  },
  flows: { reads: [] },
  drop_packets: { reads: ['"drop_packets"'], value: () => '"drop_packets"' },
  duration: { reads: [`${fromSql(duckdb)} AS "_from"`, `${toSql(duckdb)} AS "_to"`], value: () => '"_from", "_to"' },
  last: { reads: [`${toSql(duckdb)} AS "_to"`], value: () => '"_to"' },
  rtt: { reads: ['"rtt"'], value: () => '"rtt"' },
}

/** Sums of all flows (`_all_…`), and {@link idCounts}. */
export function conversationTotalsSql(request: ConversationsRequest, { view }: StoredEnds, exact: Exactness): string {
  const sums = (['bytes', 'packets'] as const).map(
    (field) => `sum(${estimatedSql(field, exact)})::HUGEINT AS "_all_${field}"`,
  )
  const totals = ['"_all_flows"', '"_all_bytes"', '"_all_packets"']
  return (
    `SELECT ${[...totals, ...idCounts].join(', ')} FROM (SELECT count(*) AS "_all_flows", ${sums.join(', ')} ` +
    `FROM (${rowsSql(request, ['"bytes"', '"packets"', '"sampling"'])}) flow) total, ${idCountsSql(view)}`
  )
}

/** A port takes 17 bits beside the id of its address; 0 is an absent one. */
const addressShare = 1 << 17

export type ConversationsPart = Exactness & Readonly<{ part: number; parts: number; single: SingleIds | undefined }>

/**
 * The largest conversations of a part, in their order, with their number in `_all_conversations`. Without conversations
 * one row with 0 of them. `_single`: false if the given ids are out of date, and the rows useless.
 */
export function conversationsPartSql(
  request: ConversationsRequest,
  { view, stored }: StoredEnds,
  { part, parts, single, doubles }: ConversationsPart,
): string {
  const { by, limit } = request
  const ids = ['"_src"', '"_dst"']
  const first = single === undefined ? firstIds(ids) : undefined
  const { reads, value } = rankColumns[by]
  const columns = [
    ...(['src', 'dst'] as const).flatMap((end) => [`${stored(`${end}_ep`)} AS "_${end}"`, `"${end}_port"`]),
    '"proto"',
    ...reads,
  ]
  const [source, target] = (['src', 'dst'] as const).map(
    (end, at) =>
      `coalesce(${(first?.values ?? ids)[at]}, 0) * ${addressShare} + coalesce("${end}_port"::INTEGER + 1, 0)`,
  )
  // The same for both directions.
  const ports = (['src', 'dst'] as const).map((end) => `coalesce("${end}_port", 0)::INTEGER`)
  const within = parts === 1 ? '' : ` WHERE hash(${ports.join(' + ')}) % ${parts} = ${part}`
  const ends = [
    `${source} AS "_s"`,
    `${target} AS "_d"`,
    '"proto"',
    ...(value === undefined ? [] : [value({ doubles })]),
  ]
  const id = (end: string) => `nullif("${end}" // ${addressShare}, 0)`
  const port = (end: string) => `(nullif("${end}" % ${addressShare}, 0) - 1)::INTEGER`
  const check = single === undefined ? 'true' : stillSingleSql(single, view, [id('_one'), id('_other')])
  const least = `(SELECT "_rank" FROM conversations ORDER BY "_rank" DESC NULLS LAST LIMIT 1 OFFSET ${limit - 1})`
  const isA =
    'coalesce("_text_1", \'\'), coalesce("_port_1", -1)) <= (coalesce("_text_2", \'\'), coalesce("_port_2", -1)'
  const of = (end: 'a' | 'b') =>
    ['addr', 'port'].map((name) => {
      const [one, other] = ['1', '2'].map((at) => `"_${name === 'addr' ? 'text' : name}_${at}"`)
      const [first, second] = end === 'a' ? [one, other] : [other, one]
      return `CASE WHEN (${isA}) THEN ${first} ELSE ${second} END AS "_${end}_${name}"`
    })
  const keys = ['"_a_addr"', '"_a_port"', '"_b_addr"', '"_b_port"', '"_proto"']
  const order = ['"_rank" DESC NULLS LAST', ...keys.map((key) => `${key} NULLS LAST`)].join(', ')
  const tables = [
    ...(single === undefined ? [firstIdsSql(view)] : []),
    `conversations AS MATERIALIZED (SELECT least("_s", "_d") AS "_one", greatest("_s", "_d") AS "_other", ` +
      `"proto" AS "_proto", ${conversationRankSql[by](duckdb.sum)} AS "_rank" FROM (SELECT ${ends.join(', ')} ` +
      `FROM (${rowsSql(request, columns)}) flow ${first?.joins ?? ''}${within}) GROUP BY 1, 2, 3)`,
    `total AS (SELECT count(*) AS "_all_conversations", ${check} AS "_single" FROM conversations)`,
    // All that equal the last: their order is that of texts.
    `chosen AS MATERIALIZED (SELECT ${id('_one')} AS "_id_1", ${port('_one')} AS "_port_1", ` +
      `${id('_other')} AS "_id_2", ${port('_other')} AS "_port_2", "_proto", "_rank" FROM conversations ` +
      `WHERE ("_rank" < ${least}) IS NOT TRUE)`,
    textsOfIdsSql(view, 'chosen', ['"_id_1"', '"_id_2"']),
    `named AS (SELECT one."_text" AS "_text_1", "_port_1", other."_text" AS "_text_2", "_port_2", "_proto", "_rank" ` +
      `FROM chosen LEFT JOIN texts one ON "_id_1" = one."_ep" LEFT JOIN texts other ON "_id_2" = other."_ep")`,
    `ranked AS (SELECT "_rank", ${[...of('a'), ...of('b')].join(', ')}, "_proto" FROM named ORDER BY ${order} ` +
      `LIMIT ${limit})`,
  ]
  return (
    `WITH ${tables.join(', ')} SELECT "_all_conversations", "_single", "_rank", ${keys.join(', ')} ` +
    `FROM total LEFT JOIN ranked ON true ORDER BY ${order}`
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
