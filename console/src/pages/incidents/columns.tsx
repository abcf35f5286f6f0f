import type { IncidentSummary } from '../../api/incidents.ts'
import { count, time } from '../../parts/format.ts'
import type { GridColumn } from '../../parts/grid.tsx'
import { momentText } from '../../state/range.ts'
import { generalText } from '../../text/general.ts'
import { incidentsText } from './text.ts'

const marks = { open: ['▲', 'bad'], mitigated: ['◔', 'warning'], resolved: ['●', 'good'] } as const

export function StateMark({ state }: Pick<IncidentSummary, 'state'>): React.ReactNode {
  const [mark, tone] = marks[state]
  return (
    <span className={tone}>
      <span aria-hidden="true">{mark}</span> {incidentsText.stateNames[state]}
    </span>
  )
}

export const columns: readonly GridColumn<IncidentSummary>[] = [
  { id: 'state', line: 1, title: incidentsText.state, width: 104, cell: StateMark },
  {
    id: 'from',
    line: 2,
    title: incidentsText.start,
    width: 146,
    cell: ({ from }) => (
      <span className="mono" title={from}>
        {momentText(from)}
      </span>
    ),
  },
  {
    id: 'title',
    line: 1,
    title: incidentsText.title,
    width: 200,
    grow: 3,
    cell: ({ title }) => <span title={title}>{title}</span>,
  },
  {
    id: 'cause',
    line: 2,
    title: incidentsText.cause,
    width: 200,
    grow: 2,
    cell: ({ cause }) => <span title={cause ?? undefined}>{cause ?? '–'}</span>,
  },
  { id: 'actor', line: 2, title: generalText.actor, width: 130, grow: 1, cell: ({ actor }) => actor ?? '–' },
  { id: 'pins', title: incidentsText.pins, width: 64, end: true, cell: ({ pins }) => count(pins) },
  {
    id: 'changed',
    title: incidentsText.changed,
    width: 230,
    grow: 1,
    cell: ({ changed, by }) => (
      <>
        <span className="mono">{time(changed)}</span> <span className="dim">{by}</span>
      </>
    ),
  },
]
