import type { ProblemSums } from '../../../../../src/topics/insights/schema.ts'
import { request, type Query } from '../../../api/client.ts'
import { insightColumns, insightKey, type InsightRow } from '../columns.tsx'
import { insightLists, type InsightList } from '../requests.ts'
import { Tiles } from '../tiles.tsx'
import { Answered } from '../../../parts/dashboards/answered.tsx'
import { GridTable } from '../../../parts/dashboards/grid-table.tsx'
import { usePanelQuery } from '../../../parts/dashboards/panel-query.ts'
import { selected } from '../../../parts/dashboards/variables.ts'
import type { PanelProps } from '../../../parts/dashboards/kind.ts'
import '../insights.css'

/** The state at the end of the time range. */
function useInsights<Answer>(path: string, { t, revision }: PanelProps, query: Query) {
  const whole = { ...query, at: t.to }
  return usePanelQuery<Answer>({
    key: [path, whole],
    revision,
    read: (signal) => request<Answer>(path, { signal, query: whole }),
  })
}

export default function InsightsPanel(props: PanelProps): React.ReactNode {
  const { view } = props.panel
  const list = insightLists.find((name) => name === view)
  return list === undefined ? <Severities {...props} /> : <List {...props} list={list} />
}

function Severities(props: PanelProps) {
  const { text, image } = selected(props)
  const answer = useInsights<ProblemSums>('/api/v1/problems/sums', props, { filter: props.filter, text, image })
  return <Answered of={answer}>{({ severities }) => <Tiles sums={severities} />}</Answered>
}

function List({ list, ...props }: PanelProps & Readonly<{ list: InsightList }>) {
  const { sort, ...words } = selected(props)
  const query = {
    filter: props.filter,
    ...words,
    ...(list === 'problems' || list === 'flaws' ? { sort } : {}),
    limit: props.panel.limit,
  }
  const answer = useInsights<Readonly<Record<InsightList, readonly InsightRow[]>>>(`/api/v1/${list}`, props, query)
  return (
    <Answered of={answer}>
      {(page) => <GridTable columns={insightColumns[list]} rows={page[list]} keyOf={insightKey} />}
    </Answered>
  )
}
