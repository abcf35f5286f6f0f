import { columns } from '../../../parts/cloud/columns.tsx'
import { readInventory, type CloudPage } from '../../../parts/cloud/requests.ts'
import { Answered } from '../../../parts/dashboards/answered.tsx'
import { GridTable } from '../../../parts/dashboards/grid-table.tsx'
import { usePanelQuery } from '../../../parts/dashboards/panel-query.ts'
import { selected } from '../../../parts/dashboards/variables.ts'
import type { PanelProps } from '../../../parts/dashboards/kind.ts'

/** The state at the end of the time range. */
export default function InventoryPanel(props: PanelProps): React.ReactNode {
  const { panel, filter, revision, t } = props
  const list = panel.view === 'findings' ? 'findings' : 'resources'
  const conditions = [...(filter === '' ? [] : [`(${filter})`]), ...(list === 'findings' ? ['exists(finding)'] : [])]
  const query = { filter: conditions.join(' and '), ...selected(props), at: t.to, limit: panel.limit }
  const answer = usePanelQuery<CloudPage>({
    key: ['inventory', query],
    revision,
    read: (signal) => readInventory(query, signal),
  })
  return (
    <Answered of={answer}>
      {({ resources }) => <GridTable columns={columns[list]} rows={resources} keyOf={({ ref }) => ref} />}
    </Answered>
  )
}
