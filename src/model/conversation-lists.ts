/** Lists of the largest conversations, of files of flows and of queries (ADR 0040). */

/** Numbers of the rows of lists in files of sums. */
export const listedParts = { listed: 200, bound: 201, total: 202, register: 203 } as const

/** Views of the embedded store, of the span in all reads of the first one. */
export const listedView = 'listed_conversations'
export const unlistedView = 'unlisted_flows'
export const listedEndpointsView = 'listed_endpoints'
/** Ids (`_ep`) of listed endpoints and unlisted flows, and 0, with the first id of the same address (`_first`). */
export const listedIdsTable = 'listed_first_ids'

/** Registers with the first hash of each, by the lowest bits, from which the number of conversations is estimated. */
export const registers = 1 << 13

/** Parts of an endpoint that a conversation has for both of its ends; of several values, the last in byte order. */
export const conversationNames = ['name', 'namespace', 'owner_name', 'label'] as const

/** A port takes 17 bits beside the id of its address; 0 is an absent one. */
export const addressShare: number = 1 << 17

const ends = ['src', 'dst'] as const
type End = (typeof ends)[number]

/**
 * Columns `_source` and `_target`. `row` has the ports. `first`: SQL of the first id of the address of an end, by
 * default of relations `src` and `dst`.
 */
export function conversationEnds(row: string, first = (end: End): string => `${end}._first`): string {
  return ends
    .map((end, at) => {
      const port = `coalesce(${row}.${end}_port::INTEGER + 1, 0)`
      return `coalesce(${first(end)}, 0) * ${addressShare} + ${port} AS ${at === 0 ? '_source' : '_target'}`
    })
    .join(', ')
}

/** The key of a conversation: columns `_one`, `_other` and `_proto` of rows with {@link conversationEnds}. */
export const conversationKey = 'least(_source, _target) AS _one, greatest(_source, _target) AS _other, proto AS _proto'

/** Condition of such rows: their conversation is in a relation with the columns of {@link conversationKey}. */
export function isConversationOf(relation: string): string {
  return (
    '(least(_source, _target), greatest(_source, _target), coalesce(proto, -1)) IN ' +
    `(SELECT (_one, _other, coalesce(_proto, -1)) FROM ${relation})`
  )
}

/** Joins of a row `flow` to its ends in a relation with ids `_ep`. */
export function joinedEnds(relation: string): string {
  return ends.map((end) => `LEFT JOIN ${relation} ${end} ON flow.${end}_ep = ${end}._ep`).join(' ')
}

/** `id`: SQL of the id of the address of an end. Ids of addresses differ by day. */
export function conversationHash(row: string, id: (end: End) => string): string {
  // The hash of two columns is linear: without another one, exchanged ports would have the same.
  const [source, target] = ends.map((end) => `hash(hash(${id(end)}, ${row}.${end}_port))`)
  return `xor(xor(${source}, ${target}), coalesce(${row}.proto, 0)::UBIGINT)`
}

/** Bits of `evidence`: of the flows from the first end, and shifted by {@link evidenceShift} of those of the other. */
export const evidenceBits = { opens: 1, sourceListens: 2, targetListens: 4 } as const
export const evidenceShift = 3

type ListColumn = Readonly<{
  name: string
  type: string
  /** Aggregate function over the rows of a conversation. */
  merge: 'sum' | 'min' | 'max' | 'bit_or'
  /** SQL for one flow, a row `flow` with {@link namesOfEnds}. */
  value: string
  /** The column with the value of the other direction. */
  opposite?: string
}>

/** `_1`: from the source to the target, `_2`: the responses. */
function directed(name: string, { value, other, ...column }: Omit<ListColumn, 'name'> & { other: string }) {
  const [first, second] = [`${name}_1`, `${name}_2`]
  return [
    { ...column, name: first, value, opposite: second },
    { ...column, name: second, value: other, opposite: first },
  ]
}

/** Columns of a listed conversation, and of a flow as a conversation, besides its key and sums. */
export const listColumns: readonly ListColumn[] = [
  ...directed('flows', { type: 'BIGINT', merge: 'sum', value: '1', other: '0' }),
  ...directed('bytes', { type: 'BIGINT', merge: 'sum', value: 'flow.bytes_est', other: 'NULL' }),
  ...directed('packets', { type: 'BIGINT', merge: 'sum', value: 'flow.packets_est', other: 'NULL' }),
  ...directed('flags', { type: 'USMALLINT', merge: 'bit_or', value: 'flow.flags', other: 'NULL' }),
  ...directed('first', { type: 'BIGINT', merge: 'min', value: 'flow.first', other: 'NULL' }),
  ...conversationNames.flatMap((part) =>
    directed(part, {
      type: 'VARCHAR',
      merge: 'max',
      value: `coalesce(flow.src_${part}, flow._src_${part})`,
      other: `coalesce(flow.dst_${part}, flow._dst_${part})`,
    }),
  ),
  { name: 'evidence', type: 'UTINYINT', merge: 'bit_or', value: 'flow.evidence' },
  { name: 'last', type: 'BIGINT', merge: 'max', value: 'flow.last' },
  { name: 'rtt_min', type: 'UBIGINT', merge: 'min', value: 'flow.rtt' },
  { name: 'rtt_max', type: 'UBIGINT', merge: 'max', value: 'flow.rtt' },
  { name: 'drop_packets', type: 'BIGINT', merge: 'sum', value: 'flow.drop_packets' },
]

/** Columns of a row `flow` that {@link listColumns} need, which files of flows have under these names. */
export const flowFacts: readonly string[] = [
  'rtt',
  'drop_packets',
  ...ends.flatMap((end) => conversationNames.map((part) => `${end}_${part}`)),
]

/** Columns with the names of the endpoints of a flow, which are relations `src` and `dst`. */
export const namesOfEnds: string = ends
  .flatMap((end) => conversationNames.map((part) => `${end}.${part} AS _${end}_${part}`))
  .join(', ')

/** SQL of {@link listColumns} for flows. */
export const flowAsListed: string = listColumns
  .map(({ name, type, value }) => `(${value})::${type} AS ${name}`)
  .join(', ')

/** Sums by which conversations are ranked. */
export const listSums = ['bytes_est', 'packets_est', 'flows'] as const

/**
 * Conversations `_one`, `_other`, `_proto` with their sums and {@link listColumns}, in the direction from `_one`.
 * `rows`: a statement with the columns of {@link conversationEnds}, `proto`, sums and list columns.
 */
export function mergedConversations(rows: string): string {
  const isTurned = '_source > _target'
  const turned = listColumns.map(({ name, type, opposite }) => {
    const otherDirection =
      name === 'evidence'
        ? `(((evidence & ${(1 << evidenceShift) - 1}) << ${evidenceShift}) | (evidence >> ${evidenceShift}))::${type}`
        : opposite
    return otherDirection === undefined
      ? name
      : `CASE WHEN ${isTurned} THEN ${otherDirection} ELSE ${name} END AS ${name}`
  })
  const merged = [
    ...listSums.map((name) => `sum(${name}) AS ${name}`),
    ...listColumns.map(({ name, merge }) => `${merge}(${name}) AS ${name}`),
  ]
  return (
    `SELECT _one, _other, _proto, ${merged.join(', ')} FROM (SELECT ${conversationKey}, ` +
    `${[...listSums, ...turned].join(', ')} FROM (${rows})) ` +
    'GROUP BY 1, 2, 3'
  )
}
