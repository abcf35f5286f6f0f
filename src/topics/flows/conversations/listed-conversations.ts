/** The largest conversations from the lists beside the files of flows (ADR 0040). */
import type { StoreReader } from '../../../engine/control.ts'
import { conversationNames, evidenceBits, evidenceShift } from '../../../model/conversation-lists.ts'
import { countError } from '../../../model/distinct-estimate.ts'
import { compileSql } from '../../../query/index.ts'
import { boundOf, largestOfListsSql, type ConversationsRequest } from '../../../query/plan/index.ts'
import { conversationPart } from '../../../store/file-sums/parts.ts'
import { areWorth, flowsIn } from '../sums/file-sums.ts'
import type { SumRow } from '../sums/request.ts'
import { readRows } from '../../rows.ts'

/** Up to so many flows in the range, all conversations are grouped. */
const fewFlows = 8_000_000

export type ListedConversations = Readonly<{
  rows: readonly SumRow[]
  /**
   * In the ranking measure: the most that a conversation without a row has, and that a row lacks. Unset: the rows are
   * those of all flows.
   */
  error?: number | string
}>

/** Undefined: there are no lists for the request. */
export async function listedConversations(
  store: StoreReader,
  request: ConversationsRequest,
  signal: AbortSignal,
  above = fewFlows,
): Promise<ListedConversations | undefined> {
  const sql = (await haveLists(store, request, above)) ? largestOfListsSql(request) : undefined
  const rows = sql === undefined ? undefined : await readRows<SumRow>({ store, signal }, sql)
  const [first] = rows ?? []
  if (rows === undefined || first === undefined || first['_lost'] === true) return undefined
  const all = {
    ...Object.fromEntries(Object.entries(first).filter(([name]) => name.startsWith('_all_'))),
    _conversations_error: countError(Number(first['_registers'])),
  }
  return {
    rows: rows.map((row) => ({ ...all, ...(row['flows_1'] === null ? {} : conversationOf(row)) })),
    ...(first['_whole'] === true ? {} : { error: first['_bound'] as number | string }),
  }
}

async function haveLists(store: StoreReader, request: ConversationsRequest, above: number): Promise<boolean> {
  const { span, time } = request
  const { flows, fileSums, lost } = (await store.sums?.()) ?? {}
  const lists = fileSums?.[conversationPart.name]
  if (flows === undefined || lists === undefined || lost !== undefined || time.name !== 'flow_time') return false
  return (
    flowsIn(span, flows.hours ?? []) > above && areWorth(lists, span, flows) && compileSql(boundOf(request)) === 'true'
  )
}

const directed = ['flows', 'bytes', 'packets', 'flags', 'first'] as const
const keys = ['_a_addr', '_a_port', '_b_addr', '_b_port', '_proto', '_rank'] as const
const undirected = ['last', 'rtt_min', 'rtt_max', 'drop_packets'] as const

/** With the columns of `conversationsSql`. */
function conversationOf(row: SumRow): SumRow {
  const evidence = Number(row['evidence'])
  const [a, b] = row['_turned'] === true ? [2, 1] : [1, 2]
  const way = (suffix: 'ab' | 'ba', direction: number) => {
    const bits = direction === 1 ? evidence : evidence >> evidenceShift
    const has = (bit: number) => (bits & bit) !== 0
    return {
      ...Object.fromEntries(directed.map((name) => [`_${name}_${suffix}`, row[`${name}_${direction}`]])),
      [`_opens_${suffix}`]: has(evidenceBits.opens),
      [`_source_listens_${suffix}`]: has(evidenceBits.sourceListens),
      [`_target_listens_${suffix}`]: has(evidenceBits.targetListens),
    }
  }
  const named = (end: 'a' | 'b', direction: number) =>
    Object.fromEntries(conversationNames.map((name) => [`_${end}_${name}`, row[`${name}_${direction}`]]))
  return {
    ...Object.fromEntries(keys.map((name) => [name, row[name]])),
    ...named('a', a),
    ...named('b', b),
    ...way('ab', a),
    ...way('ba', b),
    ...Object.fromEntries(undirected.map((name) => [`_${name}`, row[name]])),
  }
}
