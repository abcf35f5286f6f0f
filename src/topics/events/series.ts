/** Series of a number in the bodies of events. */
import { pointerSteps } from '../../model/json-pointer.ts'
import { duckdb } from '../../query/index.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import { familyWithin } from './fields.ts'
import type { EventFunction, EventSeries, EventSeriesQuery } from './schema.ts'

const { jsonText } = duckdb

const aggregates: Readonly<Record<EventFunction, string>> = {
  avg: 'avg(v)',
  sum: 'sum(v)',
  min: 'min(v)',
  max: 'max(v)',
  p50: duckdb.percentile('v', 50),
  p95: duckdb.percentile('v', 95),
  p99: duckdb.percentile('v', 99),
  count: 'count(*)',
}

/** `place`: of the group; `limit + 1` has the rest. `groups`: their number in the bucket. */
export type PointRow = Readonly<{
  place: number | string
  value: string | null
  bucket: number
  number: number
  groups: number | string
}>

/** `step` in seconds. */
export function seriesSql(query: EventSeriesQuery & Readonly<{ limit: number }>, span: TimeSpan, step: number): string {
  const { family, field, function: aggregate = 'avg', by, limit } = query
  const group =
    by === undefined ? 'NULL::VARCHAR' : by.startsWith('/') ? jsonText('data', pointerSteps(by)) : duckdb.identifier(by)
  const stepUs = BigInt(step) * 1_000_000n
  return `WITH known AS (SELECT * FROM (SELECT ${duckdb.floorDivide(duckdb.micros('time'), stepUs)} AS bucket,
      TRY_CAST(${jsonText('data', pointerSteps(field))} AS DOUBLE) AS v, ${group} AS value FROM events
      WHERE ${familyWithin(family, span)}) WHERE isfinite(v)),
      places AS (SELECT value, least(row_number() OVER (ORDER BY count(*) DESC, value), ${limit + 1}) AS place
      FROM known GROUP BY value)
      SELECT p.place, CASE WHEN p.place <= ${limit} THEN max(k.value) END AS value, k.bucket::DOUBLE AS bucket,
      ${aggregates[aggregate]}::DOUBLE AS number, count(DISTINCT coalesce(k.value, '')) AS groups
      FROM known k JOIN places p ON k.value IS NOT DISTINCT FROM p.value GROUP BY p.place, k.bucket
      ORDER BY p.place, k.bucket`
}

export function seriesOf(
  rows: readonly PointRow[],
  { step, limit }: Readonly<{ step: number; limit: number }>,
): EventSeries['series'] {
  return [...Map.groupBy(rows, ({ place: rank }) => rank)].map(([place, points]) => ({
    value: points[0]?.value ?? null,
    others: Number(place) > limit ? Math.max(...points.map(({ groups }) => Number(groups))) : 0,
    points: points.map(({ bucket, number }) => ({ time: bucket * step, number })),
  }))
}
