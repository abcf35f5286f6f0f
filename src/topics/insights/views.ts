import { insightTexts, severities, type InsightPart } from '../../model/image-insights.ts'
import { count, flag, json, moment, rank, real, text, texts, type ViewColumn } from '../view-columns.ts'

const validity: readonly ViewColumn[] = [
  moment('valid_from', 'Time of the first report that has the row'),
  moment('valid_to', 'Time of the report that lacks it, exclusive; NULL: still valid'),
]

const about: readonly ViewColumn[] = [
  text('image', 'Digest of the image'),
  text('image_name', 'Repository of the image'),
  text('tool', 'Program that wrote the report'),
  text('tool_version', 'Version of the program'),
  ...validity,
  text('ref', 'Reference of the image'),
  json('data', 'Everything that the report has about the row'),
]

const textsOf = (part: InsightPart): readonly ViewColumn[] =>
  insightTexts[part].map(({ name, meaning }) => text(name, meaning))

const packages: readonly ViewColumn[] = [...textsOf('packages'), ...about]

const problems: readonly ViewColumn[] = [
  text('id', 'Id of the vulnerability: CVE-…, GHSA-…'),
  texts('aliases', 'Other ids of the same flaw'),
  texts('ids', 'Id and aliases'),
  text('severity', severities.join(', ')),
  rank('severity_rank', '1: CRITICAL, 2: HIGH, and so on'),
  real('score', '0 to 1: a tenth of CVSS'),
  ...textsOf('problems'),
  flag('waived', 'A waiver, or the state, excludes that the problem affects the image'),
  text('waiver', 'Status of the OpenVEX statement: not_affected, affected, fixed, under_investigation'),
  text('waiver_reason', 'Its justification'),
  ...about,
  real('epss', 'Probability of exploitation within 30 days; NULL: unknown'),
  flag('kev', 'CISA lists it as exploited; NULL without the catalog'),
]

const facts: readonly ViewColumn[] = [...textsOf('facts'), ...about]

const images: readonly ViewColumn[] = [
  text('image', 'Digest of the image'),
  text('name', 'Repository'),
  texts('tags', 'Tags'),
  texts('aliases', 'Other digests of the image: manifest, index, configuration'),
  text('os', 'Operating system'),
  text('architecture', 'Architecture'),
  text('tool', 'Program that wrote the report'),
  text('tool_version', 'Version of the program'),
  text('format', 'Format of the document'),
  count('packages', 'Packages; NULL: neither the report nor one of the tool before lists some'),
  count('problems', 'Findings; NULL: the tool did not search for problems'),
  ...severities.map((severity) => count(severity.toLowerCase(), `Findings of the severity ${severity}`)),
  count('fixable', 'Findings with a fixed version'),
  count('facts', 'Facts'),
  text('sha256', 'Hash of the document'),
  text('origin', 'Path or address of the document'),
  moment('valid_from', 'Time of the report'),
  moment('valid_to', 'Time of the next report of the tool, exclusive; NULL: the newest'),
  text('ref', 'Reference of the image'),
  text('report', 'Id of the report'),
  text('_pos', 'Stable id of the row: source instance, epoch, source sequence, row'),
]

export const insightColumnsOfViews = { packages, problems, facts, images } as const
