/** The body of a report event is the JSON that the sink `lagoon` publishes: every consumer reads the same bytes. */
import type { Family } from './batches.ts'

export const insightsTypes = {
  /** [package, fact, problem] One report as received; the extension `insightskind` has its {@link InsightsKind}. */
  report: 'weir.insights.report',
} as const

/** The last ones were posted by a workload; `direct.delete.…` kinds withdraw the facts or problems of a source. */
const insightsKinds = [
  'sbom',
  'inspect',
  'direct.facts',
  'direct.problems',
  'direct.delete.facts',
  'direct.delete.problems',
] as const
export type InsightsKind = (typeof insightsKinds)[number]

export const insightsFamilies: Readonly<Record<InsightsKind, Family>> = {
  sbom: 'package',
  inspect: 'fact',
  'direct.facts': 'fact',
  'direct.problems': 'problem',
  'direct.delete.facts': 'fact',
  'direct.delete.problems': 'problem',
}

/** `subject` is `configmaps/<namespace>/<name>`, `key` `<cluster>/<uid>`. Members are in this order. */
export type ImageReport = Readonly<{
  /** Text data of the ConfigMap, only with `strict`. */
  payload: Readonly<Record<string, string>> | null
  /** One entry: file name to base64 of the report, mostly gzip of JSON. The bytes are those of the ConfigMap. */
  binaryPayload: Readonly<Record<string, string>> | null
  annotations: Readonly<Record<string, string>> | null
  labels: Readonly<Record<string, string>> | null
  namespace: string
  environment: string
  /** The image within the build, which is mostly the name of its workload. */
  service: string
  project: string
  type: 'sbom' | 'inspect'
}>

/** `subject` of the direct kinds is `namespaces/<namespace>`, `ref` that of the namespace. */
type DirectFacts = Readonly<{
  environment: number
  projectName: string
  environmentName: string
  facts: readonly DirectFact[] | null
  type: 'direct.facts'
}>

export type DirectFact = Readonly<{
  /** The number of the environment. */
  environment: string
  projectName: string
  environmentName: string
  name: string
  value: string
  source: string
  description: string
  type: string
  category: string
  service: string
}>

type DirectProblems = Readonly<{
  environment: number
  projectName: string
  environmentName: string
  problems: readonly DirectProblem[] | null
  type: 'direct.problems'
}>

/** Absent members are empty or 0. */
export type DirectProblem = Readonly<{
  environment: number
  identifier: string
  version?: string
  fixedVersion?: string
  source?: string
  service?: string
  data: string
  severity?: string
  /** 0 to 1. */
  severityScore?: number
  associatedPackage?: string
  description?: string
  links?: string
}>

/** Withdraws the facts or problems of a source; an empty service means all. */
export type DirectDelete = Readonly<{
  type: 'direct.delete.facts' | 'direct.delete.problems'
  environment: number
  source: string
  service: string
}>

export type InsightsMessage = ImageReport | DirectFacts | DirectProblems | DirectDelete

/** Annotation of a ConfigMap: base URL of the Dependency-Track of its environment. */
export const trackEndpoint = 'dependencytrack.insights.lagoon.sh/custom-endpoint'

/** The message of a report event. Throws for bytes that are no message. */
export function insightsMessage(data: Uint8Array): InsightsMessage {
  const message = JSON.parse(new TextDecoder().decode(data)) as { readonly type?: unknown } | null
  if (!insightsKinds.includes(message?.type as InsightsKind)) throw new Error('the event is no insights report')
  return message as InsightsMessage
}

/** The file of an image report, as the ConfigMap had it (gzip or JSON); undefined without one. */
export function reportFile({
  binaryPayload,
}: Pick<ImageReport, 'binaryPayload'>): Readonly<{ name: string; bytes: Uint8Array }> | undefined {
  const [first] = Object.entries(binaryPayload ?? {})
  if (first === undefined) return undefined
  return { name: first[0], bytes: Buffer.from(first[1], 'base64') }
}
