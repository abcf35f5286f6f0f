/** OpenVEX statements about problems, with the meaning of src/store/insights/waivers.ts. */
import { insightTypes } from '../../model/image-insights.ts'
import { settledStates } from '../insights/waivers.ts'
import { eventsOf } from './rows.ts'
import { jsonText, text, timeOf } from './sql.ts'
import type { StoreNames } from './tables.ts'

/** By id: `statements`, and those that name it first, with µs since 1970, status, reason, image and purl. */
function statements(names: StoreNames): string {
  const textOf = (key: string): string => jsonText('e.data', key)
  const rows =
    `SELECT ${textOf('id')} AS about, ${textOf('status')} AS status, ` +
    `coalesce(${textOf('justification')}, ${textOf('impact')}) AS reason, ` +
    `${textOf('image')} AS image, ${textOf('purl')} AS purl, ${textOf('document')} AS document, ` +
    `coalesce(${timeOf(textOf('time'))}, e.time) AS since, ` +
    `JSONExtract(ifNull(e.data, ''), 'aliases', 'Array(Nullable(String))') AS aliases ` +
    `FROM (${eventsOf(names, 'fact')}) AS e WHERE e.type = ${text(insightTypes.waiver)}`
  const newest = `SELECT * FROM (${rows}) ORDER BY since DESC LIMIT 1 BY about, image, purl, document`
  // A tuple, so that the group keeps NULLs.
  const statement = 'tuple(ifNull(toUnixTimestamp64Micro(since), 0), status, reason, image, purl)'
  return (
    `SELECT id, groupArray(${statement}) AS statements, groupArrayIf(${statement}, id = about) AS named FROM (` +
    `SELECT *, arrayJoin(arrayPushBack(aliases, about)) AS id FROM (${newest})) WHERE isNotNull(id) GROUP BY id`
  )
}

const purl = "extract(ifNull(r.insight_purl, ''), '^[^?#]*')"
/** The first statement that applies to problem `r`; without one, of NULLs. */
const applying =
  'arrayFirst(one -> (isNull(one.4) OR ifNull(one.4 = r.image, false)) AND (isNull(one.5) OR ' +
  `ifNull(one.5 = ${purl}, false) OR startsWith(${purl}, concat(ifNull(one.5, ''), '@'))), ` +
  'arrayReverseSort(one -> one.1, arrayConcat(w.statements, c.named, g.named)))'

const alias = (pattern: string): string => `nullIf(extract(ifNull(r.insight_aliases, ''), '${pattern}'), '')`

/** `join`: to problems `r`; `columns`: `waived`, `waiver` and `waiver_reason`. */
export function waiversOf(names: StoreNames): { readonly join: string; readonly columns: string } {
  const settled = `ifNull(toString(r.insight_value) IN (${settledStates.map(text).join(', ')}), false)`
  return {
    join:
      `LEFT JOIN (${statements(names)}) AS w ON r.insight_id = w.id LEFT JOIN (${statements(names)}) AS c ON ` +
      `${alias('CVE-[0-9-]+')} = c.id LEFT JOIN (${statements(names)}) AS g ON ${alias('GHSA-[0-9a-z-]+')} = g.id`,
    columns:
      `toBool(ifNull(${applying}.2 IN ('not_affected', 'fixed'), false) OR ${settled}) AS waived, ` +
      `${applying}.2 AS waiver, ${applying}.3 AS waiver_reason`,
  }
}
