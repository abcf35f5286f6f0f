/** Conversations by numbers instead of texts: ids of addresses, with ports. */
import { addressShare } from '../../model/conversation-lists.ts'
import { duckdb } from '../dialect.ts'
import { fromSql, toSql, type ConversationRank, type ConversationsRequest } from './conversations.ts'
import { firstIds, firstIdsSql, stillSingleSql, textsOfIdsSql, type SingleIds } from './endpoint-ids.ts'
import type { StoredEnds } from './endpoint-sums.ts'
import { rowsSql } from './row-query.ts'

/** Doubles are exact while the totals are below `exactDoubles`. */
export type Exactness = Readonly<{ doubles: boolean }>

export type KeyOptions = Exactness & Readonly<{ single: SingleIds | undefined }>

export function estimatedSql(field: 'bytes' | 'packets', { doubles }: Exactness): string {
  return `"${field}"::${doubles ? 'DOUBLE' : 'HUGEINT'} * coalesce("sampling", 1)`
}

/** The columns that `conversationRankSql` needs, and those of which they are made. */
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

const id = (end: string) => `nullif("${end}" // ${addressShare}, 0)`
const port = (end: string) => `(nullif("${end}" % ${addressShare}, 0) - 1)::INTEGER`

/**
 * `rows`: of the flows, with the ends `_s` and `_d`, `proto`, and columns for the rank. `tables`: of a WITH that they
 * need. `isSingle`: of the relation `conversations`: false if the given ids are out of date, and the rows useless.
 */
export function keyedFlows(
  request: ConversationsRequest,
  { view, stored }: StoredEnds,
  { single, doubles }: KeyOptions,
): Readonly<{ tables: readonly string[]; rows: string; isSingle: string }> {
  const ids = ['"_src"', '"_dst"']
  const first = single === undefined ? firstIds(ids) : undefined
  const { reads, value } = rankColumns[request.by]
  const columns = [
    ...(['src', 'dst'] as const).flatMap((end) => [`${stored(`${end}_ep`)} AS "_${end}"`, `"${end}_port"`]),
    '"proto"',
    ...reads,
  ]
  const [source, target] = (['src', 'dst'] as const).map(
    (end, at) =>
      `coalesce(${(first?.values ?? ids)[at]}, 0) * ${addressShare} + coalesce("${end}_port"::INTEGER + 1, 0)`,
  )
  const ends = [
    `${source} AS "_s"`,
    `${target} AS "_d"`,
    '"proto"',
    ...(value === undefined ? [] : [value({ doubles })]),
  ]
  return {
    tables: single === undefined ? [firstIdsSql(view)] : [],
    rows: `SELECT ${ends.join(', ')} FROM (${rowsSql(request, columns)}) flow ${first?.joins ?? ''}`,
    isSingle: single === undefined ? 'true' : stillSingleSql(single, view, [id('_one'), id('_other')]),
  }
}

export const keyColumns: readonly string[] = ['"_a_addr"', '"_a_port"', '"_b_addr"', '"_b_port"', '"_proto"']
export const rankedOrder: string = ['"_rank" DESC NULLS LAST', ...keyColumns.map((key) => `${key} NULLS LAST`)].join(
  ', ',
)

/**
 * `ranked`: the largest of the relation `conversations` (`_one`, `_other`, `_proto`, `_rank`), with texts. `_turned`:
 * the end `a`, the first by its text, is `_other`.
 */
export function rankedTables(view: string, limit: number): readonly string[] {
  const least = `(SELECT "_rank" FROM conversations ORDER BY "_rank" DESC NULLS LAST LIMIT 1 OFFSET ${limit - 1})`
  const isA =
    'coalesce("_text_1", \'\'), coalesce("_port_1", -1)) <= (coalesce("_text_2", \'\'), coalesce("_port_2", -1)'
  const of = (end: 'a' | 'b') =>
    ['addr', 'port'].map((name) => {
      const [one, other] = ['1', '2'].map((at) => `"_${name === 'addr' ? 'text' : name}_${at}"`)
      const [first, second] = end === 'a' ? [one, other] : [other, one]
      return `CASE WHEN (${isA}) THEN ${first} ELSE ${second} END AS "_${end}_${name}"`
    })
  return [
    // All that equal the last: their order is that of texts.
    `chosen AS MATERIALIZED (SELECT "_one", "_other", ${id('_one')} AS "_id_1", ${port('_one')} AS "_port_1", ` +
      `${id('_other')} AS "_id_2", ${port('_other')} AS "_port_2", "_proto", "_rank" FROM conversations ` +
      `WHERE ("_rank" < ${least}) IS NOT TRUE)`,
    textsOfIdsSql(view, 'chosen', ['"_id_1"', '"_id_2"']),
    `named AS (SELECT chosen.*, one."_text" AS "_text_1", other."_text" AS "_text_2" ` +
      `FROM chosen LEFT JOIN texts one ON "_id_1" = one."_ep" LEFT JOIN texts other ON "_id_2" = other."_ep")`,
    `ranked AS (SELECT "_one", "_other", "_rank", NOT (${isA}) AS "_turned", ` +
      `${[...of('a'), ...of('b')].join(', ')}, "_proto" FROM named ORDER BY ${rankedOrder} LIMIT ${limit})`,
  ]
}
