import type { FlowGroups } from '../../../../../../src/api/published.ts'
import { plainText } from '../../../../parts/format.ts'
import { amount } from '../../../../parts/measure-names.ts'
import { Answered, useFlows } from '../../../../parts/dashboards/answered.tsx'
import { dashboardsText } from '../../text.ts'
import { TopList } from '../../top-list.tsx'
import { unitFormat } from '../../../../parts/dashboards/units.ts'
import { rankedBy } from '../flow-fields.ts'
import type { PanelProps } from '../../../../parts/dashboards/kind.ts'

export default function TopPanel(props: PanelProps): React.ReactNode {
  const { by, limit, group, unit } = props.panel
  const fields = group === '' ? 'src_endpoint' : group
  const answer = useFlows<FlowGroups>('/api/v1/flows', props, { group: fields, ...rankedBy(by), limit })
  const textOf = unit === '' ? (value: number) => amount(by, value) : unitFormat(unit)
  return (
    <Answered of={answer}>
      {({ rows, columns, total }) => {
        const column = columns.findIndex(({ name }) => name === by)
        const whole = Number(total[by] ?? 0)
        const lines = rows.map((row) => {
          const name = fields
            .split(',')
            .map((_, index) => plainText(row[index] ?? dashboardsText.noValue))
            .join(' → ')
          const value = Number(row[column] ?? 0)
          return { key: `= ${name}`, name, value, text: textOf(value) }
        })
        const rest = whole - lines.reduce((shown, { value }) => shown + value, 0)
        const others = { key: 'others', name: dashboardsText.others, value: rest, text: textOf(rest) }
        return <TopList lines={rest > 0 ? [...lines, others] : lines} whole={whole} shares="shown" />
      }}
    </Answered>
  )
}
