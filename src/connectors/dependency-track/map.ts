import { gunzipSync } from 'node:zlib'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import { reportFile, type ImageReport } from '../../model/insights.ts'
import { withoutUndefined, fieldsOf, isRecord } from '../../model/json.ts'
import type { HttpAnswer } from '../../net/http/client.ts'
import { retryAfterMs } from '../../net/http/retry-after.ts'
import type { DependencyTrackConfig } from './config.ts'

const maxDecompressed = 64 * 1024 * 1024
export const shownBytes = 1000

type Names = Readonly<Record<'ProjectName' | 'EnvironmentName' | 'ServiceName' | 'EnvironmentType', string>>
type Templates = Pick<DependencyTrackConfig, 'root' | 'parent' | 'project' | 'version' | 'production_only'>
export type Rejected = Extract<Attempt, { readonly is: 'reject' }>

export type Upload = Readonly<{
  parents: readonly string[]
  name: string
  version: string
  tags: readonly string[]
  bom: string
}>

export function uploadOf(report: ImageReport, templates: Templates): Upload | string | Rejected {
  if (report.type !== 'sbom') return 'not_sbom'
  const type = report.labels?.['lagoon.sh/environmentType']
  if (templates.production_only && type !== 'production') return 'not_production'
  const names: Names = {
    ProjectName: report.project,
    EnvironmentName: report.environment,
    ServiceName: report.service,
    EnvironmentType: type ?? 'unknown',
  }
  for (const name of ['ProjectName', 'EnvironmentName', 'ServiceName'] as const)
    if (names[name] === '') return { is: 'reject', reason: `the report has no ${name}, which names its project` }
  const bom = bomOf(report)
  if (typeof bom !== 'string') return bom
  const filled = (template: string) =>
    template.replaceAll(/\{\{ *\.(\w+) *\}\}/g, (_, name: keyof Names) => names[name])
  return {
    parents: [filled(templates.root), filled(templates.parent)],
    name: filled(templates.project),
    version: filled(templates.version),
    tags: type === undefined ? [] : [`lagoon-environmenttype-${type}`],
    bom,
  }
}

function bomOf(report: ImageReport): string | Rejected {
  const file = reportFile(report)
  if (file === undefined) return { is: 'reject', reason: 'the report has no file' }
  try {
    const isGzip = file.bytes[0] === 0x1f && file.bytes[1] === 0x8b
    const bytes = isGzip ? gunzipSync(file.bytes, { maxOutputLength: maxDecompressed }) : Buffer.from(file.bytes)
    const format: unknown = fieldsOf(JSON.parse(bytes.toString()))['bomFormat']
    if (format === 'CycloneDX') return bytes.toString('base64')
    return { is: 'reject', reason: 'the report is no CycloneDX, the only format of Dependency-Track' }
  } catch (error) {
    return { is: 'reject', reason: `the report is unreadable: ${error instanceof Error ? error.message : 'unknown'}` }
  }
}

export function failureOf({ status, headers, body }: HttpAnswer, what: string, now: number): Attempt {
  if (status >= 200 && status < 300) return undefined
  const reason = `${what} was refused with status ${status}${problemOf(body)}`
  if (status === 400 || status === 413 || status === 415 || status === 422) return { is: 'reject', reason }
  const afterMs = retryAfterMs(headers['retry-after'], now, 600_000)
  return { is: 'retry', reason, away: status !== 404 && status !== 409, ...withoutUndefined({ afterMs }) }
}

function problemOf(body: Uint8Array): string {
  const text = new TextDecoder().decode(body).trim()
  try {
    const problem: unknown = JSON.parse(text)
    const { detail, title, errors } = fieldsOf(problem)
    const all = [detail ?? title, ...(Array.isArray(errors) ? (errors as unknown[]) : [])]
    const results = all.filter((value) => typeof value === 'string')
    if (isRecord(problem)) return results.length === 0 ? '' : `: ${results.join('; ')}`
  } catch {
    // A text.
  }
  return text === '' ? '' : `: ${text.slice(0, 200)}`
}
