import { duckdb, type Dialect } from '../dialect.ts'
import type { QueryField, QueryKind } from '../names.ts'

export const stats = ['avg', 'max', 'p50', 'p90', 'p95', 'p99'] as const
export type Stat = (typeof stats)[number]

export const percentiles = [50, 90, 95, 99] as const

/** Index of a percentile in `_p`; -1: another statistic. */
export function percentileIndex(stat: string): number {
  return percentiles.findIndex((percent) => stat === `p${percent}`)
}

const numeric = new Set<QueryKind>(['u8', 'u16', 'u32', 'u64', 'i32', 'f64', 'estimate'])

export function hasStats({ kind }: QueryField): boolean {
  return numeric.has(kind)
}

/** SQL of the value of a field; NaN counts as absent. */
export function valueSql({ name: field, kind }: QueryField, { identifier, number }: Dialect = duckdb): string {
  return kind === 'f64' ? number(identifier(field)) : identifier(field)
}

export const statNames = ['_n', '_min', '_avg', '_p', '_max'] as const

/** _n (flows with a value), _min, _avg, _p (percentiles 50, 90, 95, 99), _max. Percentiles use nearest rank. */
export function statsSql(value: string, { kind }: QueryField, dialect: Dialect = duckdb): string {
  return `count(${value}) AS "_n", min(${value}) AS "_min", ${dialect.average(value, kind)} AS "_avg",
      ${dialect.percentiles(value, percentiles)} AS "_p", max(${value}) AS "_max"`
}

export function orderOfStat(stat: Stat, value: string, { kind }: QueryField, dialect: Dialect = duckdb): string {
  if (stat === 'avg') return dialect.average(value, kind)
  return stat === 'max' ? `max(${value})` : dialect.percentile(value, Number(stat.slice(1)))
}

/** A value of statistics: integers beyond 2^53 are bigints. */
export type StatValue = number | bigint

export type Statistics = Readonly<{
  n: number
  min: StatValue | null
  avg: number | null
  p: readonly StatValue[] | null
  max: StatValue | null
}>

export function compareStats(a: StatValue, b: StatValue): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function statisticsOf(values: readonly StatValue[]): Statistics {
  const n = values.length
  if (n === 0) return { n, min: null, avg: null, p: null, max: null }
  const sortedValues: ArrayLike<StatValue> = values.every((value) => typeof value === 'number')
    ? Float64Array.from(values).sort()
    : values.toSorted(compareStats)
  const percentileOf = (percent: number) => sortedValues[Math.max(1, Math.ceil((n * percent) / 100)) - 1] ?? 0
  return {
    n,
    min: sortedValues[0] ?? null,
    avg: values.reduce<number>((sum, value) => sum + Number(value), 0) / n,
    p: percentiles.map(percentileOf),
    max: sortedValues[n - 1] ?? null,
  }
}
