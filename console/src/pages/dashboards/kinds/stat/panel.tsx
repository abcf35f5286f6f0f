import type { FlowGroups } from '../../../../../../src/api/published.ts'
import { amount } from '../../../../parts/measure-names.ts'
import { Answered, useFlows } from '../../../../parts/dashboards/answered.tsx'
import { toneAt, unitFormat } from '../../../../parts/dashboards/units.ts'
import { rankedBy } from '../flow-fields.ts'
import type { PanelProps } from '../../../../parts/dashboards/kind.ts'

export default function StatPanel(props: PanelProps): React.ReactNode {
  const { by, unit, thresholds } = props.panel
  const answer = useFlows<FlowGroups>('/api/v1/flows', props, { group: 'proto', ...rankedBy(by), limit: 1 })
  return (
    <Answered of={answer}>
      {({ total }) => {
        const value = Number(total[by] ?? 0)
        return (
          <p className={`stat-value number ${toneAt(value, thresholds) ?? ''}`}>
            {unit === '' ? amount(by, value) : unitFormat(unit)(value)}{' '}
            <span className="dim">{by.replace('_', ' ')}</span>
          </p>
        )
      }}
    </Answered>
  )
}
