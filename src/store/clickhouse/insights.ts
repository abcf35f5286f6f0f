/** Views `packages`, `problems`, `facts` and `images`, with the meaning of src/store/insights. */
import { insightTypes, severities } from '../../model/image-insights.ts'
import { eventsOf } from './rows.ts'
import { asJson, jsonText, text } from './sql.ts'
import { problemScoresView, withScores } from './scores.ts'
import type { StoreNames } from './tables.ts'
import { waiversOf } from './waivers.ts'

type ReportPart = 'packages' | 'problems' | 'facts'

const texts = (...keys: readonly string[]): string => jsonText('e.data', ...keys)

/** Complete reports. One replaces the one before of the same image and tool; with `part`, only those with that list. */
function reports(names: StoreNames, part?: ReportPart): string {
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

interface Part {
  readonly family: 'package' | 'problem' | 'fact'
  readonly type: string
  readonly part: ReportPart
  /** By name; of event `p`. */
  readonly columns: Readonly<Record<string, string>>
  /** Columns that identify a row besides its subject. */
  readonly identity?: readonly string[]
}

/** From the first report that has the row until the first later one that lacks it. */
function partsOf(names: StoreNames, { family, type, part, columns, identity = [] }: Part): string {
  const computed = Object.entries(columns).map(([column, sql]) => `${sql} AS ${column}`)
  const merged = ['ref', 'data', 'tool', 'tool_version', ...Object.keys(columns)]
  const last = merged.map((column) => `argMax(m.${column}, m.number) AS ${column}`)
  const partition = ['r.image', 'r.source', 'p.subject', ...identity.map((name) => columns[name]!)]
  const group = ['image', 'source', 'subject', ...identity].map((name) => `m.${name}`)
  // Numbers of a run of reports with the row have the same distance from the row's own numbers.
  const runs =
    `SELECT r.image AS image, r.source AS source, p.subject AS subject, p.ref AS ref, p.data AS data, ` +
    `${computed.join(', ')}, r.tool AS tool, r.tool_version AS tool_version, r.valid_from AS valid_from, ` +
    'r.valid_to AS valid_to, r.number AS number, toInt64(r.number) - toInt64(row_number() OVER (PARTITION BY ' +
    `${partition.join(', ')} ORDER BY r.number)) AS run FROM (${eventsOf(names, family)}) AS p INNER JOIN ` +
    `(${reports(names, part)}) AS r ON p.insight_report = r.report WHERE p.type = ${text(type)}`
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

const packageColumns = 'r.name AS name, r.version AS version, r.kind AS `type`, r.purl AS purl, r.licenses AS licenses'
const packageFields = {
  name: 'p.insight_name',
  version: 'p.insight_version',
  kind: 'p.insight_type',
  purl: 'p.insight_purl',
  licenses: 'p.insight_value',
} as const

const problemFields = {
  id: 'p.insight_id',
  severity: 'p.insight_severity',
  score: 'p.insight_score',
  package: 'p.insight_name',
  version: 'p.insight_version',
  kind: 'p.insight_type',
  purl: 'p.insight_purl',
  fixed_version: 'p.insight_fixed',
  state: 'p.insight_value',
  alias_text: 'p.insight_aliases',
} as const
const position = `indexOf([${severities.map(text).join(', ')}], ifNull(toString(r.severity), ''))`
const aliases = "if(empty(ifNull(r.alias_text, '')), [], splitByChar(' ', ifNull(r.alias_text, '')))"
const problemColumns =
  `r.id AS id, ${aliases} AS aliases, arrayPushFront(${aliases}, ifNull(toString(r.id), '')) AS ids, ` +
  `r.severity AS severity, toUInt8(if(${position} = 0, ${severities.length}, ${position})) AS severity_rank, ` +
  'toFloat64OrNull(toString(r.score)) AS score, r.package AS package, r.version AS version, r.kind AS `type`, ' +
  'r.purl AS purl, r.fixed_version AS fixed_version, r.state AS state'

export function packagesView(names: StoreNames): string {
  const rows = partsOf(names, {
    family: 'package',
    type: insightTypes.package,
    part: 'packages',
    columns: packageFields,
  })
  return `SELECT ${packageColumns}, ${about} FROM (${rows}) AS r`
}

export function problemsView(names: StoreNames): string {
  const rows = partsOf(names, {
    family: 'problem',
    type: insightTypes.problem,
    part: 'problems',
    columns: problemFields,
  })
  const { join, columns } = waiversOf(names)
  const problems = `SELECT ${problemColumns}, ${columns}, ${about} FROM (${rows}) AS r ${join}`
  return withScores(problems, problemScoresView(names))
}

/** Rows of each report; `image` decides about waivers. */
function rowsOfReports(
  names: StoreNames,
  family: 'package' | 'problem',
  fields: Readonly<Record<string, string>>,
): string {
  const computed = Object.entries(fields).map(([column, sql]) => `${sql} AS ${column}`)
  return (
    `SELECT p.insight_report AS report, p.key AS image, ${computed.join(', ')} ` +
    `FROM (${eventsOf(names, family)}) AS p ` +
    `WHERE p.type = ${text(insightTypes[family])}`
  )
}

export function packageRowsView(names: StoreNames): string {
  return `SELECT r.report AS report, ${packageColumns} FROM (${rowsOfReports(names, 'package', packageFields)}) AS r`
}

export function problemRowsView(names: StoreNames): string {
  const { join, columns } = waiversOf(names)
  return (
    `SELECT r.report AS report, ${problemColumns}, ${columns} FROM ` +
    `(${rowsOfReports(names, 'problem', problemFields)}) AS r ${join}`
  )
}

function partReports(names: StoreNames, part: ReportPart): string {
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
  const rows = partsOf(names, {
    family: 'fact',
    type: insightTypes.fact,
    part: 'facts',
    columns: { category: 'p.insight_type', name: 'p.insight_name', value: 'p.insight_value' },
    identity: ['value'],
  })
  return `SELECT r.category AS category, r.name AS name, r.value AS value, ${about} FROM (${rows}) AS r`
}

export function imagesView(names: StoreNames): string {
  const textOf = (...keys: readonly string[]): string => jsonText('r.data', ...keys)
  const of = (part: ReportPart, ...keys: readonly string[]): string =>
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
