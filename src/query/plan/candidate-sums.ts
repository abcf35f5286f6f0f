/** Exact sums of a few given groups by endpoints or addresses: two look-ups per flow, and no group per pair. */
import { duckdb } from '../dialect.ts'
import { endOf, valueOfEnd, type EndValue, type StoredEnds } from './endpoint-sums.ts'
import type { StoredEndpoints } from './many-groups.ts'
import { rowsSql } from './row-query.ts'
import { sourceOf, summedColumns, type GroupsRequest } from './sums.ts'

/** Texts of the fields of the group. */
export type Candidate = readonly string[]

/**
 * Sums per `_candidate`: place in the list, from 1. Undefined if a field is neither an endpoint nor an address.
 */
export function candidateSumsSql(
  request: GroupsRequest,
  ends: StoredEnds,
  { idOf }: StoredEndpoints,
  candidates: readonly Candidate[],
): string | undefined {
  const values: EndValue[] = []
  const places: string[] = []
  for (const [index, field] of request.group.entries()) {
    const texts = [...new Set(candidates.map((candidate) => candidate[index]!))]
    const placeOfText = new Map(texts.map((text, place) => [text, place + 1]))
    places.push(`[${candidates.map((candidate) => placeOfText.get(candidate[index]!)).join(', ')}]`)
    const listed = `[${texts.map(duckdb.text).join(', ')}]`
    const [end, id, alias] = [endOf(field), idOf(field), `"_end${index}"`]
    if (end !== undefined)
      values.push(valueOfEnd(end, ends, (text) => `list_position(${listed}, ${text})`, { alias, sparse: true }))
    else if (id !== undefined)
      values.push({
        value: `${alias}."_value"`,
        // A list in the condition would be compared in the scan, text by text.
        join: `JOIN (SELECT "ep" AS "_ep", "_value" FROM ${ends.view} JOIN (SELECT unnest(${listed}) AS "_text",
          generate_subscripts(${listed}, 1) AS "_value") ON "addr" = "_text") ${alias} ON ${id} = ${alias}."_ep"`,
        reads: [id],
      })
    else return undefined
  }
  const names = places.map((_, index) => `"_p${index}"`)
  const measures = summedColumns(request)
  const rows = rowsSql(request, [...new Set([...values.flatMap(({ reads }) => reads), ...measures])])
  const columns = [...values.map(({ value }, index) => `${value} AS ${names[index]}`), ...measures]
  const placed = `SELECT ${columns.join(', ')} FROM (${rows}) flow ${values.map(({ join }) => join).join(' ')}`
  const unnested = places.map((list, index) => `unnest(${list}) AS ${names[index]}`).join(', ')
  const listed = `SELECT ${unnested}, generate_subscripts(${places[0]}, 1) AS "_candidate"`
  const list = names.join(', ')
  // Joined after the sums: before, the optimizer joins the list to the ends, and each flow to several rows.
  return `SELECT summed.* EXCLUDE (${list}), "_candidate" FROM
    (SELECT ${list}, ${sourceOf(request, duckdb).sums} FROM (${placed}) GROUP BY ALL) summed
    JOIN (${listed}) USING (${list})`
}
