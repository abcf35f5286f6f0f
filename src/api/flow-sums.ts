/** Sums of stored flows. With many flows the statements are those that are faster for the store, and as exact. */
import type { StoreReader } from '../engine/control.ts'
import { dialectOf, type Dialect, type QueryField } from '../query/index.ts'
import { exactDoubles, measures, type AggregateQuery } from '../query/plan/index.ts'
import { hashedGroups } from './hashed-groups.ts'
import { manyGroups, storedEnds } from './many-groups.ts'
import type { AnswerRecord } from './ring/answers.ts'
import { rowsOf } from './store-query.ts'

export type SumGroups = Readonly<{ fields: readonly QueryField[]; step: number | undefined }>

export type SumSql<Request> = (request: Request & { readonly largest?: readonly string[] }, dialect: Dialect) => string

const manyFlows = 1_000_000
/** Above, one endpoint's groups would wait long for those of the pair. */
const sharedFlows = 10_000_000

/** Rows of `groupsSql` or `seriesSql`. Undefined when the client has disconnected. */
export async function flowSums<Request extends AggregateQuery>(
  store: StoreReader,
  request: Request,
  groups: SumGroups,
  sql: SumSql<Request>,
  disconnected: AbortSignal,
  many = manyFlows,
): Promise<readonly AnswerRecord[] | undefined> {
  const dialect = dialectOf(store)
  const stored = dialect.hasParts ? ((await store.sums?.())?.flows.rows ?? 0) : 0
  if (stored <= many) return rowsOf(store, sql(request, dialect), disconnected)
  if (groups.step === undefined && groups.fields.length > 0) {
    const rows = await manyGroups(store, { ...request, group: groups.fields }, stored, disconnected)
    if (rows !== 'few') return rows
  }
  const read = (doubles: boolean) =>
    fastSums(
      store,
      { ...request, ends: storedEnds, doubles, ...(stored > sharedFlows ? { beside: undefined } : {}) },
      groups,
      sql,
      disconnected,
    )
  const rows = await read(true)
  return rows === undefined || areExact(rows) ? rows : read(false)
}

async function fastSums<Request extends AggregateQuery>(
  store: StoreReader,
  request: Request,
  groups: SumGroups,
  sql: SumSql<Request>,
  disconnected: AbortSignal,
): Promise<readonly AnswerRecord[] | undefined> {
  if (groups.step === undefined) {
    const rows = await hashedGroups(store, { ...request, group: groups.fields }, disconnected)
    if (rows !== 'none') return rows
  }
  const largest = await largestEnds(store, request, groups, disconnected)
  return rowsOf(store, sql(largest === undefined ? request : { ...request, largest }, dialectOf(store)), disconnected)
}

/** A series by endpoint reads the largest ones first, as the list beside it does. */
async function largestEnds(
  store: StoreReader,
  request: AggregateQuery,
  { fields, step }: SumGroups,
  disconnected: AbortSignal,
): Promise<readonly string[] | undefined> {
  if (step === undefined || fields.length !== 1) return undefined
  const rows = await hashedGroups(store, { ...request, group: fields }, disconnected)
  if (rows === undefined || rows === 'none') return undefined
  const texts = rows.filter((row) => row['_place'] !== null).map((row) => row['_g0'])
  return texts.every((text) => typeof text === 'string') ? texts : undefined
}

function areExact(rows: readonly AnswerRecord[]): boolean {
  return measures.every((measure) => {
    const all = rows[0]?.[`_all_${measure}`]
    const total = all === undefined ? rows.reduce((sum, row) => sum + Number(row[`_${measure}`] ?? 0), 0) : Number(all)
    return total < exactDoubles
  })
}
