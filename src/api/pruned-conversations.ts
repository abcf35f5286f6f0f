/** The largest of more conversations than fit into memory, from sums of buckets of them. */
import type { StoreReader } from '../engine/control.ts'
import {
  prunedConversationsSql,
  type ConversationsRequest,
  type PrunedConversations,
  type SingleIds,
} from '../query/plan/index.ts'
import { storedEnds } from './many-groups.ts'
import { currentWork } from './progress/work.ts'
import type { AnswerRecord } from './ring/answers.ts'
import { rowsOf } from './store-query.ts'

/** Keys in their order. `error`: of the number of all conversations, relative; unset: it is exact. */
export type LargestConversations = Readonly<{
  largest: readonly AnswerRecord[]
  conversations: number
  error?: number
}>

export type PruningLimits = Readonly<{
  /** Of fewer flows, all conversations are grouped in memory, which is as fast, and their number is exact. */
  above: number
  /** Flows per bucket, on average. */
  perBucket: number
  /** Of buckets: 2^bits. Each takes about 60 bytes. */
  bits: Readonly<{ least: number; most: number }>
  /** Buckets that are expected to have the largest conversations. */
  large: number
  /** Flows of buckets that are certain to have them. */
  flows: number
}>

export const pruning: PruningLimits = {
  above: 12_000_000,
  perBucket: 5,
  bits: { least: 16, most: 22 },
  large: 1 << 16,
  flows: 3_000_000,
}

type Pruning = Pick<PrunedConversations, 'doubles' | 'single'> & Readonly<{ flows: number; limits: PruningLimits }>

/** Undefined: the flows are few, too many conversations could be among the largest, or the client has disconnected. */
export async function prunedConversations(
  store: StoreReader,
  request: ConversationsRequest,
  { flows, limits, ...given }: Pruning,
  disconnected: AbortSignal,
): Promise<LargestConversations | undefined> {
  if (flows <= limits.above) return undefined
  const wanted = Math.ceil(Math.log2(flows / limits.perBucket))
  const bits = Math.max(limits.bits.least, Math.min(limits.bits.most, wanted))
  // The conversations, and the columns of the largest.
  currentWork()?.expect(2)
  const read = async (single: SingleIds | undefined, most: number, least?: string) => {
    const sql = prunedConversationsSql(request, storedEnds, { ...given, single, bits, most, least })
    const rows = await rowsOf(store, sql, disconnected)
    return rows?.[0]?.['_single'] === true ? rows : undefined
  }
  let { single } = given
  let rows = await read(single, limits.large)
  if (rows === undefined && single !== undefined) rows = await read((single = undefined), limits.large)
  const last = rows?.[request.limit - 1]?.['_rank']
  if (rows?.[0]?.['_proven'] === false && last !== undefined && last !== null) {
    const most = Math.floor((limits.flows / flows) * 2 ** bits)
    rows = await read(single, most, String(last as number | string))
  }
  const first = rows?.[0]
  return rows !== undefined && first?.['_proven'] === true && first['_few'] === true
    ? {
        largest: rows.map(({ _single, _proven, _few, _buckets, ...row }) => row),
        conversations: Number(first['_all_conversations']),
        error: errorOf(Number(first['_buckets'])),
      }
    : undefined
}

/** Four standard errors, in four digits. */
function errorOf(buckets: number): number {
  return Math.ceil((4 / Math.sqrt(buckets)) * 10_000) / 10_000
}
