import type { EventPage, EventSums } from '../../../../../src/api/published.ts'
import { ChartFill } from '../../../parts/chart-fill.tsx'
import { columnOf, defaultColumns, requestedOf } from '../../../parts/events/columns.tsx'
import { lists } from '../../../parts/events/lists.ts'
import { EventsChart } from '../../../parts/events/chart.tsx'
import { listText } from '../../../state/parts.ts'
import { Answered } from '../../../parts/dashboards/answered.tsx'
import { spanned } from '../../../parts/dashboards/brush.ts'
import { GridTable } from '../../../parts/dashboards/grid-table.tsx'
import { useRanged } from '../../../parts/dashboards/panel-query.ts'
import { selected } from '../../../parts/dashboards/variables.ts'
import type { PanelProps } from '../../../parts/dashboards/kind.ts'

const shownGroups = 8

export default function EventsPanel(props: PanelProps): React.ReactNode {
  return props.panel.view === 'list' ? <List {...props} /> : <Sums {...props} />
}

function Sums({ panel, title, filter, onBrush, ...ranged }: PanelProps) {
  const query = { filter, by: panel.group || 'type', limit: shownGroups, buckets: 150 }
  const answer = useRanged<EventSums>('/api/v1/events/sums', ranged, query)
  return (
    <Answered of={answer}>
      {(sums) => (
        <ChartFill least={170}>
          {(height) => <EventsChart sums={sums} label={title} height={height} onSpan={spanned(onBrush)} />}
        </ChartFill>
      )}
    </Answered>
  )
}

function List(props: PanelProps) {
  const { list: chosen, cols = '', sort = '-time' } = selected(props)
  const list = lists.find((name) => name === chosen) ?? 'events'
  const columns = cols === '' ? defaultColumns[list] : cols.split(',')
  const answer = useRanged<EventPage>('/api/v1/events', props, {
    filter: props.filter,
    columns: listText(requestedOf(columns)),
    sort,
    limit: props.panel.limit,
  })
  return (
    <Answered of={answer}>
      {({ events }) => <GridTable columns={columns.map(columnOf)} rows={events} keyOf={({ pos }) => pos} />}
    </Answered>
  )
}
