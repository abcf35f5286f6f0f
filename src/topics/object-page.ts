/** Pages of objects as of a time; all pages have the time of the first. */
import { withoutUndefined } from '../model/json.ts'
import { dialectOf } from '../query/index.ts'
import { isoOf } from '../query/plan/index.ts'
import { asOf } from './conditions.ts'
import type { Surroundings } from './operation.ts'
import { fingerprintOf, readPageCursor, writePageCursor } from './page-cursor.ts'
import { readRows } from './rows.ts'
import { moment } from './time-span.ts'

type PageQuery = Readonly<{ at?: string; limit?: number; cursor?: string }>

type ObjectList<Row> = Readonly<{
  view: 'inventory' | 'resources'
  /** SELECT list. */
  columns: string
  conditions: readonly string[]
  /** Expressions of the order, and the names of their values in a row. */
  order: readonly string[]
  keys: readonly (keyof Row)[]
}>

type ObjectPage<Row> = Readonly<{ rows: readonly Row[]; next: string | null; at: string; total?: number }>

export async function readObjects<Row>(
  query: PageQuery,
  { view, columns, conditions, order, keys }: ObjectList<Row>,
  surroundings: Surroundings,
): Promise<ObjectPage<Row>> {
  const [dialect, limit] = [dialectOf(surroundings.store), query.limit ?? 100]
  const fingerprint = fingerprintOf(view, conditions)
  const after = query.cursor === undefined ? undefined : readPageCursor(query.cursor, fingerprint, 1, order.length)
  const at = after?.times[0] ?? moment(query.at ?? 'now', 'at', surroundings.now)
  const where = [asOf(at, dialect), ...conditions].join(' AND ')
  const sorted = order.join(', ')
  const behind = after === undefined ? '' : ` AND (${sorted}) > (${after.keys.map(dialect.text).join(', ')})`
  const [rows, totals] = await Promise.all([
    readRows<Row>(
      surroundings,
      `SELECT ${columns} FROM ${view} WHERE ${where}${behind} ORDER BY ${sorted} LIMIT ${limit + 1}`,
    ),
    after === undefined
      ? readRows<Readonly<{ n: number | string }>>(surroundings, `SELECT count(*) AS n FROM ${view} WHERE ${where}`)
      : undefined,
  ])
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const texts = keys.map((name) => {
    const value = last?.[name]
    return typeof value === 'string' ? value : ''
  })
  return {
    rows: shown,
    next: rows.length > limit ? writePageCursor({ fingerprint, times: [at], keys: texts }) : null,
    at: isoOf(at),
    ...withoutUndefined({ total: totals === undefined ? undefined : Number(totals[0]?.n) }),
  }
}
