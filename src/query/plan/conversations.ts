/** Both directions of one 5-tuple as one row. */
import { conversationNames } from '../../model/conversation-lists.ts'
import { isAgentSql, listeningSides, openingSql, plainBits, serverByPorts, tcpBits } from '../../model/service-port.ts'
import { duckdb, type Dialect } from '../dialect.ts'
import { conditionOf, type RowQuery } from './row-query.ts'

export const conversationRanks = ['bytes', 'packets', 'flows', 'drop_packets', 'duration', 'last', 'rtt'] as const
export type ConversationRank = (typeof conversationRanks)[number]

export interface ConversationsRequest extends RowQuery {
  readonly by: ConversationRank
  readonly limit: number
}

/** Flags without bit 8, which has another meaning in NetFlow and IPFIX. */
const flagsSql = ({ bitAnd }: Dialect) =>
  `CASE WHEN coalesce("protocol" = 'netobserv', false) THEN "tcp_flags" ` +
  `ELSE ${bitAnd('"tcp_flags"', plainBits)} END`

/** @param more an additional condition. */
function flowsSql(request: ConversationsRequest, dialect: Dialect, more?: string): string {
  const { addressText } = dialect
  const ends = ['src', 'dst'] as const
  const columns = ends.flatMap((end) => ['addr', 'port', ...conversationNames].map((part) => `"${end}_${part}"`))
  return (
    `SELECT ${columns.join(', ')}, "proto", bytes_est, packets_est, "rtt", "drop_packets", ` +
    `${flagsSql(dialect)} AS "_flags", "listening_side" AS "_side", ` +
    `${openingSql(dialect.name, '"tcp_flags"', isAgentSql('"protocol"')).opens} AS "_opens", ` +
    `${fromSql(dialect)} AS "_from", ${toSql(dialect)} AS "_to", ` +
    `(coalesce(${addressText('"src_addr"')}, ''), coalesce("src_port"::INTEGER, -1)) <= ` +
    `(coalesce(${addressText('"dst_addr"')}, ''), coalesce("dst_port"::INTEGER, -1)) AS "_ab" ` +
    `FROM ${request.names.view} WHERE ${conditionOf(request, dialect)}${more === undefined ? '' : ` AND ${more}`}`
  )
}

export const fromSql = ({ micros }: Dialect): string => micros('coalesce("time_start", "time_received")')
export const toSql = ({ micros }: Dialect): string => micros('coalesce("time_end", "time_received")')

const key = [
  ...['addr', 'port'].map((part) => `${ofEnd('a', part)} AS "_a_${part}"`),
  ...['addr', 'port'].map((part) => `${ofEnd('b', part)} AS "_b_${part}"`),
  '"proto" AS "_proto"',
]

/** Columns of a conversation beside its key. */
function partsSql(dialect: Dialect): readonly string[] {
  const { sum } = dialect
  const namesOfEnd = (['a', 'b'] as const).flatMap((end) =>
    conversationNames.map((part) => `max(${ofEnd(end, part)}) AS "_${end}_${part}"`),
  )
  const directed = (['ab', 'ba'] as const).flatMap((way) => {
    const ofDirection = `FILTER (WHERE ${way === 'ab' ? '' : 'NOT '}"_ab")`
    const anyTrueSql = (test: string) => dialect.truth(`coalesce(${dialect.anyTrue(test)} ${ofDirection}, false)`)
    return [
      `count(*) ${ofDirection} AS "_flows_${way}"`,
      `${sum('bytes_est')} ${ofDirection} AS "_bytes_${way}"`,
      `${sum('packets_est')} ${ofDirection} AS "_packets_${way}"`,
      `${dialect.bitOr('"_flags"')} ${ofDirection} AS "_flags_${way}"`,
      `${anyTrueSql('"_opens"')} AS "_opens_${way}"`,
      `${anyTrueSql(`"_side" = ${listeningSides.src}`)} AS "_source_listens_${way}"`,
      `${anyTrueSql(`"_side" = ${listeningSides.dst}`)} AS "_target_listens_${way}"`,
      `${dialect.min('"_from"')} ${ofDirection} AS "_first_${way}"`,
    ]
  })
  const ofBothDirections = [
    'max("_to") AS "_last"',
    'min("rtt") AS "_rtt_min"',
    'max("rtt") AS "_rtt_max"',
    `${sum('"drop_packets"')} AS "_drop_packets"`,
  ]
  return [...namesOfEnd, ...directed, ...ofBothDirections]
}

/** Conversations that the relation `ranked` lists by their keys, with the columns of `ranked`. */
function shownSql(dialect: Dialect): Readonly<{ table: string; rows: string }> {
  const parts = partsSql(dialect)
  const keyTests = key.map((each) => {
    const [value = '', column = ''] = each.split(' AS ')
    return `${value} IS NOT DISTINCT FROM ranked.${column}`
  })
  const partColumns = parts.map((each) => `shown.${each.slice(each.lastIndexOf(' AS ') + 4)}`).join(', ')
  const equalKeys = keyColumns.map((column) => {
    const name = dialect.identifier(column)
    return `shown.${name} IS NOT DISTINCT FROM ranked.${name}`
  })
  return {
    table:
      `shown AS (SELECT ${[...key, ...parts].join(', ')} FROM flows_of ` +
      `${dialect.semiJoin} ranked ON ${keyTests.join(' AND ')} GROUP BY 1, 2, 3, 4, 5)`,
    rows: `SELECT ranked.*, ${partColumns} FROM ranked JOIN shown ON ${equalKeys.join(' AND ')}`,
  }
}

/**
 * Before the direction is known, the ends are `a` and `b`: `a` is the first by text of the address, then by port.
 * `_opens`: a flow opens the connection, and `_listens`: its source or destination listened, as for `initiator` of
 * flows.
 */
export function conversationsSql(request: ConversationsRequest, dialect: Dialect = duckdb): string {
  const { by, limit } = request
  const { identifier: name, sum } = dialect
  const keyOrder = keyColumns.map(
    (column) => `${dialect.ordered(name(column), column.endsWith('_addr') ? 'ip' : 'u16')} NULLS LAST`,
  )
  const order = ['"_rank" DESC NULLS LAST', ...keyOrder].join(', ')
  const totals =
    '(SELECT count(*) FROM conversations) AS "_all_conversations", count(*) AS "_all_flows", ' +
    `${sum('bytes_est')} AS "_all_bytes", ${sum('packets_est')} AS "_all_packets"`
  const { table, rows } = shownSql(dialect)
  return (
    `WITH ${dialect.inlined('flows_of', flowsSql(request, dialect))}, ` +
    // Only the keys of conversations are kept; there may be as many conversations as flows.
    `${dialect.stored(
      'conversations',
      `SELECT ${key.join(', ')}, ${conversationRankSql[by](sum)} AS "_rank" FROM flows_of GROUP BY 1, 2, 3, 4, 5`,
    )}, ` +
    `${dialect.stored('ranked', `SELECT * FROM conversations ORDER BY ${order} LIMIT ${limit}`)}, ${table} ` +
    `SELECT * FROM (SELECT ${totals} FROM flows_of) total LEFT JOIN (${rows}) ON true ORDER BY ${order}`
  )
}

/** The listed conversations (rows of VALUES with the key and `_place`), in no order. `more`: holds for their flows. */
export function listedConversationsSql(
  request: ConversationsRequest,
  listed: readonly string[],
  more: string | undefined,
): string {
  const { table, rows } = shownSql(duckdb)
  const columns = [...keyColumns, '_place'].map(duckdb.identifier).join(', ')
  return (
    `WITH ${duckdb.inlined('flows_of', flowsSql(request, duckdb, more))}, ` +
    `ranked(${columns}) AS MATERIALIZED (VALUES ${listed.join(', ')}), ${table} ${rows}`
  )
}

const keyColumns = ['_a_addr', '_a_port', '_b_addr', '_b_port', '_proto'] as const

function ofEnd(end: 'a' | 'b', part: string) {
  const [first, second] = end === 'a' ? ['src', 'dst'] : ['dst', 'src']
  return `CASE WHEN "_ab" THEN "${first}_${part}" ELSE "${second}_${part}" END`
}

/** Rank of a conversation, over its flows. */
export const conversationRankSql: Readonly<Record<ConversationRank, (sum: Dialect['sum']) => string>> = {
  bytes: (sum) => sum('bytes_est'),
  packets: (sum) => sum('packets_est'),
  flows: () => 'count(*)',
  drop_packets: (sum) => sum('"drop_packets"'),
  duration: () => 'max("_to") - min("_from")',
  last: () => 'max("_to")',
  rtt: () => 'max("rtt")',
}

/** `port`: the only registered port. `learned`: the end listened in earlier flows. `lower`: a guess by ports. */
export type Evidence = 'syn' | 'port' | 'learned' | 'lower' | 'time'

/** One direction of a conversation; a direction without flows is not reported. */
export type Direction = Readonly<{
  flows: number
  /** Bits that any flow of the direction has; null if no flow has flags. */
  flags: number | null
  /** A flow of this direction opens the connection. */
  opens: boolean
  /** The source listened in earlier flows. */
  sourceListens: boolean
  targetListens: boolean
  /** Time of the first flow, µs since 1970. */
  first: number | null
}>

/**
 * The rules of `initiator` of flows, over all flows of the conversation, then the earlier flow. A SYN in one of two
 * reported directions also shows the client.
 */
export function conversationInitiator(
  ab: Direction,
  ba: Direction,
  ports: Readonly<{ a: number | null; b: number | null }>,
): Readonly<{ isA: boolean; by: Evidence }> {
  const opener = openerOf(ab, ba)
  const byPorts = serverByPorts(ports.a ?? 0, ports.b ?? 0)
  if (byPorts?.sure === true) {
    const isA = byPorts.server === 'dst'
    return { isA, by: opener === isA ? 'syn' : 'port' }
  }
  if (opener !== undefined) return { isA: opener, by: 'syn' }
  const listens = { a: ab.sourceListens || ba.targetListens, b: ab.targetListens || ba.sourceListens }
  if (listens.a !== listens.b) return { isA: listens.b, by: 'learned' }
  if (byPorts !== undefined) return { isA: byPorts.server === 'dst', by: 'lower' }
  const noTime = Number.POSITIVE_INFINITY
  return { isA: (ab.first ?? noTime) <= (ba.first ?? noTime), by: 'time' }
}

/** Whether TCP flags show `a` as the client. */
function openerOf(ab: Direction, ba: Direction): boolean | undefined {
  const hasFlag = ({ flags }: Direction, bit: number) => ((flags ?? 0) & bit) !== 0
  const responds = [hasFlag(ab, tcpBits.synAck), hasFlag(ba, tcpBits.synAck)] as const
  if (responds[0] !== responds[1]) return responds[1]
  if (ab.opens !== ba.opens) return ab.opens
  const syn = [hasFlag(ab, tcpBits.syn), hasFlag(ba, tcpBits.syn)] as const
  return ab.flows > 0 && ba.flows > 0 && syn[0] !== syn[1] ? syn[0] : undefined
}
