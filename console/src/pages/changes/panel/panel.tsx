import type { ChangePage, ChangeSums } from '../../../api/objects.ts'
import { ChartFill } from '../../../parts/chart-fill.tsx'
import { changeColumns } from '../columns.tsx'
import { ChangesChart } from '../chart.tsx'
import { Answered } from '../../../parts/dashboards/answered.tsx'
import { spanned } from '../../../parts/dashboards/brush.ts'
import { GridTable } from '../../../parts/dashboards/grid-table.tsx'
import { useRanged } from '../../../parts/dashboards/panel-query.ts'
import { selected } from '../../../parts/dashboards/variables.ts'
import type { PanelProps } from '../../../parts/dashboards/kind.ts'
import '../../../parts/objects/objects.css'

const shownGroups = 8

export default function ChangesPanel(props: PanelProps): React.ReactNode {
  return props.panel.view === 'list' ? <List {...props} /> : <Sums {...props} />
}

function Sums(props: PanelProps) {
  const { panel, title, filter, onBrush } = props
  const query = { filter, ...selected(props), by: panel.group || 'operation', limit: shownGroups }
  const answer = useRanged<ChangeSums>('/api/v1/changes/sums', props, query)
  return (
    <Answered of={answer}>
      {(sums) => (
        <ChartFill least={170}>
          {(height) => <ChangesChart sums={sums} label={title} height={height} onSpan={spanned(onBrush)} />}
        </ChartFill>
      )}
    </Answered>
  )
}

function List(props: PanelProps) {
  const { panel, filter } = props
  const query = { filter, ...selected(props), limit: panel.limit }
  const answer = useRanged<ChangePage>('/api/v1/changes', props, query)
  return (
    <Answered of={answer}>
      {({ changes }) => <GridTable columns={changeColumns} rows={changes} keyOf={({ pos }) => pos} />}
    </Answered>
  )
}
