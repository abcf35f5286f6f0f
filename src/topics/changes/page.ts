/** Pages of changes, newest first. All pages have the time range of the first. */
import { dialectOf, type Dialect } from '../../query/index.ts'
import { isoSpan } from '../coverage.ts'
import type { Surroundings } from '../operation.ts'
import { fingerprintOf, readPageCursor, writePageCursor, type PageCursor } from '../page-cursor.ts'
import { readRows } from '../rows.ts'
import { lastDay } from '../time-span.ts'
import { changeConditions, type ChangeConditions } from './conditions.ts'
import type { ChangePage, ChangeRow, ChangesQuery, HiddenChanges } from './schema.ts'
import { changeColumns, changeOrder } from './sql.ts'

type Selected = ChangeConditions &
  Readonly<{
    dialect: Dialect
    fingerprint: string
    from: bigint
    to: bigint
    after: PageCursor | undefined
  }>

type HiddenRow = Readonly<{ rule: string | null; n: number | string }>

/** With the values of the order, for the cursor. */
type SortedRow = ChangeRow & Readonly<Record<`k${number}`, number | string>>

export async function readChanges(query: ChangesQuery, surroundings: Surroundings): Promise<ChangePage> {
  const { limit = 100 } = query
  const page = selected(query, surroundings)
  const [rows, hidden] = await Promise.all([
    sortedRows(page, limit, surroundings),
    page.hidden && page.after === undefined ? readRows<HiddenRow>(surroundings, hiddenSql(page)) : undefined,
  ])
  const shown = rows.slice(0, limit)
  return {
    changes: shown.map(withoutKeys),
    next: rows.length > shown.length ? cursorBehind(page, shown.at(-1)!) : null,
    span: isoSpan(page),
    ...(hidden === undefined ? {} : { hidden: hiddenOf(hidden) }),
  }
}

/** Newest first, without cursor. */
export async function newestChanges(
  query: ChangesQuery & Readonly<{ limit: number }>,
  surroundings: Surroundings,
): Promise<readonly ChangeRow[]> {
  const rows = await sortedRows(selected(query, surroundings), query.limit, surroundings)
  return rows.slice(0, query.limit).map(withoutKeys)
}

function selected(query: ChangesQuery, { store, now, viewer }: Surroundings): Selected {
  const dialect = dialectOf(store)
  const { conditions, costly, hidden } = changeConditions(query, viewer, dialect)
  // The scope of the viewer is part of the fingerprint.
  const fingerprint = fingerprintOf('changes', conditions, costly, hidden)
  const after =
    query.cursor === undefined ? undefined : readPageCursor(query.cursor, fingerprint, 2, changeOrder(dialect).length)
  const range = after === undefined ? lastDay(query, now) : { from: after.times[0] ?? 0n, to: after.times[1] ?? 0n }
  return { dialect, fingerprint, ...range, conditions, costly, hidden, after }
}

function cursorBehind({ dialect, fingerprint, from, to }: Selected, last: SortedRow): string {
  const keys = changeOrder(dialect).map((_, index) => String(last[`k${index}`]))
  return writePageCursor({ fingerprint, times: [from, to], keys })
}

function withoutKeys(row: SortedRow): ChangeRow {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !/^k\d$/.test(name))) as ChangeRow
}

function changesOf({ dialect: { time, changesIn }, from, to, conditions, after }: Selected, more: readonly string[]) {
  const last = after === undefined ? to : lastTime(after)
  const until = `time ${after === undefined ? '<' : '<='} ${time(last)}`
  const all = [`time >= ${time(from)}`, until, ...conditions, ...more].join(' AND ')
  return `${changesIn({ from, to: last })} WHERE ${all}`
}

function lastTime({ keys: [time = ''] }: PageCursor) {
  return /^-?\d{1,18}$/.test(time) ? BigInt(time) : 0n
}

/** One more than the page if there is one. Evaluates costly conditions on the newest changes first. */
async function sortedRows(page: Selected, limit: number, surroundings: Surroundings): Promise<readonly SortedRow[]> {
  for (let inspected = 2 * (limit + 1); ; inspected *= 16) {
    const [edge] = await readRows<Readonly<{ edge: number | string | null; n: number | string }>>(
      surroundings,
      edgeSql(page, inspected),
    )
    const all = Number(edge?.n) < inspected
    const from = all ? page.from : BigInt(String(edge?.edge))
    const rows = await readRows<SortedRow>(surroundings, pageSql(page, from, limit))
    if (all || rows.length > limit) return rows
  }
}

/** Earliest time of the newest `limit` changes, excluding those at the cursor's time. */
function edgeSql(page: Selected, limit: number): string {
  const before = page.after === undefined ? [] : [`time < ${page.dialect.time(lastTime(page.after))}`]
  return (
    `SELECT ${page.dialect.micros('min(time)')} AS edge, count(*) AS n FROM (SELECT time FROM ` +
    `${changesOf(page, before)} ORDER BY time DESC LIMIT ${limit})`
  )
}

function pageSql(page: Selected, from: bigint, limit: number): string {
  const { dialect } = page
  const order = changeOrder(dialect)
  const keys = order.map((expression, index) => `${expression} AS k${index}`)
  const [, ...rest] = page.after?.keys ?? []
  const numbers = rest.slice(0, -1).map((key) => `${/^\d{1,18}$/.test(key) ? key : '0'}::BIGINT`)
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

function hiddenSql(page: Selected): string {
  const noisy = `SELECT noise FROM ${changesOf(page, [...page.costly, 'length(noise) > 0'])}`
  return (
    `WITH ${page.dialect.stored('noisy', noisy)} SELECT NULL AS rule, count(*) AS n FROM noisy UNION ALL SELECT ` +
    `rule, count(*) AS n FROM (SELECT ${page.dialect.unnest('noise')} AS rule FROM noisy) GROUP BY rule`
  )
}

function hiddenOf(rows: readonly HiddenRow[]): HiddenChanges {
  return {
    total: Number(rows.find(({ rule }) => rule === null)?.n ?? 0),
    rules: Object.fromEntries(rows.flatMap(({ rule, n }) => (rule === null ? [] : [[rule, Number(n)]]))),
  }
}
