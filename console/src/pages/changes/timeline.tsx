import { useMemo } from 'react'
import type { ChangeSums } from '../../api/objects.ts'
import { seriesOf } from '../../parts/changes/series.ts'
import { Chart, type ChartMark } from '../../parts/chart.tsx'
import { count } from '../../parts/format.ts'
import { groupings, type Grouping } from './state.ts'
import { generalText } from '../../text/general.ts'

interface TimelineProps {
  readonly marks: readonly ChartMark[]
  readonly sums: ChangeSums
  readonly onBy: (by: Grouping) => void
  readonly onSpan: (from: string, to: string) => void
}

export function Timeline({ sums, marks, onBy, onSpan }: TimelineProps): React.ReactNode {
  const { times, series } = useMemo(() => seriesOf(sums), [sums])
  return (
    <section className="panel volume" aria-label={generalText.timeline}>
      <Chart
        label={generalText.changes}
        times={times}
        series={series}
        marks={marks}
        stacked
        height={104}
        format={whole}
        onBrush={(from, to) => onSpan(iso(from), iso(to))}
        menu={
          <label className="by">
            {generalText.by}{' '}
            <select
              value={sums.by}
              onChange={(event) => {
                const by = groupings.find((each) => each === event.target.value)
                if (by !== undefined) onBy(by)
              }}
            >
              {groupings.map((by) => (
                <option key={by} value={by}>
                  {by}
                </option>
              ))}
            </select>
          </label>
        }
      />
    </section>
  )
}

const whole = (value: number): string => (Number.isInteger(value) ? count(value) : '')
const iso = (seconds: number): string => new Date(Math.round(seconds) * 1000).toISOString()
