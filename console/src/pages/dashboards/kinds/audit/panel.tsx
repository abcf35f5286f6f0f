import type { TracePage, TraceSums } from '../../../../api/traces.ts'
import { traceColumns } from '../../../../parts/audit/columns.tsx'
import { TracesChart } from '../../../../parts/audit/timeline.tsx'
import { ChartFill } from '../../../../parts/chart-fill.tsx'
import { Answered } from '../../answered.tsx'
import { spanned } from '../../brush.ts'
import { GridTable } from '../../grid-table.tsx'
import { useRanged } from '../../panel-query.ts'
import { selected } from '../../variables.ts'
import type { PanelProps } from '../kind.ts'
import '../../../../parts/audit/audit.css'

const shownGroups = 8

export default function AuditPanel(props: PanelProps): React.ReactNode {
  return props.panel.view === 'list' ? <List {...props} /> : <Sums {...props} />
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
