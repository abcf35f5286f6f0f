/** Conversations by numbers instead of texts: ids of addresses, with ports. */
import { addressShare } from '../../model/conversation-lists.ts'
import { duckdb } from '../dialect.ts'
import { fromSql, toSql, type ConversationRank, type ConversationsRequest } from './conversations.ts'
import { stillSingleSql, textsOfIdsSql, withFirstIds, type SingleIds } from './endpoint-ids.ts'
import type { StoredEnds } from './endpoint-sums.ts'
import { rowScans } from './row-query.ts'
import { manyEstimatesSql, summedColumns } from './sums.ts'

/** Doubles are exact while the totals are below `exactDoubles`. */
export type Exactness = Readonly<{ doubles: boolean }>

export type KeyOptions = Exactness & Readonly<{ single: SingleIds | undefined }>

const times = { '"_from"': fromSql(duckdb), '"_to"': toSql(duckdb) }

type RankColumns = Readonly<{
  /** Columns with their SQL. */
  reads: (exactness: Exactness) => Readonly<Record<string, string>>
  /** SQL of the value, from these columns, for `conversationRankSql`. */
  value?: (exactness: Exactness) => string
}>

const rankColumns: Readonly<Record<ConversationRank, RankColumns>> = {
  bytes: estimated('bytes'),
  packets: estimated('packets'),
  flows: { reads: () => ({}) },
  drop_packets: { reads: () => stored('"drop_packets"'), value: () => '"drop_packets"' },
  duration: { reads: () => times, value: () => '"_from", "_to"' },
  last: { reads: () => ({ '"_to"': times['"_to"'] }), value: () => '"_to"' },
  rtt: { reads: () => stored('"rtt"'), value: () => '"rtt"' },
}

function estimated(field: 'bytes' | 'packets'): RankColumns {
  return {
    reads: ({ doubles }) => stored(...summedColumns({ sums: [field], doubles })),
    value: (exactness) => `${manyEstimatesSql(field, exactness)} AS ${field}_est`,
  }
}

function stored(...columns: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(columns.map((column) => [column, column]))
}

const id = (end: string) => `nullif("${end}" // ${addressShare}, 0)`
const port = (end: string) => `(nullif("${end}" % ${addressShare}, 0) - 1)::INTEGER`

/**
 * `rows`: of the flows, with the ends `_s` and `_d`, `proto`, and columns for the rank. `isSingle`: of the relation
 * `conversations`: false if the given ids are out of date, and the rows useless.
 */
export function keyedFlows(
  request: ConversationsRequest,
  { view, firsts, stored: inFiles }: StoredEnds,
  { single, doubles }: KeyOptions,
): Readonly<{ rows: string; isSingle: string }> {
  const { reads, value } = rankColumns[request.by]
  const others = { ...stored('"src_port"', '"dst_port"', '"proto"'), ...reads({ doubles }) }
  const ids = { '"_src"': inFiles('src_ep'), '"_dst"': inFiles('dst_ep') }
  const scans = rowScans(
    request,
    Object.entries({ ...ids, ...others }).map(([name, sql]) => `${sql} AS ${name}`),
  )
  const rows =
    single === undefined
      ? withFirstIds(scans, { firsts, ids: Object.keys(ids), others: Object.keys(others) })
      : scans.join(' UNION ALL ')
  const end = (id: string, number: string) =>
    `coalesce(${id}, 0) * ${addressShare} + coalesce(${number}::INTEGER + 1, 0)`
  const columns = [
    `${end('"_src"', '"src_port"')} AS "_s"`,
    `${end('"_dst"', '"dst_port"')} AS "_d"`,
    '"proto"',
    ...(value === undefined ? [] : [value({ doubles })]),
  ]
  return {
    rows: `SELECT ${columns.join(', ')} FROM (${rows}) flow`,
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
