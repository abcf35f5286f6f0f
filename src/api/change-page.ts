import type { StoreReader } from '../engine/control.ts'
import { dialectOf, type Dialect } from '../query/index.ts'
import type { Principal } from './access/principal.ts'
import { changeConditions, type ChangeConditions, type ChangeQuery } from './change-conditions.ts'
import { changeColumns, changeOrder } from './objects.ts'
import { fingerprintOf, readPageCursor, type PageCursor } from '../topics/page-cursor.ts'
import { span } from '../topics/time-span.ts'
import { rowsOf } from './store-query.ts'

export interface PageQuery extends ChangeQuery {
  readonly limit?: number
  readonly cursor?: string
}

export interface ChangePage extends ChangeConditions {
  readonly dialect: Dialect
  readonly fingerprint: string
  readonly from: bigint
  readonly to: bigint
  readonly after: PageCursor | undefined
}

/** Newest first, without cursor. Undefined when the client has disconnected. */
export async function newestChanges(
  store: StoreReader,
  query: ChangeQuery & Readonly<{ limit: number }>,
  { principal, now, disconnected }: Readonly<{ principal: Principal; now: number; disconnected: AbortSignal }>,
): Promise<readonly object[] | undefined> {
  const page = changePage(query, now, principal, dialectOf(store))
  const rows = await pageRows((sql) => rowsOf(store, sql, disconnected), page, query.limit)
  return rows?.slice(0, query.limit).map(withoutKeys)
}

export function withoutKeys(row: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !/^k\d$/.test(name)))
}

export function changePage(query: PageQuery, now: number, principal: Principal, dialect: Dialect): ChangePage {
  const { conditions, costly, hidden } = changeConditions(query, principal, dialect)
  // The scope of the principal is part of the fingerprint.
  const fingerprint = fingerprintOf('changes', conditions, costly, hidden)
  const after =
    query.cursor === undefined ? undefined : readPageCursor(query.cursor, fingerprint, 2, changeOrder(dialect).length)
  const range =
    after === undefined
      ? span({ from: query.from ?? 'now-24h', to: query.to ?? 'now' }, now)
      : { from: after.times[0] ?? 0n, to: after.times[1] ?? 0n }
  return { dialect, fingerprint, ...range, conditions, costly, hidden, after }
}

function changesOf({ dialect: { time, changesIn }, from, to, conditions, after }: ChangePage, more: readonly string[]) {
  const last = after === undefined ? to : lastTime(after)
  const until = `time ${after === undefined ? '<' : '<='} ${time(last)}`
  const all = [`time >= ${time(from)}`, until, ...conditions, ...more].join(' AND ')
  return `${changesIn({ from, to: last })} WHERE ${all}`
}

function lastTime({ keys: [time = ''] }: PageCursor) {
  return /^-?\d{1,18}$/.test(time) ? BigInt(time) : 0n
}

/** One more than the page if there is one. Evaluates costly conditions on the newest changes first. */
export async function pageRows(
  runQuery: (sql: string) => Promise<Record<string, unknown>[] | undefined>,
  page: ChangePage,
  limit: number,
): Promise<Record<string, unknown>[] | undefined> {
  for (let inspected = 2 * (limit + 1); ; inspected *= 16) {
    const edges = await runQuery(edgeSql(page, inspected))
    if (edges === undefined) return undefined
    const [{ edge, n } = {}] = edges
    const all = Number(n) < inspected
    const rows = await runQuery(pageSql(page, all ? page.from : BigInt(String(edge)), limit))
    if (rows === undefined || all || rows.length > limit) return rows
  }
}

/** Earliest time of the newest `looked` changes, excluding those at the cursor's time. */
function edgeSql(page: ChangePage, limit: number): string {
  const before = page.after === undefined ? [] : [`time < ${page.dialect.time(lastTime(page.after))}`]
  return (
    `SELECT ${page.dialect.micros('min(time)')} AS edge, count(*) AS n FROM (SELECT time FROM ` +
    `${changesOf(page, before)} ORDER BY time DESC LIMIT ${limit})`
  )
}

function pageSql(page: ChangePage, from: bigint, limit: number): string {
  const { dialect } = page
  const order = changeOrder(dialect)
  const keys = order.map((each, index) => `${each} AS k${index}`)
  const [, ...rest] = page.after?.keys ?? []
  const numbers = rest.slice(0, -1).map((each) => `${/^\d{1,18}$/.test(each) ? each : '0'}::BIGINT`)
  const after =
    page.after === undefined
      ? ''
      : ` WHERE (${order.map((_, index) => `k${index}`).join(', ')}) < ` +
        `(${dialect.integer(lastTime(page.after), 'BIGINT')}::BIGINT, ${numbers.join(', ')}, ` +
        `${dialect.text(rest.at(-1) ?? '')})`
  const rows =
    `SELECT ${changeColumns}, ${keys.join(', ')} FROM ` +
    `${changesOf({ ...page, from }, [...page.costly, ...(page.hidden ? ['length(noise) = 0'] : [])])}`
  return (
    `SELECT * FROM (${rows})${after} ORDER BY ${order.map((_, index) => `k${index} DESC`).join(', ')} ` +
    `LIMIT ${limit + 1}`
  )
}

export function hiddenSql(page: ChangePage): string {
  const noisy = `SELECT noise FROM ${changesOf(page, [...page.costly, 'length(noise) > 0'])}`
  return (
    `WITH ${page.dialect.stored('noisy', noisy)} SELECT NULL AS rule, count(*) AS n FROM noisy UNION ALL SELECT ` +
    `rule, count(*) AS n FROM (SELECT ${page.dialect.unnest('noise')} AS rule FROM noisy) GROUP BY rule`
  )
}

export function hiddenOf(rows: readonly Readonly<Record<string, unknown>>[]): {
  total: number
  rules: Record<string, number>
} {
  const rules: Record<string, number> = {}
  let total = 0
  for (const { rule, n } of rows) {
    if (typeof rule === 'string') rules[rule] = Number(n)
    else total = Number(n)
  }
  return { total, rules }
}
