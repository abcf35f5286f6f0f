/** Sums of parts of the rows, to be added up. Their rows have no order. */
import { duckdb } from '../dialect.ts'
import { columnSql, type QueryField } from '../names.ts'
import { endOf, valueOfEnd, type EndValue, type StoredEnds } from './endpoint-sums.ts'
import type { StoredEndpoints } from './many-groups.ts'
import { hasFewValues, texts } from './few-values.ts'
import { rowsSql, timeOfRows, type Part } from './row-query.ts'
import { bucketSql, sourceOf, summedColumns, type GroupsRequest, type SeriesRequest } from './sums.ts'

/** Sums `_bytes` … per group `_g0` …, at most so many groups. */
export function groupSumsSql(request: GroupsRequest, part: Part, most: number): string {
  const names = request.group.map((_, index) => `"_g${index}"`)
  const values = request.group.map((field, index) => `${columnSql(field, duckdb)} AS "_g${index}"`)
  const rows = rowsSql(request, [...values, ...summedColumns(request)], duckdb, part)
  const { sums } = sourceOf(request, duckdb)
  return `SELECT ${names.join(', ')}, ${sums} FROM (${rows}) flow GROUP BY ALL LIMIT ${most}`
}

/** The place of a flow's value among the largest ones, from 1, or NULL. */
export type Places = EndValue

/** Undefined if the values cannot be compared in this way. `largest`: JSON values of the only group. */
export function placesOf(
  { group: [field, another], rollup, of }: SeriesRequest,
  { ends, endpoints }: Readonly<{ ends: StoredEnds; endpoints: StoredEndpoints }>,
  largest: readonly unknown[],
): Places | undefined {
  if (field === undefined || another !== undefined || rollup !== undefined || of !== undefined) return undefined
  if (hasFewValues(field)) return placesOfFew(field, largest)
  if (!largest.every((value) => typeof value === 'string')) return undefined
  const end = endOf(field)
  if (end === undefined) return placesOfAddresses(field, endpoints, largest)
  const listed = largest.map(duckdb.text).join(', ')
  const numberOf = (text: string) => (largest.length === 0 ? 'NULL' : `list_position([${listed}], ${text})`)
  return valueOfEnd(end, ends, numberOf, { alias: '"_largest"', sparse: true })
}

/** By the ids of the addresses, of which one can have several. */
function placesOfAddresses(
  field: QueryField,
  { view, idOf }: StoredEndpoints,
  largest: readonly string[],
): Places | undefined {
  const id = idOf(field)
  if (id === undefined || largest.length === 0) return undefined
  const listed = largest.map(duckdb.text).join(', ')
  const places = `SELECT ep AS "_ep", list_position([${listed}], addr) AS "_at" FROM ${view} WHERE addr IN (${listed})`
  return {
    value: '"_largest"."_at"',
    join: `LEFT JOIN (${places}) "_largest" ON "_value" = "_largest"."_ep"`,
    reads: [`${id} AS "_value"`],
  }
}

function placesOfFew(field: QueryField, largest: readonly unknown[]): Places {
  const tests = largest.map((value, index) => `WHEN "_value" ${testOf(value, field)} THEN ${index + 1}`)
  const value = tests.length === 0 ? 'NULL' : `CASE ${tests.join(' ')} END`
  return { value, join: '', reads: [`${columnSql(field, duckdb)} AS "_value"`] }
}

function testOf(value: unknown, { kind }: QueryField) {
  if (value === null) return 'IS NULL'
  return `= ${texts.has(kind) ? duckdb.text(value as string) : (value as number | string | boolean)}`
}

/** Sums per `_bucket` and `_place`. */
export function placedSumsSql(request: SeriesRequest, places: Places, part?: Part): string {
  const { step, span, time } = request
  const bucket = `${bucketSql(timeOfRows(time, duckdb), { step, span }, duckdb)} AS "_bucket"`
  const rows = rowsSql(request, [bucket, ...places.reads, ...summedColumns(request)], duckdb, part)
  const { sums } = sourceOf(request, duckdb)
  return `SELECT "_bucket", ${places.value} AS "_place", ${sums} FROM (${rows}) flow ${places.join} GROUP BY ALL`
}
