/** Series of a number in the bodies of events. */
import { duckdb } from '../query/index.ts'
import type { TimeSpan } from '../query/plan/index.ts'
import { pointerSteps } from '../model/json-pointer.ts'
import { isRecord } from '../model/json.ts'

const { text, jsonText } = duckdb

export const eventFunctions = ['avg', 'sum', 'min', 'max', 'p50', 'p95', 'p99', 'count'] as const
type EventFunction = (typeof eventFunctions)[number]
export const eventGroups = ['type', 'source', 'subject'] as const

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

export type EventSeriesQuery = Readonly<{
  family: string
  /** JSON pointer. */
  field: string
  function: EventFunction
  /** An attribute or a JSON pointer. */
  by: string | undefined
  limit: number
}>

const conditions = (family: string, { from, to }: TimeSpan): string =>
  `family = ${text(family)} AND time >= ${duckdb.time(from)} AND time < ${duckdb.time(to)}`

/** Rows of place, value of the group, bucket and number. Place `limit + 1` has the rest. */
export function eventSeriesSql(query: EventSeriesQuery, span: TimeSpan, stepUs: bigint): string {
  const { family, field, by, limit } = query
  const group =
    by === undefined ? 'NULL::VARCHAR' : by.startsWith('/') ? jsonText('data', pointerSteps(by)) : duckdb.identifier(by)
  return `WITH known AS (SELECT * FROM (SELECT ${duckdb.floorDivide(duckdb.micros('time'), stepUs)} AS bucket,
      TRY_CAST(${jsonText('data', pointerSteps(field))} AS DOUBLE) AS v, ${group} AS value FROM events
      WHERE ${conditions(family, span)}) WHERE isfinite(v)),
      places AS (SELECT value, least(row_number() OVER (ORDER BY count(*) DESC, value), ${limit + 1}) AS place
      FROM known GROUP BY value)
      SELECT p.place, CASE WHEN p.place <= ${limit} THEN max(k.value) END AS value, k.bucket::DOUBLE AS bucket,
      ${aggregates[query.function]}::DOUBLE AS number, count(DISTINCT coalesce(k.value, '')) AS groups
      FROM known k JOIN places p ON k.value IS NOT DISTINCT FROM p.value GROUP BY p.place, k.bucket
      ORDER BY p.place, k.bucket`
}

const [sampled, maxDepth, maxFields] = [500, 4, 200] as const

export const eventSampleSql = (family: string, span: TimeSpan): string =>
  `SELECT data FROM events WHERE ${conditions(family, span)} ORDER BY time DESC LIMIT ${sampled}`

/** JSON pointers of numbers and of texts in the bodies. */
export function fieldsIn(bodies: readonly unknown[]): Readonly<{ numbers: string[]; texts: string[] }> {
  const found = { numbers: new Set<string>(), texts: new Set<string>() }
  const visit = (value: unknown, pointer: string, depth: number): void => {
    if (typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)))
      found.numbers.add(pointer)
    else if (typeof value === 'string') found.texts.add(pointer)
    else if (isRecord(value) && depth < maxDepth)
      for (const [key, inner] of Object.entries(value))
        visit(inner, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, depth + 1)
  }
  for (const body of bodies) if (isRecord(body)) visit(body, '', 0)
  const sorted = (pointers: ReadonlySet<string>): string[] => [...pointers].sort().slice(0, maxFields)
  return { numbers: sorted(found.numbers), texts: sorted(found.texts) }
}
