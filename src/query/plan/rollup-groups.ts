/** Groups nearly as many as the rows of their rollup: memory holds the sums of buckets, and a part of the groups. */
import { estimatedCountSql } from '../../model/distinct-estimate.ts'
import { duckdb } from '../dialect.ts'
import { isMeasure, largestSql, rollupRowsSql, summedMeasures, valuesOf, type GroupsRequest } from './sums.ts'

/** A power of two. */
const buckets = 1 << 18

export type SummedBuckets =
  /** The largest, with at most so many rows. */
  | Readonly<{ most: number }>
  /** One of several parts. */
  | Readonly<{ parts: number; part: number }>

/** Matching rows of a rollup (`_rows`). */
export function rollupSizeSql(request: GroupsRequest): string {
  return `SELECT count(*)::DOUBLE AS "_rows" FROM (${rollupRowsSql({ ...request, group: [] })})`
}

/**
 * As `groupsSql`, of the groups in some buckets, with `_certain`: no other group can be larger than the first omitted
 * one, by the sums of the buckets that they are in. `_all_groups` is estimated from so many `_registers`.
 */
export function rollupGroupsSql(request: GroupsRequest, summed: SummedBuckets): string {
  const { by, limit } = request
  const names = valuesOf(request.group)
  const measures = summedMeasures(request)
  const bucket = `CASE WHEN "_lost" THEN NULL ELSE ("_hash" & ${buckets - 1})::UINTEGER END`
  const sums = measures.map((measure) => `${duckdb.sum(`"_${measure}"`)} AS "_${measure}"`)
  const rank = isMeasure(by) ? `"_${by}"` : '0'
  const isSummed =
    'most' in summed
      ? `sum("_rows") OVER largest <= ${summed.most} OR row_number() OVER largest = 1`
      : `"_bucket" % ${summed.parts} = ${summed.part}`
  const others = 'FROM ordered WHERE NOT "_summed"'
  const isCertain =
    `(SELECT count(*) ${others}) = 0 OR (SELECT count(*) = ${limit + 1} AND ` +
    `min("_rank") > (SELECT max(${rank}) ${others}) FROM ranked)`
  const rows = `SELECT rolled.*, hash(${names.join(', ')}) AS "_hash" FROM (${rollupRowsSql(request)}) rolled`
  const tables = [
    duckdb.inlined('rows_of', rows),
    `buckets AS MATERIALIZED (SELECT ${bucket} AS "_bucket", ${sums.join(', ')}, count(*) AS "_rows",
      min("_hash" >> 32)::BIGINT AS "_first" FROM rows_of GROUP BY 1)`,
    `ordered AS MATERIALIZED (SELECT "_bucket", ${rank}, ${isSummed} AS "_summed" FROM buckets
      WHERE "_bucket" IS NOT NULL WINDOW largest AS (ORDER BY ${rank} DESC NULLS LAST, "_bucket"))`,
    `parts AS MATERIALIZED (SELECT ${names.join(', ')}, false AS "_lost", ${sums.join(', ')} FROM rows_of
      WHERE NOT "_lost" AND ${bucket} IN (SELECT "_bucket" FROM ordered WHERE "_summed") GROUP BY ALL)`,
  ]
  const groups = `SELECT ${estimatedCountSql(buckets, '"_first"')} FROM buckets WHERE "_bucket" IS NOT NULL`
  const totals = measures.map((measure) => `${duckdb.sum(`"_${measure}"`)} AS "_all_${measure}"`)
  const total = `SELECT *, (${isCertain}) AS "_certain" FROM (SELECT count("_bucket") AS "_registers",
    coalesce(round((${groups})), 0)::BIGINT AS "_all_groups", ${totals.join(', ')} FROM buckets)`
  const rest = `SELECT coalesce(sum(${rank}), 0) FROM buckets WHERE "_bucket" IS NULL`
  const largest = largestSql(request, duckdb, { total, rest, more: ['"_certain"', '"_registers"'] })
  return `WITH ${tables.join(', ')}, ${largest}`
}
