/** Exact sums of a few given groups by endpoints or addresses: two look-ups per flow, and no group per pair. */
import { duckdb } from '../dialect.ts'
import { endOf, valueOfEnd, type EndValue, type StoredEnds } from './endpoint-sums.ts'
import type { StoredEndpoints } from './many-groups.ts'
import { rowsSql } from './row-query.ts'
import { sourceOf, summedColumns, summedMeasures, type GroupsRequest } from './sums.ts'

/** By field of the group. */
export type CandidateTexts = readonly (readonly string[])[]

/**
 * Sums per `_p0`, `_p1` …: places, from 1, of the group's values in the texts. Undefined if a field is neither an
 * endpoint nor an address.
 */
export function candidateSumsSql(
  request: GroupsRequest,
  ends: StoredEnds,
  { idOf }: StoredEndpoints,
  texts: CandidateTexts,
): string | undefined {
  const places: EndValue[] = []
  for (const [index, field] of request.group.entries()) {
    const listed = (texts[index] ?? []).map(duckdb.text).join(', ')
    const placeOf = (text: string) => `list_position([${listed}], ${text})`
    const [end, id, alias] = [endOf(field), idOf(field), `"_candidate${index}"`]
    if (end !== undefined) places.push(valueOfEnd(end, ends, placeOf, { alias, sparse: true }))
    else if (id !== undefined)
      places.push({
        value: `${alias}."_value"`,
        join: `JOIN (SELECT "ep" AS "_ep", ${placeOf('"addr"')} AS "_value" FROM ${ends.view}
          WHERE "addr" IN (${listed})) ${alias} ON ${id} = ${alias}."_ep"`,
        reads: [id],
      })
    else return undefined
  }
  const names = places.map((_, index) => `"_p${index}"`)
  const isFound = names.map((name) => `${name} IS NOT NULL`).join(' AND ')
  const summed = { ...request, doubles: false }
  const measures = summedColumns(summed)
  const rows = rowsSql(request, [...new Set([...places.flatMap(({ reads }) => reads), ...measures])])
  const found = places.map(({ value }, index) => `${value} AS ${names[index]}`)
  const { sums } = sourceOf(summed, duckdb)
  return (
    `SELECT ${[...names, ...summedMeasures(request).map((sum) => `"_${sum}"`)].join(', ')} FROM ` +
    `(SELECT ${names.join(', ')}, ${sums} FROM (SELECT ${[...found, ...measures].join(', ')} FROM (${rows}) flow ` +
    `${places.map(({ join }) => join).join(' ')}) placed WHERE ${isFound} ` +
    `GROUP BY ALL) summed`
  )
}
