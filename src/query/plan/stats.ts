import type { QueryField, QueryKind } from '../names.ts'
import { name } from '../sql-text.ts'

/** Statistics over flows by which groups can be ranked. */
export const stats = ['avg', 'max', 'p50', 'p90', 'p99'] as const
export type Stat = (typeof stats)[number]

export const percentiles = [50, 90, 99] as const

const numeric = new Set<QueryKind>(['u8', 'u16', 'u32', 'u64', 'i32', 'f64', 'estimate'])

/** Can a field have statistics? */
export function hasStats({ kind }: QueryField): boolean {
  return numeric.has(kind)
}

/** The value of a field; what is no number is no value. */
export function valueSql({ name: field, kind }: QueryField): string {
  return kind === 'f64' ? `nullif(${name(field)}, 'NaN'::DOUBLE)` : name(field)
}

/** Names of the columns that {@link statsSql} makes. */
export const statNames = ['_n', '_min', '_avg', '_p', '_max'] as const

/**
 * _n (flows that have a value), _min, _avg, _p (the values at 50, 90 and 99 of a hundred), _max. A percentile is a value that
 * a flow has: the least that is not below so many of the flows.
 */
export function statsSql(value: string): string {
  return `count(${value}) AS "_n", min(${value}) AS "_min", avg(${value}) AS "_avg", quantile_disc(${value}, [${percentiles.map((each) => each / 100).join(', ')}]) AS "_p", max(${value}) AS "_max"`
}

export function orderOfStat(stat: Stat, value: string): string {
  return stat.startsWith('p') ? `quantile_disc(${value}, ${Number(stat.slice(1)) / 100})` : `${stat}(${value})`
}

export interface Statistics {
  readonly n: number
  readonly min: number | null
  readonly avg: number | null
  readonly p: readonly number[] | null
  readonly max: number | null
}

/** The same of values in memory. */
export function statisticsOf(values: readonly number[]): Statistics {
  const n = values.length
  if (n === 0) return { n, min: null, avg: null, p: null, max: null }
  const sorted = Float64Array.from(values).sort()
  const at = (percent: number): number => sorted[Math.max(1, Math.ceil((n * percent) / 100)) - 1] ?? 0
  return {
    n,
    min: sorted[0] ?? null,
    avg: sorted.reduce((sum, value) => sum + value, 0) / n,
    p: percentiles.map(at),
    max: sorted[n - 1] ?? null,
  }
}
