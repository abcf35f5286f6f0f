/**
 * Insights: reports about the images of an environment, and facts and problems that it posts. The body of a report
 * event is the JSON that the sink `lagoon` publishes, so that every consumer reads the same bytes.
 */
import type { Family } from './batches.ts'

export const insightsTypes = {
  /** [package, fact, problem] One report as received; the extension `insightskind` has its {@link InsightsKind}. */
  report: 'weir.insights.report',
} as const

/**
 * `sbom`: the packages of an image. `inspect`: the configuration of an image. The others were posted by a workload;
 * the `direct.delete.…` kinds withdraw the facts or problems of a source.
 */
export const insightsKinds = [
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

/**
 * Body of the kinds `sbom` and `inspect`. `subject` is `configmaps/<namespace>/<name>`, `ref` its reference
 * (`k8s:<cluster>//ConfigMap/<namespace>/<name>`), `key` `<cluster>/<uid>`. Members are in this order.
 */
export interface ImageReport {
  /** Text data of the ConfigMap, only with `strict`. */
  readonly payload: Readonly<Record<string, string>> | null
  /** One entry: file name to base64 of the report, mostly gzip of JSON. The bytes are those of the ConfigMap. */
  readonly binaryPayload: Readonly<Record<string, string>> | null
  readonly annotations: Readonly<Record<string, string>> | null
  readonly labels: Readonly<Record<string, string>> | null
  readonly namespace: string
  readonly environment: string
  /** The image within the build, which is mostly the name of its workload. */
  readonly service: string
  readonly project: string
  readonly type: 'sbom' | 'inspect'
}

/** `subject` of the direct kinds is `namespaces/<namespace>`, `ref` that of the namespace. */
export interface DirectFacts {
  readonly environment: number
  readonly projectName: string
  readonly environmentName: string
  readonly facts: readonly DirectFact[] | null
  readonly type: 'direct.facts'
}

export interface DirectFact {
  /** The number of the environment. */
  readonly environment: string
  readonly projectName: string
  readonly environmentName: string
  readonly name: string
  readonly value: string
  readonly source: string
  readonly description: string
  readonly type: string
  readonly category: string
  readonly service: string
}

export interface DirectProblems {
  readonly environment: number
  readonly projectName: string
  readonly environmentName: string
  readonly problems: readonly DirectProblem[] | null
  readonly type: 'direct.problems'
}

/** Absent members are empty or 0. */
export interface DirectProblem {
  readonly environment: number
  readonly identifier: string
  readonly version?: string
  readonly fixedVersion?: string
  readonly source?: string
  readonly service?: string
  readonly data: string
  readonly severity?: string
  /** 0 to 1. */
  readonly severityScore?: number
  readonly associatedPackage?: string
  readonly description?: string
  readonly links?: string
}

/** Withdraws the facts or problems of a source; an empty service means all. */
export interface DirectDelete {
  readonly type: 'direct.delete.facts' | 'direct.delete.problems'
  readonly environment: number
  readonly source: string
  readonly service: string
}

export type InsightsMessage = ImageReport | DirectFacts | DirectProblems | DirectDelete

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
  return { name: first[0], bytes: Uint8Array.from(atob(first[1]), (letter) => letter.charCodeAt(0)) }
}
