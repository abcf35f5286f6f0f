import type { ResourcePage } from '../../../api/objects.ts'
import { Answered } from '../../../parts/dashboards/answered.tsx'
import { GridTable } from '../../../parts/dashboards/grid-table.tsx'
import type { PanelProps } from '../../../parts/dashboards/kind.ts'
import { usePanelQuery } from '../../../parts/dashboards/panel-query.ts'
import { selected } from '../../../parts/dashboards/variables.ts'
import { clustersIn, columnsAt } from '../columns.tsx'
import { objectKey, readResources } from '../queries.ts'
import '../../../parts/objects/objects.css'

/** The state at the end of the time range. */
export default function ResourcesPanel(props: PanelProps): React.ReactNode {
  const { panel, filter, revision, t } = props
  const query = { filter, ...selected(props), at: t.to, limit: panel.limit }
  const answer = usePanelQuery<ResourcePage>({
    key: ['resources', 'panel', query],
    revision,
    read: (signal) => readResources(query, signal),
  })
  return (
    <Answered of={answer}>
      {({ resources, at }) => (
        <GridTable
          columns={columnsAt(t.to, Date.parse(at), {
            ofClusters: clustersIn(resources),
          })}
          rows={resources}
          keyOf={objectKey}
        />
      )}
    </Answered>
  )
}
