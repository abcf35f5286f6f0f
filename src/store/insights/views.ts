import { insightTypes, severities } from '../../model/image-insights.ts'
import type { Statement } from '../read/statement.ts'
import { position, type ViewInput } from '../read/views.ts'
import { imageNameSql, partsSql, reportsSql } from './reports.ts'
import { waiverColumns, withWaivers } from './waivers.ts'

export const insightViewNames = ['packages', 'problems', 'facts', 'images'] as const
export type InsightView = (typeof insightViewNames)[number]

export function insightViews({ sql, reads }: Pick<Statement, 'sql' | 'reads'>, input: ViewInput): string {
  const make: Readonly<Record<InsightView, () => string>> = {
    packages: () => packagesView(input),
    problems: () => problemsView(input),
    facts: () => factsView(input),
    images: () => imagesView(input),
  }
  return insightViewNames
    .filter((name) => reads?.has(name) ?? new RegExp(`\\b${name}\\b`, 'i').test(sql))
    .map((name) => `; CREATE TEMP VIEW ${name} AS ${make[name]()}`)
    .join('')
}

const about = `r.key AS image, ${imageNameSql('r.ref')} AS image_name, r.tool, r.tool_version, r.valid_from, r.valid_to,
    r.ref, r.data`

function packagesView(input: ViewInput): string {
  const rows = partsSql(input, {
    family: 'package',
    type: insightTypes.package,
    part: 'packages',
    columns: ['insight_name', 'insight_version', 'insight_type', 'insight_purl', 'insight_value'],
  })
  return `SELECT r.insight_name AS name, r.insight_version AS version, r.insight_type AS type, r.insight_purl AS purl,
      r.insight_value AS licenses, ${about} FROM (${rows}) r`
}

function problemsView(input: ViewInput): string {
  const rows = partsSql(input, {
    family: 'problem',
    type: insightTypes.problem,
    part: 'problems',
    columns: [
      'insight_id',
      'insight_severity',
      'insight_score',
      'insight_name',
      'insight_version',
      'insight_type',
      'insight_purl',
      'insight_fixed',
      'insight_value',
    ],
  })
  return `SELECT r.insight_id AS id, r.insight_severity AS severity, ${severityRank('r.insight_severity')}
      AS severity_rank, TRY_CAST(r.insight_score AS DOUBLE) AS score, r.insight_name AS package,
      r.insight_version AS version, r.insight_type AS type, r.insight_purl AS purl, r.insight_fixed AS fixed_version,
      r.insight_value AS state, ${waiverColumns}, ${about}
      FROM (${withWaivers(rows, input)}) r`
}

/** 1: critical. */
export function severityRank(column: string): string {
  const list = severities.map((severity) => `'${severity}'`).join(', ')
  return `coalesce(list_position([${list}], ${column}), ${severities.length})::UTINYINT`
}

function factsView(input: ViewInput): string {
  const rows = partsSql(input, {
    family: 'fact',
    type: insightTypes.fact,
    part: 'facts',
    columns: ['insight_name', 'insight_type', 'insight_value'],
  })
  return `SELECT r.insight_type AS category, r.insight_name AS name, r.insight_value AS value, ${about}
      FROM (${rows}) r`
}

function imagesView(input: ViewInput): string {
  const text = (path: string): string => `json_extract_string(r.data, '${path}')`
  const count = (path: string): string => `TRY_CAST(${text(path)} AS UINTEGER)`
  const bySeverity = severities.map(
    (severity) =>
      `CASE WHEN r.t[5] IS NOT NULL THEN coalesce(${count(`$.severities.${severity}`)}, 0) END
      AS ${severity.toLowerCase()}`,
  )
  return `SELECT r.image, ${text('$.image.name')} AS name,
      coalesce(CAST(json_extract(r.data, '$.image.tags') AS VARCHAR[]), []) AS tags,
      coalesce(CAST(json_extract(r.data, '$.image.aliases') AS VARCHAR[]), []) AS aliases,
      ${text('$.image.os')} AS os, ${text('$.image.architecture')} AS architecture, r.t[1] AS tool,
      r.t[2] AS tool_version, r.t[3] AS format, ${count('$.packages')} AS packages, ${count('$.problems')} AS problems,
      ${bySeverity.join(', ')}, ${count('$.fixable')} AS fixable, ${count('$.facts')} AS facts, r.t[7] AS sha256,
      ${text('$.origin')} AS origin, r.valid_from, r.valid_to, r.ref, r.report, ${position(input)}
      FROM (${reportsSql(input)}) r`
}
