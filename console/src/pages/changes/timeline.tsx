import { useMemo } from 'react'
import { BySelect } from '../../parts/by-select.tsx'
import type { ChangeSums } from '../../api/objects.ts'
import { seriesOf } from '../../parts/changes/series.ts'
import { Chart, type ChartMark } from '../../parts/chart.tsx'
import { count, isoOfSeconds } from '../../parts/format.ts'
import { groupings, type Grouping } from './state.ts'
import { generalText } from '../../text/general.ts'

type TimelineProps = Readonly<{
  marks: readonly ChartMark[]
  sums: ChangeSums
  onBy: (by: Grouping) => void
  onSpan: (from: string, to: string) => void
}>

export function Timeline({ sums, marks, onBy, onSpan }: TimelineProps): React.ReactNode {
  const { times, series, unknown } = useMemo(() => seriesOf(sums), [sums])
  return (
    <section className="panel volume" aria-label={generalText.timeline}>
      <Chart
        label={generalText.changes}
        times={times}
        series={series}
        marks={marks}
        unknown={unknown}
        stacked
        height={104}
        format={whole}
        onBrush={(from, to) => onSpan(isoOfSeconds(from), isoOfSeconds(to))}
        menu={<BySelect by={sums.by} groupings={groupings} onChange={onBy} />}
      />
    </section>
  )
}

const whole = (value: number) => (Number.isInteger(value) ? count(value) : '')
