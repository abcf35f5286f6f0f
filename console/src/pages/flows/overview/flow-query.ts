import type { Range } from '../../../state/range.ts'
import type { FlowQuestion } from '../flow-filter.ts'
import type { ShownFlows } from '../state.ts'

export interface FlowQuery extends FlowQuestion {
  readonly t: Range
  readonly revision: number
}

export function flowQueryOf({ filter, both, once, t, live }: ShownFlows, revision: number): FlowQuery {
  return { filter, both, once, t: live ? { from: t.to === 'now' ? t.from : 'now-15m', to: 'now' } : t, revision }
}
