/** Views `packages`, `problems`, `facts` and `images`, with the meaning of src/store/insights. */
import { columnsOfPart, insightTexts, insightTypes, severities, type InsightPart } from '../../model/image-insights.ts'
import { eventsOf } from './rows.ts'
import { asJson, jsonText, text } from './sql.ts'
import { problemScoresView, withScores } from './scores.ts'
import type { StoreNames } from './tables.ts'
import { waiversOf } from './waivers.ts'

const texts = (...keys: readonly string[]): string => jsonText('e.data', ...keys)

/** Complete reports. One replaces the one before of the same image and tool; with `part`, only those with that list. */
function reports(names: StoreNames, part?: InsightPart): string {
  const columns: Readonly<Record<string, string>> = {
    report: 'e.insight_report',
    image: 'e.key',
    source: 'e.source',
    ref: 'e.ref',
    data: 'e.data',
    valid_from: 'e.time',
    tool: texts('tool', 'name'),
    tool_version: texts('tool', 'version'),
    place: 'tuple(e._epoch, e._sequence, e._row)',
    _pos: 'e._pos',
  }
  const list = Object.entries(columns).map(([column, sql]) => `${sql} AS ${column}`)
  const rows =
    `SELECT ${list.join(', ')} FROM (${eventsOf(names, 'fact')}) AS e WHERE e.type = ${text(insightTypes.report)} ` +
    `AND isNotNull(e.key)${part === undefined ? '' : ` AND isNotNull(${texts(part)})`}`
  const by = 'PARTITION BY image, source ORDER BY valid_from, place'
  return (
    `SELECT *, count() OVER (PARTITION BY image, source) AS versions, ` +
    `leadInFrame(toNullable(valid_from)) OVER (${by} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)` +
    ` AS valid_to, row_number() OVER (${by}) AS number FROM (${rows})`
  )
}

const familyOf = { packages: 'package', problems: 'problem', facts: 'fact' } as const

/** From the first report that has the row until the first later one that lacks it. */
function partsOf(names: StoreNames, part: InsightPart): string {
  const family = familyOf[part]
  const columns = columnsOfPart(part)
  // Facts of one subject may have several values.
  const identity = part === 'facts' ? ['insight_value'] : []
  const merged = ['ref', 'data', 'tool', 'tool_version', ...columns]
  const last = merged.map((column) => `argMax(m.${column}, m.number) AS ${column}`)
  const partition = ['r.image', 'r.source', 'p.subject', ...identity.map((name) => `p.${name}`)]
  const group = ['image', 'source', 'subject', ...identity].map((name) => `m.${name}`)
  // Numbers of a run of reports with the row have the same distance from the row's own numbers.
  const runs =
    `SELECT r.image AS image, r.source AS source, p.subject AS subject, p.ref AS ref, p.data AS data, ` +
    `${eventColumns(part)}, r.tool AS tool, r.tool_version AS tool_version, r.valid_from AS valid_from, ` +
    'r.valid_to AS valid_to, r.number AS number, toInt64(r.number) - toInt64(row_number() OVER (PARTITION BY ' +
    `${partition.join(', ')} ORDER BY r.number)) AS run FROM (${eventsOf(names, family)}) AS p INNER JOIN ` +
    `(${reports(names, part)}) AS r ON p.insight_report = r.report WHERE p.type = ${text(insightTypes[family])}`
  return (
    `SELECT m.image AS image, ${last.join(', ')}, ` +
    'min(m.valid_from) AS valid_from, if(max(isNull(m.valid_to)), NULL, max(m.valid_to)) AS valid_to ' +
    `FROM (${runs}) AS m GROUP BY ${group.join(', ')}, m.run`
  )
}

const imageName = "nullIf(extract(ifNull(r.ref, ''), '^image:(.+)@(?:sha256|lagoon):'), '')"
const about =
  `r.image AS image, ${imageName} AS image_name, r.tool AS tool, r.tool_version AS tool_version, ` +
  `r.valid_from AS valid_from, r.valid_to AS valid_to, r.ref AS ref, ${asJson('r.data')} AS data`

const eventColumns = (part: InsightPart): string =>
  columnsOfPart(part)
    .map((column) => `p.${column} AS ${column}`)
    .join(', ')
const textsOf = (part: InsightPart): string =>
  insightTexts[part].map(({ name, column }) => `r.${column} AS \`${name}\``).join(', ')

const position = `indexOf([${severities.map(text).join(', ')}], ifNull(toString(r.insight_severity), ''))`
const aliasText = "ifNull(r.insight_aliases, '')"
const aliases = `if(empty(${aliasText}), [], splitByChar(' ', ${aliasText}))`
const problemColumns =
  `r.insight_id AS id, ${aliases} AS aliases, arrayPushFront(${aliases}, ifNull(toString(r.insight_id), '')) AS ids, ` +
  `r.insight_severity AS severity, toUInt8(if(${position} = 0, ${severities.length}, ${position})) AS severity_rank, ` +
  `toFloat64OrNull(toString(r.insight_score)) AS score, ${textsOf('problems')}`

export function packagesView(names: StoreNames): string {
  return `SELECT ${textsOf('packages')}, ${about} FROM (${partsOf(names, 'packages')}) AS r`
}

export function problemsView(names: StoreNames): string {
  const { join, columns } = waiversOf(names)
  const rows = partsOf(names, 'problems')
  const problems = `SELECT ${problemColumns}, ${columns}, ${about} FROM (${rows}) AS r ${join}`
  return withScores(problems, problemScoresView(names))
}

/** Rows of each report; `image` decides about waivers. */
function rowsOfReports(names: StoreNames, part: 'packages' | 'problems'): string {
  const family = familyOf[part]
  return (
    `SELECT p.insight_report AS report, p.key AS image, ${eventColumns(part)} ` +
    `FROM (${eventsOf(names, family)}) AS p ` +
    `WHERE p.type = ${text(insightTypes[family])}`
  )
}

export function packageRowsView(names: StoreNames): string {
  return `SELECT r.report AS report, ${textsOf('packages')} FROM (${rowsOfReports(names, 'packages')}) AS r`
}

export function problemRowsView(names: StoreNames): string {
  const { join, columns } = waiversOf(names)
  return (
    `SELECT r.report AS report, ${problemColumns}, ${columns} FROM ` +
    `(${rowsOfReports(names, 'problems')}) AS r ${join}`
  )
}

function partReports(names: StoreNames, part: InsightPart): string {
  return (
    `SELECT r.report AS report, r.image AS image, ${imageName} AS image_name, r.tool AS tool, r.tool_version AS ` +
    `tool_version, r.valid_from AS valid_from, r.valid_to AS valid_to, r.versions AS versions ` +
    `FROM (${reports(names, part)}) AS r`
  )
}

/** `report`, `rows`: several rows of a report add up. */
function partCounts(names: StoreNames, family: 'package' | 'problem'): string {
  const rows = `SELECT * FROM (${eventsOf(names, family)}) WHERE type = ${text(insightTypes[family])}`
  return `SELECT insight_report AS report, count() AS rows FROM (${rows}) GROUP BY insight_report`
}

export const packageCountsView = (names: StoreNames): string => partCounts(names, 'package')
export const problemCountsView = (names: StoreNames): string => partCounts(names, 'problem')
/** Digests of the images that have reports. */
export function digestsView(names: StoreNames): string {
  const aliases = "JSONExtract(ifNull(r.data, ''), 'image', 'aliases', 'Array(String)')"
  return (
    `SELECT r.image AS image, arrayJoin(arrayPushBack(${aliases}, assumeNotNull(r.image))) AS digest, ` +
    `r.valid_from AS valid_from, r.valid_to AS valid_to FROM (${reports(names)}) AS r`
  )
}

export const packageReportsView = (names: StoreNames): string => partReports(names, 'packages')
export const problemReportsView = (names: StoreNames): string => partReports(names, 'problems')

export function factsView(names: StoreNames): string {
  return `SELECT ${textsOf('facts')}, ${about} FROM (${partsOf(names, 'facts')}) AS r`
}

export function imagesView(names: StoreNames): string {
  const textOf = (...keys: readonly string[]): string => jsonText('r.data', ...keys)
  const of = (part: InsightPart, ...keys: readonly string[]): string =>
    `toUInt32OrNull(${jsonText(`r.${part}_data`, ...keys)})`
  const list = (key: string): string => `JSONExtract(ifNull(r.data, ''), 'image', ${text(key)}, 'Array(String)')`
  const bySeverity = severities.map(
    (severity) =>
      `if(isNotNull(r.problems_data), ifNull(${of('problems', 'severities', severity)}, 0), NULL) AS ` +
      severity.toLowerCase(),
  )
  const columns = [
    'r.image AS image',
    `${textOf('image', 'name')} AS name`,
    `${list('tags')} AS tags`,
    `${list('aliases')} AS aliases`,
    `${textOf('image', 'os')} AS os`,
    `${textOf('image', 'architecture')} AS architecture`,
    'r.tool AS tool',
    'r.tool_version AS tool_version',
    `${textOf('format')} AS format`,
    `${of('packages', 'packages')} AS packages`,
    `${of('problems', 'problems')} AS problems`,
    ...bySeverity,
    `${of('problems', 'fixable')} AS fixable`,
    `${of('facts', 'facts')} AS facts`,
    `${textOf('sha256')} AS sha256`,
    `${textOf('origin')} AS origin`,
    'r.valid_from AS valid_from',
    'r.valid_to AS valid_to',
    'r.ref AS ref',
    'r.report AS report',
    'r._pos AS _pos',
  ]
  // A report without a list leaves that of the report before.
  const order = 'ORDER BY valid_from, place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW'
  const last = (['packages', 'problems', 'facts'] as const).map(
    (part) =>
      `anyLast(if(isNotNull(${jsonText('l.data', part)}), toNullable(l.data), NULL)) OVER (PARTITION BY image, ` +
      `source ${order}) AS ${part}_data`,
  )
  return `SELECT ${columns.join(', ')} FROM (SELECT l.*, ${last.join(', ')} FROM (${reports(names)}) AS l) AS r`
}
