/**
 * All have the digest of the image as `key`; those of Lagoon have `lagoon:<cluster>/<namespace>/<service>` in its
 * place, and the digest as an alias. A report is a set of events; its own event is the last one.
 */
import { bodyOf } from './audit-columns.ts'
import type { WeirEvent } from './events.ts'
import { textOf, type Fields } from './json.ts'

export const insightTypes = {
  report: 'weir.image.report',
  fact: 'weir.image.fact',
  package: 'weir.image.package',
  problem: 'weir.image.problem',
  /** [fact] A statement of a VEX document. */
  waiver: 'weir.image.waiver',
  /** [fact] A part of a feed about vulnerabilities. */
  feed: 'weir.image.feed',
  /** [event] A document that cannot be read: `origin`, `reason`, `message`, `bytes`, `sha256`. */
  rejected: 'weir.image.rejected',
} as const

export const severities = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'NEGLIGIBLE', 'NONE', 'UNKNOWN'] as const
export type Severity = (typeof severities)[number]

export type PackageData = Readonly<{
  /** Id of the report to which the event belongs. */
  report: string
  name: string
  version?: string
  /** Type of the package URL, or of the tool: deb, npm, maven, pypi, golang … */
  type?: string
  purl?: string
  licenses?: readonly string[]
  cpes?: readonly string[]
  locations?: readonly string[]
}>

/** Data of a problem, with the texts of {@link insightTexts} by their member. */
export type ProblemData = Readonly<{
  report: string
  /** Id of the flaw, such as CVE-… or GHSA-…. */
  id: string
  /** Other ids of the same flaw, one of each kind. */
  aliases?: readonly string[]
  severity: Severity
  /** Score from 0 to 1; a tenth of CVSS. */
  score?: number
  title?: string
  description?: string
  links?: readonly string[]
}> &
  Readonly<Partial<Record<(typeof insightTexts.problems)[number]['member'], string>>>

export type FactData = Readonly<{
  report: string
  name: string
  value: string
  category: string
}>

export type ReportData = Readonly<{
  report: string
  image: ImageData
  tool: ToolData
  format: string
  sha256: string
  /** Distinct packages; absent: the report does not list packages. */
  packages?: number
  /** Packages as listed by the document, before equal ones are merged. */
  listed?: number
  /** Findings; absent: the tool did not search for problems. */
  problems?: number
  severities?: Readonly<Partial<Record<Severity, number>>>
  fixable?: number
  facts?: number
  origin: string
}>

export type ImageData = Readonly<{
  name?: string
  tags?: readonly string[]
  digest: string
  /** Other digests of the same image: manifest, index, configuration. */
  aliases?: readonly string[]
  os?: string
  architecture?: string
  created?: string
}>

export type ToolData = Readonly<{
  name: string
  version?: string
}>

export type WaiverData = Readonly<{
  id: string
  aliases?: readonly string[]
  status: 'not_affected' | 'affected' | 'fixed' | 'under_investigation'
  /** Digest of an image; absent: every image. */
  image?: string
  /** Package URL without qualifiers, possibly without version; absent: every package. */
  purl?: string
  justification?: string
  impact?: string
  action?: string
  author?: string
  document: string
}>

/** `epss`: probability of exploitation within 30 days. `kev`: known to be exploited. */
export const feedNames = ['epss', 'kev'] as const
export type FeedName = (typeof feedNames)[number]

export type FeedData = Readonly<{
  /** Id of the feed; all of its parts have it. */
  report: string
  feed: FeedName
  /** Path of the file of the feed. */
  origin: string
  /** Version of the feed, by its publisher. */
  version?: string
  /** Separated by blanks, as the values are; a value may be empty. */
  ids: string
  values: string
  /** Set in the last part of the feed. */
  complete?: true
  entries?: number
}>

/** Columns of event files, from the bodies. Column numbers are permanent: append only. */
export const insightColumns = [
  'insight_report',
  'insight_name',
  'insight_version',
  'insight_type',
  'insight_purl',
  'insight_id',
  'insight_severity',
  'insight_score',
  'insight_fixed',
  'insight_value',
  /** Values separated by blanks. */
  'insight_aliases',
] as const
export type InsightColumn = (typeof insightColumns)[number]

/** Most rows have different values: ClickHouse stores them without a dictionary. */
export const distinctInsightColumns: ReadonlySet<string> = new Set<InsightColumn>([
  'insight_name',
  'insight_version',
  'insight_purl',
  'insight_id',
  'insight_aliases',
])

/** A text of bodies with a column. */
export type InsightText = Readonly<{
  /** Name in views, filters and responses. */
  name: string
  column: InsightColumn
  /** Member of the body. */
  member: string
  /** Between the items of a member that is a list. */
  separator?: string
  meaning: string
  /** Alternative names in filters. */
  others?: readonly string[]
}>

/** Texts by view, from which columns of files and of ClickHouse, views, filters and responses follow. */
export const insightTexts = {
  packages: [
    {
      name: 'name',
      column: 'insight_name',
      member: 'name',
      meaning: 'Name of the package, with its group or scope',
    },
    { name: 'version', column: 'insight_version', member: 'version', meaning: 'Version' },
    {
      name: 'type',
      column: 'insight_type',
      member: 'type',
      meaning: 'Kind of package: deb, apk, npm, maven, pypi, golang …',
    },
    { name: 'purl', column: 'insight_purl', member: 'purl', meaning: 'Package URL' },
    {
      name: 'licenses',
      column: 'insight_value',
      member: 'licenses',
      separator: ', ',
      meaning: 'Licenses, separated by commas',
      others: ['license'],
    },
  ],
  problems: [
    { name: 'package', column: 'insight_name', member: 'package', meaning: 'Name of the package' },
    {
      name: 'version',
      column: 'insight_version',
      member: 'version',
      meaning: 'Installed version',
      others: ['installed'],
    },
    { name: 'type', column: 'insight_type', member: 'type', meaning: 'Kind of package' },
    { name: 'purl', column: 'insight_purl', member: 'purl', meaning: 'Package URL' },
    {
      name: 'fixed_version',
      column: 'insight_fixed',
      member: 'fixed',
      meaning: 'Versions with a fix; NULL: none is known',
      others: ['fixed'],
    },
    {
      name: 'state',
      column: 'insight_value',
      member: 'state',
      meaning: 'State by the tool, for example will_not_fix',
    },
  ],
  facts: [
    {
      name: 'category',
      column: 'insight_type',
      member: 'category',
      meaning: 'environment, label, image, os …',
    },
    { name: 'name', column: 'insight_name', member: 'name', meaning: 'Name' },
    { name: 'value', column: 'insight_value', member: 'value', meaning: 'Value' },
  ],
} as const satisfies Readonly<Record<string, readonly InsightText[]>>
export type InsightPart = keyof typeof insightTexts

/** Columns of the body that a view of parts needs. */
export function columnsOfPart(part: InsightPart): readonly InsightColumn[] {
  const columns = insightTexts[part].map(({ column }) => column)
  return part === 'problems'
    ? ['insight_id', 'insight_severity', 'insight_score', 'insight_aliases', ...columns]
    : columns
}

export const insightFamilies = ['fact', 'package', 'problem'] as const
const types: ReadonlySet<string> = new Set(Object.values(insightTypes))
type TextsByColumn = Partial<Record<InsightColumn, string | undefined>>

/** Texts of an insight event by column; undefined for other events. */
export function insightFieldsOf(event: WeirEvent): Readonly<TextsByColumn> | undefined {
  if (!types.has(event.type)) return undefined
  const data = bodyOf(event)
  const common = { insight_report: textOf(data['report']) }
  switch (event.type) {
    case insightTypes.package:
      return { ...common, ...textsOf(data, insightTexts.packages) }
    case insightTypes.problem:
      return {
        ...common,
        ...textsOf(data, insightTexts.problems),
        insight_id: textOf(data['id']),
        insight_severity: textOf(data['severity']),
        insight_score: textOf(data['score']),
        insight_aliases: Array.isArray(data['aliases']) ? textOf(data['aliases'].join(' ')) : undefined,
      }
    case insightTypes.fact:
      return { ...common, ...textsOf(data, insightTexts.facts) }
    case insightTypes.feed:
      return {
        ...common,
        insight_name: textOf(data['feed']),
        insight_value: data['complete'] === true ? 'complete' : undefined,
      }
    default:
      return common
  }
}

function textsOf(data: Fields, list: readonly InsightText[]): TextsByColumn {
  const texts: TextsByColumn = {}
  for (const { column, member, separator } of list) {
    const value = data[member]
    if (separator === undefined) texts[column] = textOf(value)
    else if (Array.isArray(value)) texts[column] = value.join(separator)
  }
  return texts
}
