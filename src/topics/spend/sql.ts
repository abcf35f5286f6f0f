import { duckdb } from '../../query/index.ts'
import { listOf } from '../comma-list.ts'
import { Refusal } from '../refusal.ts'
import { allocatedRows } from './allocation.ts'
import { spendFilters, type SpendQuery } from './schema.ts'
import { isTagGroup, tagConditions, tagGroups, tagValue } from './tags.ts'

const spendGroups = [
  'provider',
  'account',
  'sub_account',
  'service',
  'service_category',
  'charge_category',
  'region',
  'resource',
  'allocation',
] as const
/** Days, the end exclusive. */
export type SpendSpan = Readonly<{ from: string; to: string }>

const { text: quoted } = duckdb

function dayOf(written: string, name: string): string {
  const day = written.length === 7 ? `${written}-01` : written
  const at = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(at.getTime()) || !at.toISOString().startsWith(day))
    throw new Refusal('WEIR_API_INVALID', `\`${name}\` is ${written}, which is not a day such as 2026-11-25.`)
  return day
}

/** Default: this month. */
export function spendSpan({ from, to }: SpendQuery, now: number): SpendSpan {
  const today = new Date(now).toISOString().slice(0, 10)
  const tomorrow = new Date(now + 86_400_000).toISOString().slice(0, 10)
  const span = {
    from: dayOf(from ?? `${today.slice(0, 7)}-01`, 'from'),
    to: dayOf(to ?? tomorrow, 'to'),
  }
  if (span.from < span.to) return span
  throw new Refusal('WEIR_API_INVALID', `\`from\` (${span.from}) must be before \`to\` (${span.to}).`)
}

export function valueOf(by: string): string {
  if (isTagGroup(by)) return tagGroups[by]
  if ((spendGroups as readonly string[]).includes(by)) return by
  const tag = /^tag:(.{1,256})$/s.exec(by)?.[1]
  if (tag === undefined)
    throw new Refusal(
      'WEIR_API_INVALID',
      `\`by\` is ${by}; it must be one of ${[...spendGroups, ...Object.keys(tagGroups)].join(', ')} or tag:NAME.`,
    )
  return tagValue(tag)
}

export const nameOf: Readonly<Record<string, string>> = {
  account: 'account_name',
  sub_account: 'sub_account_name',
  resource: 'resource_name',
}

const isMonthStart = (day: string): boolean => day.endsWith('-01')

/** Filters by columns that sums by day lack. */
const detailed = ['resource', 'tag', 'namespace', 'workload', 'team'] as const

/** The smallest table that has the columns: sums by day, sums of whole months by resource, or the rows. */
export function tableOf(query: SpendQuery, { from, to }: SpendSpan): string {
  const { by = 'provider', step } = query
  if (by === 'allocation') return allocatedRows
  const isDetailed = by === 'resource' || by.startsWith('tag:') || isTagGroup(by)
  if (!isDetailed && detailed.every((name) => (query[name] ?? '') === '')) return 'spend_days'
  return step !== 'day' && isMonthStart(from) && isMonthStart(to) ? 'spend_months' : 'spend'
}

export function spendConditions(query: SpendQuery, { from, to }: SpendSpan, table: string): string {
  const within =
    table === 'spend_months'
      ? [`month >= ${quoted(from.slice(0, 7))}`, `month < ${quoted(to.slice(0, 7))}`]
      : [`day >= ${quoted(from)}`, `day < ${quoted(to)}`]
  const named = spendFilters.flatMap((name) => {
    const values = listOf(query[name])
    const column = isTagGroup(name) ? tagGroups[name] : name
    return values.length === 0 ? [] : [`${column} IN (${values.map((value) => quoted(value)).join(', ')})`]
  })
  return [...within, ...named, ...tagConditions(query.tag)].join(' AND ')
}

/** Groups of each currency, largest first; place `limit + 1` has the rest. `part`: by day or month as well. */
export function spendSumsSql(query: SpendQuery, span: SpendSpan, part: 'whole' | 'day' | 'month'): string {
  const { by = 'provider', cost = 'billed', limit = 10 } = query
  const table = tableOf(query, span)
  const name = nameOf[by] ?? 'NULL::VARCHAR'
  const start = part === 'whole' ? 'NULL::VARCHAR' : part
  const sums = `sum(cost) AS cost, sum(estimate) AS estimate`
  return `WITH filtered AS (SELECT currency, ${valueOf(by)} AS value, ${name} AS name, ${start} AS start,
      ${cost} AS cost, CASE WHEN estimated THEN ${cost} END AS estimate FROM ${table}
      WHERE ${spendConditions(query, span, table)}),
      grouped AS (SELECT currency, value, start, max(name) AS name, ${sums} FROM filtered GROUP BY ALL),
      places AS (SELECT currency, value, max(name) AS name, least(row_number() OVER (PARTITION BY currency
      ORDER BY sum(cost) DESC, value), ${limit + 1}) AS place FROM grouped GROUP BY currency, value)
      SELECT p.currency, p.place, g.start, CASE WHEN p.place <= ${limit} THEN max(p.value) END AS value,
      CASE WHEN p.place <= ${limit} THEN max(p.name) END AS name, count(DISTINCT coalesce(p.value, '')) AS values,
      coalesce(sum(g.cost), 0)::VARCHAR AS cost, coalesce(sum(g.estimate), 0)::VARCHAR AS estimated
      FROM grouped g JOIN places p ON g.currency = p.currency AND g.value IS NOT DISTINCT FROM p.value
      GROUP BY p.currency, p.place, g.start ORDER BY p.currency, p.place, g.start`
}

export function exportSql(query: SpendQuery, span: SpendSpan, columns: readonly string[]): string {
  const selected = columns.map((column) => `json_extract_string(data, '$.${column}') AS "${column}"`)
  return `SELECT ${selected.join(', ')} FROM spend WHERE ${spendConditions(query, span, 'spend')}
      ORDER BY period_start, provider, account, service, resource, "x_RowKey"`
}
