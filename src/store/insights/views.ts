import { columnsOfPart, insightTexts, insightTypes, severities, type InsightPart } from '../../model/image-insights.ts'
import { partsOfRef } from '../kubernetes/events.ts'
import type { Statement } from '../read/statement.ts'
import { position, type ViewInput } from '../read/views.ts'
import { imageNameSql, partsSql, reportsSql, type ReportPart } from './reports.ts'
import { countsOfReports, insightEvents, podKinds, withRanks, type CachedInsightRows } from './rows.ts'
import { scoresSql, withScores } from './scores.ts'
import { waiverColumns, withWaivers } from './waivers.ts'

export const insightViewNames = ['packages', 'problems', 'facts', 'images'] as const
/** Of the API: rows by report, the validity of the reports that have such rows, and the pods with their owners. */
export const rowViewNames = [
  'package_rows',
  'problem_rows',
  'package_reports',
  'problem_reports',
  'package_counts',
  'problem_counts',
  'problem_scores',
  'image_reports',
  'image_pods',
  'image_digests',
] as const
type InsightView = (typeof insightViewNames)[number] | (typeof rowViewNames)[number]

export function insightViews(
  { tables, reads }: Pick<Statement, 'tables' | 'reads'>,
  input: ViewInput,
  cached?: CachedInsightRows,
): string {
  const make: Readonly<Record<InsightView, () => string>> = {
    packages: () => packagesView(input),
    problems: () => problemsView(input),
    facts: () => factsView(input),
    images: () => imagesView(input),
    package_rows: () => packageRows(input, cached),
    problem_rows: () => problemRows(input, cached),
    package_reports: () => partReports('packages', input, cached),
    problem_reports: () => partReports('problems', input, cached),
    package_counts: () => countsOfReports('package', input, cached),
    problem_counts: () => countsOfReports('problem', input, cached),
    problem_scores: () => scoresSql(input, cached),
    image_reports: () => imagesView(input, cached),
    image_pods: () => podsView(input, cached),
    image_digests: () => digestsView(input, cached),
  }
  return [...insightViewNames, ...rowViewNames]
    .filter((name) => (reads ?? tables).has(name))
    .map((name) => `; CREATE TEMP VIEW ${name} AS ${make[name]()}`)
    .join('')
}

const about = `r.key AS image, ${imageNameSql('r.ref')} AS image_name, r.tool, r.tool_version, r.valid_from, r.valid_to,
    r.ref, r.data`

const textsOf = (part: InsightPart): string =>
  insightTexts[part].map(({ name, column }) => `r.${column} AS ${name}`).join(', ')

const aliases = "CASE WHEN r.insight_aliases IS NULL THEN []::VARCHAR[] ELSE string_split(r.insight_aliases, ' ') END"

const problemColumns = `r.insight_id AS id, ${aliases} AS aliases, list_prepend(r.insight_id, ${aliases}) AS ids,
    r.insight_severity AS severity, r.severity_rank, r.score,
    ${textsOf('problems')}, ${waiverColumns}`

function packageRows(input: ViewInput, cached: CachedInsightRows | undefined): string {
  return `SELECT r.insight_report AS report, ${textsOf('packages')} FROM (${insightEvents('package', input, cached)}) r`
}

function problemRows(input: ViewInput, cached: CachedInsightRows | undefined): string {
  return `SELECT r.insight_report AS report, ${problemColumns}
      FROM (${withWaivers(insightEvents('problem', input, cached), input, cached)}) r`
}

function partReports(part: 'packages' | 'problems', input: ViewInput, cached: CachedInsightRows | undefined): string {
  return `SELECT r.report, r.image, ${imageNameSql('r.ref')} AS image_name, r.t[1] AS tool, r.t[2] AS tool_version,
      r.valid_from, r.valid_to, r.versions FROM (${reportsSql(input, part, cached)}) r`
}

/** Pods and the objects between them and their workload. */
function podsView(input: ViewInput, cached: CachedInsightRows | undefined): string {
  const { kind, api_group: group, namespace, name, cluster } = partsOfRef
  const until = 'lead(since) OVER (PARTITION BY ref, key ORDER BY since, _epoch, _sequence, _row)'
  const versions = `SELECT *, ${until} AS valid_to FROM (${insightEvents('resource', input, cached)}) r
      WHERE ${kind} IN ${podKinds}`
  return `SELECT ${kind} AS kind, ${group} AS api_group, ${namespace} AS namespace, ${name} AS name,
      ${cluster} AS cluster, phase, owner_kind, owner_name, since AS valid_from, valid_to, ref, data
      FROM (${versions}) r WHERE state = 'present' AND (valid_to IS NULL OR valid_to > since)`
}

/** Digests of the images that have reports. */
function digestsView(input: ViewInput, cached: CachedInsightRows | undefined): string {
  const aliases = "coalesce(CAST(json_extract(r.data, '$.image.aliases') AS VARCHAR[]), [])"
  return `SELECT r.image, unnest(list_append(${aliases}, r.image)) AS digest, r.valid_from, r.valid_to
      FROM (${reportsSql(input, undefined, cached)}) r`
}

function packagesView(input: ViewInput): string {
  const rows = partsSql(input, {
    family: 'package',
    type: insightTypes.package,
    part: 'packages',
    columns: columnsOfPart('packages'),
  })
  return `SELECT ${textsOf('packages')}, ${about} FROM (${rows}) r`
}

function problemsView(input: ViewInput): string {
  const rows = partsSql(input, {
    family: 'problem',
    type: insightTypes.problem,
    part: 'problems',
    columns: columnsOfPart('problems'),
  })
  const problems = `SELECT ${problemColumns}, ${about} FROM (${withWaivers(withRanks(rows), input)}) r`
  return withScores(problems, scoresSql(input))
}

function factsView(input: ViewInput): string {
  const rows = partsSql(input, {
    family: 'fact',
    type: insightTypes.fact,
    part: 'facts',
    columns: columnsOfPart('facts'),
    identity: ['insight_value'],
  })
  return `SELECT ${textsOf('facts')}, ${about} FROM (${rows}) r`
}

function imagesView(input: ViewInput, cached?: CachedInsightRows): string {
  const text = (path: string): string => `json_extract_string(r.data, '${path}')`
  const of = (data: string, path: string): string => `TRY_CAST(json_extract_string(r.${data}, '${path}') AS UINTEGER)`
  const bySeverity = severities.map(
    (severity) =>
      `CASE WHEN r.problems_data IS NOT NULL THEN coalesce(${of('problems_data', `$.severities.${severity}`)}, 0) END
      AS ${severity.toLowerCase()}`,
  )
  // A report without a list leaves that of the report before.
  const order = 'ORDER BY valid_from, _epoch, _sequence, _row ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW'
  const last = (part: ReportPart): string =>
    `last_value(CASE WHEN json_extract_string(data, '$.${part}') IS NOT NULL THEN data END IGNORE NULLS)
      OVER (PARTITION BY image, source ${order}) AS ${part}_data`
  const rows = `SELECT *, ${last('packages')}, ${last('problems')}, ${last('facts')}
      FROM (${reportsSql(input, undefined, cached)})`
  return `SELECT r.image, ${text('$.image.name')} AS name,
      coalesce(CAST(json_extract(r.data, '$.image.tags') AS VARCHAR[]), []) AS tags,
      coalesce(CAST(json_extract(r.data, '$.image.aliases') AS VARCHAR[]), []) AS aliases,
      ${text('$.image.os')} AS os, ${text('$.image.architecture')} AS architecture, r.t[1] AS tool,
      r.t[2] AS tool_version, r.t[3] AS format, ${of('packages_data', '$.packages')} AS packages,
      ${of('problems_data', '$.problems')} AS problems, ${bySeverity.join(', ')},
      ${of('problems_data', '$.fixable')} AS fixable, ${of('facts_data', '$.facts')} AS facts, r.t[7] AS sha256,
      ${text('$.origin')} AS origin, r.valid_from, r.valid_to, r.ref, r.report, ${position(input)}
      FROM (${rows}) r`
}
