import { severities, type Severity } from '../../model/image-insights.ts'

const words: Readonly<Record<string, Severity>> = {
  critical: 'CRITICAL',
  high: 'HIGH',
  important: 'HIGH',
  medium: 'MEDIUM',
  moderate: 'MEDIUM',
  low: 'LOW',
  negligible: 'NEGLIGIBLE',
  info: 'NEGLIGIBLE',
  informational: 'NEGLIGIBLE',
  none: 'NONE',
}

/** `score`: 0 to 1, used if there is no word. */
export function severityOf(word: string | undefined, score?: number): Severity {
  const severity = words[word?.toLowerCase() ?? '']
  if (severity !== undefined) return severity
  if (score === undefined) return 'UNKNOWN'
  return score >= 0.9 ? 'CRITICAL' : score >= 0.7 ? 'HIGH' : score >= 0.4 ? 'MEDIUM' : score > 0 ? 'LOW' : 'NONE'
}

export function worst(found: readonly Severity[]): Severity {
  return severities.find((severity) => found.includes(severity)) ?? 'UNKNOWN'
}

/** Score of CVSS, 0 to 10; undefined for a number that is none of CVSS. */
export function scoreOf(cvss: unknown): number | undefined {
  const value = typeof cvss === 'string' && cvss.trim() !== '' ? Number(cvss) : cvss
  if (typeof value !== 'number' || !(value >= 0 && value <= 10)) return undefined
  return Math.round(value * 100) / 1000
}
