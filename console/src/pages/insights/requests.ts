import type {
  ImageDiff,
  FlawsQuery,
  InsightPage,
  InsightQuery,
  ListedRows,
  ProblemSums,
  SeveritySum,
} from '../../../../src/topics/insights/schema.ts'
import { request } from '../../api/client.ts'

export type {
  FactRow,
  ImageDiff,
  ImageRow,
  FlawRow,
  InsightPage,
  ListedRows,
  PackageRow,
  ProblemRow,
  SeveritySum,
} from '../../../../src/topics/insights/schema.ts'

export type Severity = SeveritySum['severity']

/** Worst first. */
export const severities = [
  'CRITICAL',
  'HIGH',
  'MEDIUM',
  'LOW',
  'NEGLIGIBLE',
  'NONE',
  'UNKNOWN',
] as const satisfies readonly Severity[]

/** As paths of the API and members of its pages. */
export const insightLists = [
  'flaws',
  'problems',
  'images',
  'packages',
  'facts',
] as const satisfies readonly (keyof ListedRows)[]
export type InsightList = (typeof insightLists)[number]

/** Rows of a list, without the page. */
export type InsightSelection = Omit<InsightQuery, 'limit' | 'cursor' | 'sort'> &
  Readonly<{ sort?: InsightQuery['sort'] | FlawsQuery['sort'] }>

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

export function readSeverities(query: InsightSelection, signal: AbortSignal): Promise<ProblemSums> {
  return request('/api/v1/problems/sums', { query, signal })
}
