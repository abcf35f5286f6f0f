import { useMemo } from 'react'
import type { Series } from '../../../../../../src/api/published.ts'
import { bucketsOf, unknownOf } from '../../../../api/series.ts'
import { Chart } from '../../../../parts/chart.tsx'
import { ChartFill } from '../../../../parts/chart-fill.tsx'
import { Answered, useFlows } from '../../../../parts/dashboards/answered.tsx'
import { dashboardsText } from '../../text.ts'
import { unitFormat } from '../../../../parts/dashboards/units.ts'
import type { PanelUnit } from '../../../../parts/dashboards/definition.ts'
import { selected } from '../../../../parts/dashboards/variables.ts'
import type { PanelProps } from '../../../../parts/dashboards/kind.ts'

const statistics = ['p50', 'p90', 'p95', 'p99'] as const
/** Without a unit of the panel; both are drawn in milliseconds. */
const usualUnits: Readonly<Record<string, PanelUnit>> = { rtt: 'milliseconds', dns_latency: 'milliseconds' }
/** Flows store round-trip times in nanoseconds. */
const perUnit: Readonly<Record<string, number>> = { rtt: 1e6 }

export default function PercentilesPanel(props: PanelProps): React.ReactNode {
  const of = selected(props)['of'] ?? 'rtt'
  const answer = useFlows<Series>('/api/v1/series', props, { of })
  return <Answered of={answer}>{(data) => <Percentiles of={of} data={data} {...props} />}</Answered>
}

type PercentilesProps = Pick<PanelProps, 'panel' | 'title' | 'onBrush'> & Readonly<{ of: string; data: Series }>

function Percentiles({ of, data, panel: { unit, thresholds }, title, onBrush }: PercentilesProps) {
  const { times, series } = useMemo(() => linesOf(data, of), [data, of])
  const unknown = useMemo(() => unknownOf(data), [data])
  const format = useMemo(() => unitFormat(unit || (usualUnits[of] ?? '')), [unit, of])
  if (series.every(({ values }) => values.every((value) => value === null)))
    return <p className="dim pad">{dashboardsText.noValues(of)}</p>
  return (
    <ChartFill least={170}>
      {(height) => (
        <Chart
          label={title}
          times={times}
          series={series}
          unknown={unknown}
          stacked={false}
          scale="fine"
          levels={thresholds}
          height={height}
          format={format}
          onBrush={onBrush}
        />
      )}
    </ChartFill>
  )
}

function linesOf(data: Series, of: string) {
  const { columns, rows } = data
  const columnOf = (name: string) => columns.findIndex((column) => column.name === name)
  const buckets = bucketsOf(data)
  const time = columnOf('time')
  const series = statistics.map((name) => {
    const values = buckets.times.map((): number | null => null)
    for (const row of rows) {
      const [bucket, value] = [buckets.at(row[time]), row[columnOf(`${of}_${name}`)]]
      if (bucket >= 0 && value !== null && value !== undefined) values[bucket] = Number(value) / (perUnit[of] ?? 1)
    }
    return { name, values }
  })
  return { times: buckets.times, series }
}
