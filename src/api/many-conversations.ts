/** The largest of many conversations: their keys in parts, then all columns of the largest. */
import type { StoreReader } from '../engine/control.ts'
import {
  conversationDetailsSql,
  conversationIdsSql,
  conversationsPartSql,
  conversationTotalsSql,
  type ConversationKey,
  type ConversationsRequest,
} from '../query/plan/index.ts'
import type { Cell } from './live/cells.ts'
import { storedEnds } from './many-groups.ts'
import type { AnswerRecord } from './ring/answers.ts'
import { compareCells } from './ring/sums.ts'
import { rowsOf } from './store-query.ts'

type ManyConversationsLimits = Readonly<{
  /** Conversations per statement: about 150 MB. */
  perPart: number
  parts: number
  /** Keys in a statement, which has a maximum length. */
  keys: number
}>

const defaultLimits: ManyConversationsLimits = { perPart: 1_500_000, parts: 16, keys: 1000 }

/** The rows of `conversationsSql`. Undefined when the client has disconnected. */
export async function manyConversations(
  store: StoreReader,
  request: ConversationsRequest,
  disconnected: AbortSignal,
  limits = defaultLimits,
): Promise<readonly AnswerRecord[] | undefined> {
  const totals = (await rowsOf(store, conversationTotalsSql(request, storedEnds), disconnected))?.[0]
  if (totals === undefined) return undefined
  const parts = Math.max(1, Math.min(limits.parts, Math.ceil(Number(totals['_conversations']) / limits.perPart)))
  let conversations = 0
  let largest: AnswerRecord[] = []
  for (let part = 0; part < parts; part++) {
    const rows = await rowsOf(store, conversationsPartSql(request, storedEnds, { part, parts }), disconnected)
    if (rows === undefined) return undefined
    const count = Number(rows[0]?.['_all_conversations'] ?? 0)
    conversations += count
    if (count > 0) largest = [...largest, ...rows].sort(largestFirst).slice(0, request.limit)
  }
  const all = { ...totals, _all_conversations: conversations }
  if (largest.length === 0) return [all]
  const found: AnswerRecord[] = []
  for (let from = 0; from < largest.length; from += limits.keys) {
    const keys = largest.slice(from, from + limits.keys)
    const details = await detailsOf(store, request, keys as unknown as ConversationKey[], disconnected)
    if (details === undefined) return undefined
    // A conversation is absent if retention removed its flows after the first statements.
    found.push(...details.map((row) => ({ ...row, ...keys[Number(row['_place'])], ...all })))
  }
  return found
}

async function detailsOf(
  store: StoreReader,
  request: ConversationsRequest,
  keys: readonly ConversationKey[],
  disconnected: AbortSignal,
) {
  const idsSql = conversationIdsSql(keys, storedEnds)
  const rows = idsSql === undefined ? [] : await rowsOf(store, idsSql, disconnected)
  if (rows === undefined) return undefined
  const ids = rows.length === 0 || rows.length > maxIds ? undefined : rows.map((row) => String(row['_ep']))
  const details = await rowsOf(store, conversationDetailsSql(request, keys, ids, storedEnds), disconnected)
  return details?.sort((a, b) => Number(a['_place']) - Number(b['_place']))
}

/** More of them would be slower than joins. */
const maxIds = 4000

function largestFirst(a: AnswerRecord, b: AnswerRecord): number {
  const [left, right] = [a['_rank'] as Cell, b['_rank'] as Cell]
  const size = left === null || right === null ? compareCells(left, right, true) : compareCells(right, left, true)
  if (size !== 0) return size
  for (const name of ['_a_addr', '_a_port', '_b_addr', '_b_port', '_proto']) {
    const between = compareCells((a[name] ?? null) as Cell, (b[name] ?? null) as Cell, false)
    if (between !== 0) return between
  }
  return 0
}
