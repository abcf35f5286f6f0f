/** Statistics of values of which many are equal: each value is counted once, so that few are sorted. */
import { duckdb } from '../dialect.ts'
import { columnSql, type QueryField, type QueryKind } from '../names.ts'
import { rowsSql } from './row-query.ts'
import { percentiles } from './stats.ts'
import { largestSql, sourceOf, summedColumns, summedMeasures, valuesOf, type GroupsRequest } from './sums.ts'

/** Sums of doubles would depend on their order. */
const exact: ReadonlySet<QueryKind> = new Set(['u8', 'u16', 'u32', 'u64', 'i32', 'estimate'])

/** Undefined if the request has no statistics that can be computed in this way. */
export function countedField({ of, group, rollup }: GroupsRequest): QueryField | undefined {
  return of !== undefined && exact.has(of.kind) && group.length > 0 && rollup === undefined ? of : undefined
}

/** The rows of `groupsSql`. `of`: {@link countedField}. */
export function countedValuesSql(request: GroupsRequest, of: QueryField): string {
  const { of: _, ...sumsOnly } = request
  const { group } = request
  const groups = valuesOf(group)
  const keys = groups.join(', ')
  const columns = group.map((field, index) => `${columnSql(field, duckdb)} AS ${groups[index]}`)
  const rows = rowsSql(request, [...columns, `${duckdb.identifier(of.name)} AS "_value"`, ...summedColumns(request)])
  const { sums } = sourceOf(sumsOnly, duckdb)
  const within = `OVER (PARTITION BY ${keys} ORDER BY "_value" NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND`
  const measures = summedMeasures(request).map((measure) => `"_${measure}"`)
  const totals = measures.map((measure) => `sum(${measure}) AS ${measure}`)
  // As quantile_disc, of a group with n values: the least that is not below so many of them.
  const values = percentiles.map(
    (percent) => `min("_value") FILTER ("_upto" >= greatest(1, "_n" - "_n" * ${100 - percent} // 100))`,
  )
  const statistics = [
    'max("_n") AS "_n"',
    'min("_value") AS "_min"',
    'sum("_value"::HUGEINT * "_count")::DOUBLE / nullif(max("_n"), 0) AS "_avg"',
    `CASE WHEN max("_n") > 0 THEN [${values.join(', ')}] END AS "_p"`,
    'max("_value") AS "_max"',
  ]
  return (
    `WITH counted AS (SELECT ${keys}, "_value", count("_value") AS "_count", ${sums} ` +
    `FROM (${rows}) flow GROUP BY ALL), ` +
    `ordered AS (SELECT ${[keys, '"_value"', '"_count"', ...measures].join(', ')}, ` +
    `(sum("_count") ${within} CURRENT ROW))::BIGINT AS "_upto", ` +
    `(sum("_count") ${within} UNBOUNDED FOLLOWING))::BIGINT AS "_n" FROM counted), ` +
    `parts AS MATERIALIZED (SELECT ${keys}, false AS "_lost", ${[...totals, ...statistics].join(', ')} ` +
    `FROM ordered GROUP BY ALL), ${largestSql(request)}`
  )
}
