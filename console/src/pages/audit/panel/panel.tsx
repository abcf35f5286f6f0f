import type { Firsts, Logins, TracePage, TraceSums } from '../../../api/traces.ts'
import { FailedLogins, FirstOccurrences } from '../../../parts/audit/lists.tsx'
import { traceColumns } from '../../../parts/audit/columns.tsx'
import { TracesChart } from '../../../parts/audit/chart.tsx'
import { ChartFill } from '../../../parts/chart-fill.tsx'
import { generalText } from '../../../text/general.ts'
import { Answered } from '../../../parts/dashboards/answered.tsx'
import { spanned } from '../../../parts/dashboards/brush.ts'
import { GridTable } from '../../../parts/dashboards/grid-table.tsx'
import { useRanged } from '../../../parts/dashboards/panel-query.ts'
import { selected } from '../../../parts/dashboards/variables.ts'
import type { PanelProps } from '../../../parts/dashboards/kind.ts'
import '../../../parts/audit/audit.css'

const shownGroups = 8

export default function AuditPanel(props: PanelProps): React.ReactNode {
  const { view } = props.panel
  if (view === 'list') return <List {...props} />
  if (view === 'first_seen') return <FirstList {...props} />
  return view === 'logins' ? <LoginList {...props} /> : <Sums {...props} />
}

function Sums(props: PanelProps) {
  const { panel, title, filter, onBrush } = props
  const query = { filter, ...selected(props), by: panel.group || 'severity', limit: shownGroups, buckets: 150 }
  const answer = useRanged<TraceSums>('/api/v1/audit/sums', props, query)
  return (
    <Answered of={answer}>
      {(sums) => (
        <ChartFill least={170}>
          {(height) => <TracesChart sums={sums} label={title} height={height} onSpan={spanned(onBrush)} />}
        </ChartFill>
      )}
    </Answered>
  )
}

function List(props: PanelProps) {
  const { panel, filter } = props
  const answer = useRanged<TracePage>('/api/v1/audit', props, { filter, ...selected(props), limit: panel.limit })
  return (
    <Answered of={answer}>
      {({ traces }) => <GridTable columns={traceColumns} rows={traces} keyOf={({ pos }) => pos} />}
    </Answered>
  )
}

function useAbout<Answer>(path: 'first-seen' | 'logins', props: PanelProps) {
  return useRanged<Answer>(`/api/v1/audit/${path}`, props, { filter: props.filter, ...selected(props) })
}

function FirstList(props: PanelProps) {
  const answer = useAbout<Firsts>('first-seen', props)
  return (
    <div className="panel-table pad" tabIndex={0} role="region" aria-label={generalText.traces}>
      <FirstOccurrences of={answer} />
    </div>
  )
}

function LoginList(props: PanelProps) {
  const answer = useAbout<Logins>('logins', props)
  return (
    <div className="panel-table pad" tabIndex={0} role="region" aria-label={generalText.traces}>
      <FailedLogins of={answer} />
    </div>
  )
}
