/** The largest of many conversations: their keys in parts, then all columns of the largest. */
import type { StoreReader } from '../../../engine/control.ts'
import {
  conversationDetailsSql,
  conversationIdsSql,
  conversationsPartSql,
  conversationTotalsSql,
  singleIdsOf,
  type ConversationKey,
  type ConversationsPart,
  type ConversationsRequest,
} from '../../../query/plan/index.ts'
import type { Cell } from '../../cells.ts'
import { storedEndpoints, storedEnds } from '../sums/many-groups.ts'
import { areExact, type SumRow } from '../sums/request.ts'
import { compareCells, compareIntegers } from '../../cells.ts'
import { currentWork } from '../../work.ts'
import { readOfIds } from '../sums/more-parts.ts'
import { readRows } from '../../rows.ts'

type ManyConversationsLimits = Readonly<{
  /** Flows per statement, of which each can be a conversation: up to about 200 MB. */
  perPart: number
  /** Number of statements, each of which reads all flows: with more conversations each the store spills to disk. */
  parts: number
  /** Keys in a statement, which has a maximum length. */
  keys: number
}>

const defaultLimits: ManyConversationsLimits = { perPart: 3_000_000, parts: 4, keys: 1000 }

/** The rows of `conversationsSql`. */
export async function manyConversations(
  store: StoreReader,
  request: ConversationsRequest,
  signal: AbortSignal,
  limits = defaultLimits,
): Promise<readonly SumRow[]> {
  const byIds = { ...request, ids: storedEndpoints }
  const totalsOf = async (sums: Readonly<{ doubles: boolean }>) =>
    (await readRows<SumRow>({ store, signal }, conversationTotalsSql(byIds, storedEnds, sums)))[0]!
  // The totals, and at least one part.
  currentWork()?.expect(2)
  let totals = await totalsOf({ doubles: true })
  const doubles = areExact([totals])
  if (!doubles) totals = await totalsOf({ doubles: false })
  // Each flow can be a conversation.
  const groups = Number(totals['_all_flows'])
  const ranked = await readOfIds(
    { store, signal },
    { groups, single: singleIdsOf(totals), limits },
    { parts: (single, parts) => readParts(store, byIds, { parts, doubles, single }, signal) },
  )
  const { largest, conversations } = ranked
  const all = {
    ...Object.fromEntries(Object.entries(totals).filter(([name]) => name.startsWith('_all_'))),
    _all_conversations: conversations,
  }
  if (largest.length === 0) return [all]
  const records: SumRow[] = []
  for (let from = 0; from < largest.length; from += limits.keys) {
    const keys = largest.slice(from, from + limits.keys)
    const details = await detailsOf(store, request, keys as unknown as ConversationKey[], signal)
    // A conversation is absent if retention removed its flows after the first statements.
    records.push(...details.map((row) => ({ ...row, ...keys[Number(row['_place'])], ...all })))
  }
  return records
}

/** Undefined if the ids are out of date. */
async function readParts(
  store: StoreReader,
  request: ConversationsRequest,
  { parts, ...how }: Omit<ConversationsPart, 'part'>,
  signal: AbortSignal,
): Promise<Readonly<{ largest: readonly SumRow[]; conversations: number }> | undefined> {
  let conversations = 0
  let largest: SumRow[] = []
  // The parts, and the columns of the largest.
  currentWork()?.expect(parts + 1)
  for (let part = 0; part < parts; part++) {
    const rows = await readRows<SumRow>(
      { store, signal },
      conversationsPartSql(request, storedEnds, { ...how, part, parts }),
    )
    if (rows[0]?.['_single'] !== true) return undefined
    const count = Number(rows[0]['_all_conversations'] ?? 0)
    conversations += count
    const groups = rows.map(({ _single: _, ...row }) => row)
    if (count > 0) largest = [...largest, ...groups].sort(largestFirst).slice(0, request.limit)
  }
  return { largest, conversations }
}

async function detailsOf(
  store: StoreReader,
  request: ConversationsRequest,
  keys: readonly ConversationKey[],
  signal: AbortSignal,
) {
  const idsSql = conversationIdsSql(keys, storedEnds)
  const rows = idsSql === undefined ? [] : await readRows<SumRow>({ store, signal }, idsSql)
  const ids = rows.length === 0 || rows.length > maxIds ? undefined : rows.map((row) => String(row['_ep']))
  const details = await readRows<SumRow>({ store, signal }, conversationDetailsSql(request, keys, ids, storedEnds))
  return details.sort((a, b) => Number(a['_place']) - Number(b['_place']))
}

/** More of them would be slower than joins. */
const maxIds = 4000

function largestFirst(a: SumRow, b: SumRow): number {
  const [left, right] = [a['_rank'] as Cell, b['_rank'] as Cell]
  const size = left === null || right === null ? compareIntegers(left, right) : compareIntegers(right, left)
  if (size !== 0) return size
  for (const name of ['_a_addr', '_a_port', '_b_addr', '_b_port', '_proto']) {
    const between = compareCells((a[name] ?? null) as Cell, (b[name] ?? null) as Cell)
    if (between !== 0) return between
  }
  return 0
}
