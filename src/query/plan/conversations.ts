/** Both directions of one 5-tuple as one row. */
import { duckdb, type Dialect } from '../dialect.ts'
import { conditionOf, type RowQuery } from './row-query.ts'

export const conversationRanks = ['bytes', 'packets', 'flows', 'drop_packets', 'duration', 'last', 'rtt'] as const
export type ConversationRank = (typeof conversationRanks)[number]

export interface ConversationsRequest extends RowQuery {
  readonly by: ConversationRank
  readonly limit: number
}

/** Parts of an endpoint that a conversation has for both of its ends; of several values, the last in byte order. */
export const conversationNames = ['name', 'namespace', 'owner_name', 'label'] as const

/** Bits of `tcp_flags`: the combination is that of NetObserv's agent. */
export const tcpBits = { syn: 0x02, ack: 0x10, synAck: 0x100, plain: 0xff } as const

/** Flags without bit 8 of NetFlow and IPFIX, which is another flag there. */
const flagsSql = ({ bitAnd }: Dialect) =>
  `CASE WHEN coalesce("protocol" = 'netobserv', false) THEN "tcp_flags" ` +
  `ELSE ${bitAnd('"tcp_flags"', tcpBits.plain)} END`

/**
 * Before the direction is known, the ends are `a` and `b`: `a` is the first by text of the address, then by port.
 * `opens`: a SYN without ACK.
 */
export function conversationsSql(request: ConversationsRequest, dialect: Dialect = duckdb): string {
  const { names, by, limit } = request
  const { identifier: name, micros, sum, addressText } = dialect
  const ends = ['src', 'dst'] as const
  const columns = ends.flatMap((end) => ['addr', 'port', ...conversationNames].map((part) => `"${end}_${part}"`))
  const flows =
    `SELECT ${columns.join(', ')}, "proto", bytes_est, packets_est, "rtt", "drop_packets", ` +
    `${flagsSql(dialect)} AS "_flags", ` +
    `${micros('coalesce("time_start", "time_received")')} AS "_from", ` +
    `${micros('coalesce("time_end", "time_received")')} AS "_to", ` +
    `(coalesce(${addressText('"src_addr"')}, ''), coalesce("src_port"::INTEGER, -1)) <= ` +
    `(coalesce(${addressText('"dst_addr"')}, ''), coalesce("dst_port"::INTEGER, -1)) AS "_ab" ` +
    `FROM ${names.view} WHERE ${conditionOf(request, dialect)}`
  const key = [
    ...['addr', 'port'].map((part) => `${ofEnd('a', part)} AS "_a_${part}"`),
    ...['addr', 'port'].map((part) => `${ofEnd('b', part)} AS "_b_${part}"`),
    '"proto" AS "_proto"',
  ]
  const named = (['a', 'b'] as const).flatMap((end) =>
    conversationNames.map((part) => `max(${ofEnd(end, part)}) AS "_${end}_${part}"`),
  )
  const directed = (['ab', 'ba'] as const).flatMap((way) => {
    const only = `FILTER (WHERE ${way === 'ab' ? '' : 'NOT '}"_ab")`
    const opens = `${dialect.bitAnd('"_flags"', tcpBits.syn)} <> 0 AND ${dialect.bitAnd('"_flags"', tcpBits.ack)} = 0`
    return [
      `count(*) ${only} AS "_flows_${way}"`,
      `${sum('bytes_est')} ${only} AS "_bytes_${way}"`,
      `${sum('packets_est')} ${only} AS "_packets_${way}"`,
      `${dialect.bitOr('"_flags"')} ${only} AS "_flags_${way}"`,
      `${dialect.truth(`coalesce(${dialect.anyTrue(opens)} ${only}, false)`)} AS "_opens_${way}"`,
      `${dialect.min('"_from"')} ${only} AS "_first_${way}"`,
    ]
  })
  const whole = [
    'max("_to") AS "_last"',
    'min("rtt") AS "_rtt_min"',
    'max("rtt") AS "_rtt_max"',
    `${sum('"drop_packets"')} AS "_drop_packets"`,
  ]
  const among = key.map((each) => {
    const [value = '', column = ''] = each.split(' AS ')
    return `${value} IS NOT DISTINCT FROM ranked.${column}`
  })
  const rest = [...named, ...directed, ...whole]
    .map((each) => `shown.${each.slice(each.lastIndexOf(' AS ') + 4)}`)
    .join(', ')
  const keyOrder = keyColumns.map(
    (column) => `${dialect.ordered(name(column), column.endsWith('_addr') ? 'ip' : 'u16')} NULLS LAST`,
  )
  const order = ['"_rank" DESC NULLS LAST', ...keyOrder].join(', ')
  const same = keyColumns.map((column) => `shown.${name(column)} IS NOT DISTINCT FROM ranked.${name(column)}`)
  const totals =
    '(SELECT count(*) FROM conversations) AS "_all_conversations", count(*) AS "_all_flows", ' +
    `${sum('bytes_est')} AS "_all_bytes", ${sum('packets_est')} AS "_all_packets"`
  return (
    `WITH ${dialect.inlined('flows_of', flows)}, ` +
    // Only keys are kept of all conversations; there may be as many as flows.
    `${dialect.stored(
      'conversations',
      `SELECT ${key.join(', ')}, ${ranks[by](sum)} AS "_rank" FROM flows_of GROUP BY 1, 2, 3, 4, 5`,
    )}, ` +
    `${dialect.stored('ranked', `SELECT * FROM conversations ORDER BY ${order} LIMIT ${limit}`)}, ` +
    `shown AS (SELECT ${[...key, ...named, ...directed, ...whole].join(', ')} FROM flows_of ` +
    `${dialect.semiJoin} ranked ON ${among.join(' AND ')} ` +
    `GROUP BY 1, 2, 3, 4, 5) ` +
    `SELECT * FROM (SELECT ${totals} FROM flows_of) total LEFT JOIN (SELECT ranked.*, ${rest} ` +
    `FROM ranked JOIN shown ON ${same.join(' AND ')}) ON true ORDER BY ${order}`
  )
}

const keyColumns = ['_a_addr', '_a_port', '_b_addr', '_b_port', '_proto'] as const

function ofEnd(end: 'a' | 'b', part: string) {
  const [first, second] = end === 'a' ? ['src', 'dst'] : ['dst', 'src']
  return `CASE WHEN "_ab" THEN "${first}_${part}" ELSE "${second}_${part}" END`
}

const ranks: Readonly<Record<ConversationRank, (sum: Dialect['sum']) => string>> = {
  bytes: (sum) => sum('bytes_est'),
  packets: (sum) => sum('packets_est'),
  flows: () => 'count(*)',
  drop_packets: (sum) => sum('"drop_packets"'),
  duration: () => 'max("_to") - min("_from")',
  last: () => 'max("_to")',
  rtt: () => 'max("rtt")',
}

export type Evidence = 'syn' | 'port' | 'time'

/** One direction of a conversation; without flows it is not reported. */
export type Direction = Readonly<{
  flows: number
  /** Bits that any of its flows has; null if none has flags. */
  flags: number | null
  /** A flow has SYN without ACK. */
  opens: boolean
  /** µs since 1970. */
  first: number | null
}>

/** A SYN+ACK or a SYN without ACK decides, then a SYN in one of two reported directions, then the higher port. */
export function initiatorOf(
  ab: Direction,
  ba: Direction,
  ports: Readonly<{ a: number | null; b: number | null }>,
): Readonly<{ isA: boolean; by: Evidence }> {
  const has = ({ flags }: Direction, bit: number) => ((flags ?? 0) & bit) !== 0
  const responds = [has(ab, tcpBits.synAck), has(ba, tcpBits.synAck)] as const
  if (responds[0] !== responds[1]) return { isA: responds[1], by: 'syn' }
  if (ab.opens !== ba.opens) return { isA: ab.opens, by: 'syn' }
  const syn = [has(ab, tcpBits.syn), has(ba, tcpBits.syn)] as const
  if (ab.flows > 0 && ba.flows > 0 && syn[0] !== syn[1]) return { isA: syn[0], by: 'syn' }
  if (ports.a !== null && ports.b !== null && ports.a !== ports.b) return { isA: ports.a > ports.b, by: 'port' }
  const never = Number.POSITIVE_INFINITY
  return { isA: (ab.first ?? never) <= (ba.first ?? never), by: 'time' }
}
