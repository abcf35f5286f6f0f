/**
 * Events about the content of images. All have the digest of the image as `key` and `image:<name>@<digest>` as `ref`.
 * A report is a set of events; its own event is the last one, so that an incomplete report is never shown.
 */
import { bodyOf } from './audit-columns.ts'
import type { WeirEvent } from './events.ts'
import { textOf } from './json.ts'

/** Types of events, with the family in brackets. */
export const insightTypes = {
  /** [fact] Ends a report. */
  report: 'weir.image.report',
  /** [fact] */
  fact: 'weir.image.fact',
  /** [package] */
  package: 'weir.image.package',
  /** [problem] */
  problem: 'weir.image.problem',
  /** [fact] A statement of a VEX document. */
  waiver: 'weir.image.waiver',
  /** [fact] A part of EPSS or KEV. */
  feed: 'weir.image.feed',
  /** [event] A document that cannot be read: `origin`, `reason`, `message`, `bytes`, `sha256`. */
  rejected: 'weir.image.rejected',
} as const

/** Worst first. */
export const severities = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'NEGLIGIBLE', 'NONE', 'UNKNOWN'] as const
export type Severity = (typeof severities)[number]

export interface PackageData {
  /** Id of its report. */
  readonly report: string
  readonly name: string
  readonly version?: string
  /** Of the package URL, or of the tool: deb, npm, maven, pypi, golang … */
  readonly type?: string
  readonly purl?: string
  readonly licenses?: readonly string[]
  readonly cpes?: readonly string[]
  readonly locations?: readonly string[]
}

export interface ProblemData {
  readonly report: string
  /** CVE-…, GHSA-… */
  readonly id: string
  readonly aliases?: readonly string[]
  readonly severity: Severity
  /** 0 to 1; a tenth of CVSS. */
  readonly score?: number
  readonly package?: string
  readonly version?: string
  readonly type?: string
  readonly purl?: string
  /** Empty or absent: no fix is known. */
  readonly fixed?: string
  /** State by the tool: fixed, affected, will_not_fix, not_affected … */
  readonly state?: string
  readonly title?: string
  readonly description?: string
  readonly links?: readonly string[]
}

export interface FactData {
  readonly report: string
  readonly name: string
  readonly value: string
  readonly category: string
}

export interface ReportData {
  readonly report: string
  readonly image: ImageData
  readonly tool: ToolData
  readonly format: string
  /** SHA-256 of the document. */
  readonly sha256: string
  /** Distinct packages; absent: the report does not list packages. */
  readonly packages?: number
  /** Packages as listed by the document, before equal ones are merged. */
  readonly listed?: number
  /** Findings; absent: the tool did not search for problems. */
  readonly problems?: number
  readonly severities?: Readonly<Partial<Record<Severity, number>>>
  readonly fixable?: number
  readonly facts?: number
  readonly origin: string
}

export interface ImageData {
  /** Repository without tag. */
  readonly name?: string
  readonly tags?: readonly string[]
  readonly digest: string
  /** Other digests of the same image: manifest, index, configuration. */
  readonly aliases?: readonly string[]
  readonly os?: string
  readonly architecture?: string
  readonly created?: string
}

export interface ToolData {
  readonly name: string
  readonly version?: string
}

export interface WaiverData {
  readonly id: string
  readonly aliases?: readonly string[]
  readonly status: 'not_affected' | 'affected' | 'fixed' | 'under_investigation'
  /** Digest of an image; absent: every image. */
  readonly image?: string
  /** Package URL without qualifiers, possibly without version; absent: every package. */
  readonly purl?: string
  readonly justification?: string
  readonly impact?: string
  readonly action?: string
  readonly author?: string
  readonly document: string
}

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
] as const
export type InsightColumn = (typeof insightColumns)[number]

export const insightFamilies = ['fact', 'package', 'problem'] as const
const types: ReadonlySet<string> = new Set(Object.values(insightTypes))

/** Texts of an insight event by column; undefined for other events. */
export function insightFieldsOf(
  event: WeirEvent,
): Readonly<Partial<Record<InsightColumn, string | undefined>>> | undefined {
  if (!types.has(event.type)) return undefined
  const data = bodyOf(event)
  const common = { insight_report: textOf(data['report']) }
  switch (event.type) {
    case insightTypes.package:
      return {
        ...common,
        insight_name: textOf(data['name']),
        insight_version: textOf(data['version']),
        insight_type: textOf(data['type']),
        insight_purl: textOf(data['purl']),
        insight_value: Array.isArray(data['licenses']) ? data['licenses'].join(', ') : undefined,
      }
    case insightTypes.problem:
      return {
        ...common,
        insight_id: textOf(data['id']),
        insight_severity: textOf(data['severity']),
        insight_score: textOf(data['score']),
        insight_name: textOf(data['package']),
        insight_version: textOf(data['version']),
        insight_type: textOf(data['type']),
        insight_purl: textOf(data['purl']),
        insight_fixed: textOf(data['fixed']),
        insight_value: textOf(data['state']),
      }
    case insightTypes.fact:
      return {
        ...common,
        insight_name: textOf(data['name']),
        insight_type: textOf(data['category']),
        insight_value: textOf(data['value']),
      }
    default:
      return common
  }
}
