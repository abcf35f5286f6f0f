import { NumbersChart } from '../../../../parts/numbers/chart.tsx'
import { readEventFields, readEventSeries, type EventSeries } from '../../../../parts/numbers/requests.ts'
import { chartsText } from '../../../../parts/numbers/text.ts'
import { Answered } from '../../../../parts/dashboards/answered.tsx'
import { usePanelQuery } from '../../../../parts/dashboards/panel-query.ts'
import { unitFormat } from '../../../../parts/dashboards/units.ts'
import { selected } from '../../../../parts/dashboards/variables.ts'
import type { PanelProps } from '../../../../parts/dashboards/kind.ts'

/** Without a field: the first one of the family. */
export default function NumbersPanel(props: PanelProps): React.ReactNode {
  const { panel, title, t, revision, onBrush } = props
  const { family = 'point', field = '', function: reduced = 'avg' } = selected(props)
  const answer = usePanelQuery<EventSeries | null>({
    key: ['numbers', family, field, reduced, panel.group, t],
    revision,
    read: async (signal) => {
      const [first = ''] = field === '' ? (await readEventFields({ family, ...t }, signal)).numbers : [field]
      if (first === '') return null
      return readEventSeries({ family, field: first, function: reduced, by: panel.group, ...t }, signal)
    },
  })
  return (
    <Answered of={answer}>
      {(series) =>
        series === null ? (
          <p className="dim pad">{chartsText.noNumbers}</p>
        ) : (
          <NumbersChart
            of={series}
            label={title}
            least={170}
            levels={panel.thresholds}
            {...(panel.unit === '' ? {} : { format: unitFormat(panel.unit) })}
            onSpan={onBrush}
          />
        )
      }
    </Answered>
  )
}
