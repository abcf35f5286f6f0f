/** Responses of /api/v1/images, /packages, /problems and /facts. Times are ISO 8601. */
import { request } from './client.ts'

export const severities = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'NEGLIGIBLE', 'NONE', 'UNKNOWN'] as const
export type Severity = (typeof severities)[number]

type Running = Readonly<{
  pods: number
  clusters: readonly string[]
  namespaces: readonly string[]
  /** `<namespace>/<kind>/<name>`. */
  workloads: readonly string[]
}>

type Reported = Running &
  Readonly<{
    /** Digest. */
    image: string
    image_name: string | null
    tool: string
    tool_version: string | null
    valid_from: string
    valid_to: string | null
  }>

export type Exposure = 'external' | 'other_namespaces' | 'own_namespace' | 'idle' | 'not_running'

/** By the flows of the last hour. */
type Exposed = Readonly<{
  /** null: no flows are stored. */
  exposure: Exposure | null
  exposed_ports: readonly number[]
}>

export type PackageRow = Reported &
  Readonly<{
    name: string
    version: string | null
    type: string | null
    purl: string | null
    licenses: string | null
  }>

export type FactRow = Reported &
  Readonly<{
    category: string | null
    name: string
    value: string | null
  }>

export type ProblemRow = Reported &
  Readonly<{
    id: string
    aliases: readonly string[]
    severity: Severity
    /** 0 to 1. */
    score: number | null
    package: string | null
    version: string | null
    purl: string | null
    fixed_version: string | null
    state: string | null
    waived: boolean
    waiver: string | null
    waiver_reason: string | null
    /** 0 to 1; null: unknown. */
    epss: number | null
    /** null: no catalog is configured. */
    kev: boolean | null
  }> &
  Exposed

export type ImageRow = Running &
  Exposed &
  Readonly<{
    image: string
    name: string | null
    tags: readonly string[]
    os: string | null
    tools: readonly string[]
    /** null: unknown. */
    packages: number | null
    findings: number | null
    fixable: number | null
    waived: number | null
    critical: number | null
    high: number | null
    scanned: boolean
    reported: string | null
  }>

export type InsightRows = Readonly<{
  problems: ProblemRow
  packages: PackageRow
  facts: FactRow
  images: ImageRow
}>
export type InsightList = keyof InsightRows

export type InsightPage<L extends InsightList> = Readonly<Record<L, readonly InsightRows[L][]>> &
  Readonly<{ next: string | null; at: string; total?: number }>

export type SeveritySum = Readonly<{
  severity: Severity
  ids: number
  findings: number
  fixable: number
  waived: number
  images: number
}>

export type InsightSelection = Readonly<{
  filter?: string
  text?: string
  image?: string
  at?: string
  sort?: string
}>

export type ImageDiff = Readonly<{
  at: string
  /** null: an image has no report with packages. */
  packages:
    | readonly Readonly<{
        name: string
        type: string | null
        from: readonly string[]
        to: readonly string[]
      }>[]
    | null
  /** null: an image was not searched for problems. */
  problems:
    | readonly Readonly<{
        id: string
        severity: Severity
        package: string | null
        in: 'from' | 'to'
        waived: boolean
      }>[]
    | null
}>

export function readImageDiff(from: string, to: string, signal: AbortSignal): Promise<ImageDiff> {
  return request('/api/v1/images/diff', { query: { from, to }, signal })
}

export function readInsights<L extends InsightList>(
  list: L,
  query: InsightSelection & Readonly<{ limit: number; cursor?: string | undefined }>,
  signal: AbortSignal,
): Promise<InsightPage<L>> {
  return request(`/api/v1/${list}`, { query, signal })
}

export function readSeverities(
  query: InsightSelection,
  signal: AbortSignal,
): Promise<Readonly<{ severities: readonly SeveritySum[]; at: string }>> {
  return request('/api/v1/problems/sums', { query, signal })
}

/** `shop/web@sha256:0123456789ab` */
export function imageText(name: string | null, digest: string): string {
  // A service of Lagoon stands for its image.
  if (!digest.startsWith('sha256:')) return name ?? digest
  return `${name === null ? '' : `${name}@`}${digest.slice(0, 19)}`
}
