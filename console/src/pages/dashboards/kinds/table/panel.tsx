import { useMemo } from 'react'
import type { FlowFrame } from '../../../../../../src/api/published.ts'
import { useFields } from '../../../../api/queries.ts'
import { fieldsOf, flowColumns, type FlowColumn } from '../../../../parts/flows/columns.tsx'
import { ErrorState, Loading } from '../../../../parts/states.tsx'
import { dashboardsText } from '../../text.ts'
import { Answered, useFlows } from '../../../../parts/dashboards/answered.tsx'
import { PanelTable } from '../../../../parts/dashboards/panel-table.tsx'
import type { PanelProps } from '../../../../parts/dashboards/kind.ts'

const shown = ['time_received', 'src', 'dst', 'dst_port', 'bytes_est']

/** Single flows with the columns of the table of Flows. */
export default function FlowTablePanel(props: PanelProps): React.ReactNode {
  const fields = useFields()
  const columns = useMemo(() => {
    const allColumns = flowColumns(fields.data?.views.flows ?? [])
    return shown.flatMap((id) => allColumns.get(id) ?? [])
  }, [fields.data])
  if (fields.data !== undefined) return <Rows {...props} columns={columns} />
  if (fields.error !== null) return <ErrorState error={fields.error} onRetry={() => void fields.refetch()} />
  return <Loading what={dashboardsText.theDashboards} />
}

function Rows({ columns, ...props }: PanelProps & Readonly<{ columns: readonly FlowColumn[] }>) {
  const read = fieldsOf(columns)
  const answer = useFlows<FlowFrame>('/api/v1/flows', props, { columns: read.join(','), limit: props.panel.limit })
  return (
    <Answered of={answer}>
      {({ rows, columns: answered }) => {
        const places = new Map(answered.map(({ name }, index) => [name, index]))
        return (
          <PanelTable
            columns={columns}
            rows={rows.map((row) => columns.map(({ cell }) => cell((name) => row[places.get(name) ?? -1] ?? null)))}
          />
        )
      }}
    </Answered>
  )
}
