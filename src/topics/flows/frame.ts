import { withoutUndefined } from '../../model/json.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import { coverageFacts, isoSpan, type Coverage } from '../coverage.ts'
import type { FlowColumn, FlowFrame } from './schema.ts'

export type FrameFacts = Coverage &
  Readonly<{
    next?: string
    source?: string
    exact?: boolean
    error?: unknown
    relativeError?: number
  }>

export function frameOf(
  columns: readonly FlowColumn[],
  rows: readonly (readonly unknown[])[],
  span: TimeSpan,
  more: FrameFacts = {},
): FlowFrame {
  const { next = null, source = 'raw', exact = true, error, relativeError, ...coverage } = more
  return {
    columns,
    rows,
    next,
    source,
    span: isoSpan(span),
    exact,
    ...withoutUndefined({ error, relative_error: relativeError }),
    ...coverageFacts(coverage),
  }
}
