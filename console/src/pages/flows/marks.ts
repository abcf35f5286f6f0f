import { useMemo } from 'react'
import { useTrafficMarks } from '../../parts/why/marks.ts'
import type { ChartMark, MarkProps } from '../../parts/chart.tsx'
import { chartMarkOf } from '../../parts/why/mark-text.ts'
import type { Range } from '../../state/range.ts'
import type { PageState } from '../../state/use-page-state.ts'
import { questionQuery, type FlowQuestion } from './flow-filter.ts'
import type { FlowsState } from './state.ts'

const none: readonly ChartMark[] = []
const auditPrefix = 'audit:'

/**
 * Marks of the charts of a view. `source`: that of its flows; without a store there are no marks. They are read again
 * every `refreshMs`; 0: never.
 */
export function useFlowMarks(
  state: FlowQuestion & Pick<FlowsState, 'marks'>,
  set: PageState<FlowsState>['set'],
  t: Range | undefined,
  source: string | undefined,
  refreshMs: number,
): MarkProps {
  const { marks: shown } = state
  const query = { ...questionQuery(state), from: t?.from, to: t?.to }
  const found = useTrafficMarks(query, refreshMs, {
    enabled: shown && t !== undefined && source !== undefined && source !== 'ring',
  })
  const marks = useMemo(() => (found.length === 0 ? none : found.map(chartMarkOf)), [found])
  return useMemo(
    () => ({
      marks,
      marksShown: shown,
      onMarks: (next) => set({ marks: next }, 'replace'),
      onMark: ({ is, pos = '' }) => set({ mark: is === 'audit' ? `${auditPrefix}${pos}` : pos, why: false, sel: '' }),
    }),
    [marks, shown, set],
  )
}

export function markOf(mark: string): Readonly<{ is: 'change' | 'audit'; pos: string }> {
  return mark.startsWith(auditPrefix)
    ? { is: 'audit', pos: mark.slice(auditPrefix.length) }
    : { is: 'change', pos: mark }
}
