/** Groups nearly as many as the rows of their rollup: memory holds the sums of buckets, and a part of the groups. */
import { estimatedCountSql } from '../../model/distinct-estimate.ts'
import { duckdb } from '../dialect.ts'
import { isMeasure, largestSql, rollupRowsSql, summedMeasures, valuesOf, type GroupsRequest } from './sums.ts'

/** A power of two. */
const buckets = 1 << 18

/** A sum in doubles is at most so much too small. */
const rounding = '1.000001'

export type SummedBuckets =
  /** The largest, with at most so many rows. */
  | Readonly<{ most: number }>
  /** One of several parts. */
  | Readonly<{ parts: number; part: number }>

/** Matching rows of a rollup (`_rows`), and their sums (`_all_bytes` …). */
export type RollupTotals = Readonly<Record<string, unknown>>

export function rollupTotalsSql(request: GroupsRequest): string {
  const rows = rollupRowsSql({ ...request, group: [] })
  const totals = summedMeasures(request).map((measure) => `${duckdb.sum(`"_${measure}"`)} AS "_all_${measure}"`)
  return `SELECT ${['count(*)::DOUBLE AS "_rows"', ...totals].join(', ')} FROM (${rows})`
}

/**
 * As `groupsSql`, of the groups in some buckets, with `_certain`: no other group can be larger than the first omitted
 * one, by the sums of the buckets that they are in. `_all_groups` is estimated from so many `_registers`.
 */
export function rollupGroupsSql(request: GroupsRequest, all: RollupTotals, summed: SummedBuckets): string {
  const { limit } = request
  const names = valuesOf(request.group)
  const measures = summedMeasures(request)
  const bucket = `CASE WHEN NOT "_lost" THEN ("_hash" & ${buckets - 1})::UINTEGER END`
  const rank = rankOf(request)
  // As many buckets with a row of at least this sum have as many groups with it. NULL with fewer buckets.
  const least = `SELECT "_most" FROM buckets WHERE "_bucket" IS NOT NULL ORDER BY "_most" DESC LIMIT 1 OFFSET ${limit}`
  const ordered =
    'most' in summed
      ? `SELECT "_bucket", "_sum", sum("_rows") OVER largest <= ${summed.most} OR row_number() OVER largest = 1
          AS "_summed" FROM buckets WHERE "_bucket" IS NOT NULL AND "_sum" * ${rounding} >= coalesce((${least}), 0)
          WINDOW largest AS (ORDER BY "_sum" DESC NULLS LAST, "_bucket")`
      : `SELECT "_bucket", "_sum", "_bucket" % ${summed.parts} = ${summed.part} AS "_summed" FROM buckets
          WHERE "_bucket" IS NOT NULL`
  const others = 'FROM ordered WHERE NOT "_summed"'
  const isCertain =
    `(SELECT count(*) ${others}) = 0 OR (SELECT count(*) = ${limit + 1} AND ` +
    `min("_rank") > (SELECT max("_sum") * ${rounding} ${others}) FROM ranked)`
  const sums = measures.map((measure) => `${duckdb.sum(`"_${measure}"`)} AS "_${measure}"`)
  const tables = [
    duckdb.inlined(
      'rows_of',
      `SELECT rolled.*, hash(${names.join(', ')}) AS "_hash" FROM (${rollupRowsSql(request)}) rolled`,
    ),
    `buckets AS MATERIALIZED (SELECT ${bucket} AS "_bucket", sum(${rank}::DOUBLE) AS "_sum",
      max(${rank}::DOUBLE) AS "_most", count(*) AS "_rows", min(("_hash" >> 32)::UINTEGER) AS "_first"
      FROM rows_of GROUP BY 1)`,
    `ordered AS MATERIALIZED (${ordered})`,
    `parts AS MATERIALIZED (SELECT ${names.join(', ')}, false AS "_lost", ${sums.join(', ')} FROM rows_of
      WHERE ${bucket} IN (SELECT "_bucket" FROM ordered WHERE "_summed") GROUP BY ALL)`,
  ]
  const totals = measures.map((measure) => `${wholeOf(all[`_all_${measure}`])} AS "_all_${measure}"`)
  const count = `coalesce(round(${estimatedCountSql(buckets, '"_first"')}), 0)::BIGINT`
  const total = `SELECT ${[...totals, '"_registers"', '"_all_groups"', `(${isCertain}) AS "_certain"`].join(', ')}
    FROM (SELECT count(*) AS "_registers", ${count} AS "_all_groups" FROM buckets WHERE "_bucket" IS NOT NULL)`
  const rest = 'SELECT coalesce(sum("_sum"), 0)::HUGEINT FROM buckets WHERE "_bucket" IS NULL'
  const largest = largestSql(request, duckdb, { total, rest, more: ['"_certain"', '"_registers"'] })
  return `WITH ${tables.join(', ')}, ${largest}`
}

function rankOf({ by }: GroupsRequest) {
  return isMeasure(by) ? `"_${by}"` : '0'
}

function wholeOf(value: unknown) {
  return `${BigInt((value ?? 0) as string | number)}::HUGEINT`
}
