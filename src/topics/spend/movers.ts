/** The largest rises and falls of costs between two periods. */
import { addDecimals, difference, percentChange } from '../../codecs/focus/index.ts'
import type { Change, Mover, SpendMovers, SpendQuery } from './schema.ts'
import { nameOf, spendConditions, tableOf, valueOf, type SpendSpan } from './sql.ts'

type Periods = Readonly<{ now: SpendSpan; before: SpendSpan }>

const isMonthStart = (day: string): boolean => day.endsWith('-01')

const monthStart = (day: string, months: number): string =>
  new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1 + months)).toISOString().slice(0, 10)

const shifted = (day: string, ms: number): string => new Date(Date.parse(day) + ms).toISOString().slice(0, 10)

/** Whole months follow whole months; a part of a month follows the same days of the month before. */
export function periodBefore({ from, to }: SpendSpan): SpendSpan {
  if (isMonthStart(from) && isMonthStart(to)) {
    const months = (day: string): number => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7))
    return { from: monthStart(from, months(from) - months(to)), to: from }
  }
  const length = Date.parse(to) - Date.parse(from)
  if (!isMonthStart(from)) return { from: shifted(from, -length), to: from }
  const start = monthStart(from, -1)
  const end = shifted(start, length)
  return { from: start, to: end < from ? end : from }
}

/** `limit` rises and as many falls of each currency; the totals of a currency are in each of its rows. */
export function moversSql(query: SpendQuery, { now, before }: Periods): string {
  const { by = 'service', cost = 'billed', limit = 10 } = query
  const tables = [now, before].map((span) => tableOf({ ...query, by }, span))
  const table = tables[0] === tables[1] ? tables[0]! : 'spend'
  const [isNow, isBefore] = [now, before].map((span) => spendConditions(query, span, table))
  const sum = (condition: string | undefined): string => `coalesce(sum(cost) FILTER (WHERE ${condition}), 0)`
  return `WITH filtered AS (SELECT currency, ${valueOf(by)} AS value, ${nameOf[by] ?? 'NULL::VARCHAR'} AS name,
      ${cost} AS cost, ${isNow} AS is_now, ${isBefore} AS is_before FROM ${table}
      WHERE (${isNow}) OR (${isBefore})),
      sums AS (SELECT currency, value, max(name) AS name, ${sum('is_now')} AS cost, ${sum('is_before')} AS before
      FROM filtered GROUP BY currency, value),
      ranked AS (SELECT *, sign(cost - before) AS way, sum(cost) OVER (PARTITION BY currency) AS total,
      sum(before) OVER (PARTITION BY currency) AS total_before,
      row_number() OVER (PARTITION BY currency, sign(cost - before) ORDER BY abs(cost - before) DESC, value) AS place
      FROM sums)
      SELECT currency, value, name, way, cost::VARCHAR AS cost, before::VARCHAR AS before,
      total::VARCHAR AS total, total_before::VARCHAR AS total_before
      FROM ranked WHERE place <= ${limit} ORDER BY currency, way, place`
}

export type MoverRow = Readonly<{
  currency: string
  value: string | null
  name: string | null
  /** -1: a fall, 0: no change, 1: a rise. */
  way: number
  cost: string
  before: string
  total: string
  total_before: string
}>

function changeOf(cost: string, before: string): Change {
  return {
    cost: addDecimals([cost]),
    before: addDecimals([before]),
    change: difference(cost, before),
    percent: percentChange(cost, before),
  }
}

export function moversOf(rows: readonly MoverRow[]): SpendMovers['currencies'] {
  return [...Map.groupBy(rows, ({ currency }) => currency)].map(([currency, ofCurrency]) => {
    const moving = (way: number): readonly Mover[] =>
      ofCurrency
        .filter((row) => Number(row.way) === way)
        .map(({ value, name, cost, before }) => ({ value, name, ...changeOf(cost, before) }))
    const [{ total, total_before: totalBefore }] = ofCurrency as [MoverRow]
    return { currency, ...changeOf(total, totalBefore), rises: moving(1), falls: moving(-1) }
  })
}
