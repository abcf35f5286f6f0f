import type { FactData, ImageData, PackageData, ProblemData, ToolData, WaiverData } from '../../model/image-insights.ts'

export type Package = Omit<PackageData, 'report'>
export type Problem = Omit<ProblemData, 'report'>
export type Fact = Omit<FactData, 'report'>

/** The content of one document. Absent lists are unknown, empty ones are known to be empty. */
export type Report = Readonly<{
  format: ReportFormat
  tool: ToolData
  image: Partial<ImageData>
  packages?: readonly Package[]
  /** Packages as the document lists them, before equal ones are merged. */
  listed?: number
  problems?: readonly Problem[]
  facts?: readonly Fact[]
  waivers?: readonly WaiverData[]
  /** Digests that the attestation around the document is about. */
  subjects?: readonly string[]
  /** Parts of the document that are not readable, and why the first one is not. */
  skipped?: number
  skippedReason?: string
}>

export const reportFormats = [
  'cyclonedx-json',
  'cyclonedx-xml',
  'spdx-json',
  'spdx-tag-value',
  'spdx-yaml',
  'spdx-3-json',
  'syft-json',
  'trivy-json',
  'trivy-kubernetes',
  'trivy-operator',
  'grype-json',
  'dependency-track-findings',
  'image-inspect',
  'openvex',
  'lagoon-facts',
  'lagoon-problems',
] as const
export type ReportFormat = (typeof reportFormats)[number]

/** Why a document is rejected. */
export type ReportProblem = 'too-large' | 'malformed' | 'unknown-format'

export class ReportError extends Error {
  readonly problem: ReportProblem

  constructor(problem: ReportProblem, message: string) {
    super(message)
    this.problem = problem
  }
}
