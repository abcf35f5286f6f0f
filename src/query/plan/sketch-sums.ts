/** Sums and statistics from counts by bins of a value (ADR 0039), in SQL of DuckDB. */
import { binColumn, valueOfBinSql } from '../../model/sketch.ts'
import { percentiles } from './stats.ts'

export type BinnedRows = Readonly<{
  view: string
  where: string
  /** Values to group by, as SQL with a name. */
  columns: readonly string[]
  names: readonly string[]
  /** SQL of the sums `_bytes` … of the measures. */
  sums: string
  summed: readonly string[]
  /** Name of the field of the statistics. */
  of: string
}>

/** Per group the sums, `_lost` and the columns of `statsSql`. Percentiles use nearest rank, of bins. */
export function binnedSumsSql({ view, where, columns, names, sums, summed, of }: BinnedRows): string {
  const by = names.length === 0 ? '' : `PARTITION BY ${names.join(', ')} `
  const known = 'sum("_count") FILTER (WHERE "_value" IS NOT NULL)'
  const value = `${valueOfBinSql(`"${binColumn(of)}"`)} AS "_value"`
  const bins = `SELECT ${[...columns, value, 'sum(flows) AS "_count"', sums].join(', ')} FROM ${view}
      WHERE ${where} GROUP BY ALL`
  const ranked = `SELECT *, ${known} OVER (${by}ORDER BY "_value" NULLS LAST ROWS UNBOUNDED PRECEDING) AS "_upto",
      coalesce(${known} OVER (${by}), 0) AS "_known" FROM (${bins})`
  const at = percentiles.map((percent) => `min("_value") FILTER (WHERE "_upto" * 100 >= "_known" * ${percent})`)
  return `SELECT ${[
    ...names,
    'false AS "_lost"',
    ...summed.map((sum) => `sum("_${sum}")::HUGEINT AS "_${sum}"`),
    'max("_known")::BIGINT AS "_n"',
    'min("_value") AS "_min"',
    'sum("_value"::DOUBLE * "_count"::DOUBLE) / nullif(max("_known"), 0)::DOUBLE AS "_avg"',
    `[${at.join(', ')}] AS "_p"`,
    'max("_value") AS "_max"',
  ].join(', ')} FROM (${ranked}) GROUP BY ALL`
}
