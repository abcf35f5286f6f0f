/** Pages of objects as of a time; all pages have the time of the first. */
import { dialectOf } from '../query/index.ts'
import { isoOf } from '../query/plan/index.ts'
import type { StoreReader } from '../engine/control.ts'
import { asOf } from '../topics/conditions.ts'
import { fingerprintOf, readPageCursor, writePageCursor } from '../topics/page-cursor.ts'
import { moment } from '../topics/time-span.ts'
import { rowsOf } from './store-query.ts'

interface PageQuery {
  readonly at?: string
  readonly limit?: number
  readonly cursor?: string
}

type ObjectPage = Readonly<{
  view: 'inventory' | 'resources'
  /** SELECT list. */
  columns: string
  conditions: readonly string[]
  /** Expressions of the order, and the names of their values in a row. */
  order: readonly string[]
  keys: readonly string[]
}>

type Scene = Readonly<{ store: StoreReader; now: number; disconnected: AbortSignal }>

/** The body of a response. Undefined when the client has disconnected. */
export async function objectPage(
  query: PageQuery,
  { view, columns, conditions, order, keys }: ObjectPage,
  { store, now, disconnected }: Scene,
): Promise<object | undefined> {
  const [dialect, limit] = [dialectOf(store), query.limit ?? 100]
  const fingerprint = fingerprintOf(view, conditions)
  const after = query.cursor === undefined ? undefined : readPageCursor(query.cursor, fingerprint, 1, order.length)
  const at = after?.times[0] ?? moment(query.at ?? 'now', 'at', now)
  const where = [asOf(at, dialect), ...conditions].join(' AND ')
  const sorted = order.join(', ')
  const behind = after === undefined ? '' : ` AND (${sorted}) > (${after.keys.map(dialect.text).join(', ')})`
  const [rows, totals] = await Promise.all([
    rowsOf(
      store,
      `SELECT ${columns} FROM ${view} WHERE ${where}${behind} ORDER BY ${sorted} LIMIT ${limit + 1}`,
      disconnected,
    ),
    after === undefined ? rowsOf(store, `SELECT count(*) AS n FROM ${view} WHERE ${where}`, disconnected) : undefined,
  ])
  if (rows === undefined || disconnected.aborted) return undefined
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const texts = keys.map((name) => (typeof last?.[name] === 'string' ? last[name] : ''))
  return {
    resources: shown,
    next: rows.length > limit ? writePageCursor({ fingerprint, times: [at], keys: texts }) : null,
    at: isoOf(at),
    ...(totals === undefined ? {} : { total: Number(totals[0]?.['n']) }),
  }
}
