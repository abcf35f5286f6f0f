import { useMemo } from 'react'
import { BySelect } from '../by-select.tsx'
import type { ChangeSums } from '../../api/objects.ts'
import { seriesOf } from './series.ts'
import type { ChartMark } from '../chart.tsx'
import { CountsChart } from '../counts-chart.tsx'
import { groupings, type Grouping } from './groupings.ts'
import { generalText } from '../../text/general.ts'

type TimelineProps = Readonly<{
  marks: readonly ChartMark[]
  sums: ChangeSums
  onBy: (by: Grouping) => void
  onSpan: (from: string, to: string) => void
  /** Of another filter or range than the page. */
  stale?: boolean
  menu?: React.ReactNode
}>

export function Timeline({ sums, marks, onBy, onSpan, stale = false, menu }: TimelineProps): React.ReactNode {
  return (
    <section className={stale ? 'panel volume stale' : 'panel volume'} aria-label={generalText.timeline}>
      <ChangesChart
        sums={sums}
        marks={marks}
        height={104}
        onSpan={onSpan}
        menu={
          <>
            <BySelect by={sums.by} groupings={groupings} onChange={onBy} />
            {menu}
          </>
        }
      />
    </section>
  )
}

type ChangesChartProps = Readonly<{
  sums: ChangeSums
  marks?: readonly ChartMark[]
  label?: string
  height: number
  onSpan: (from: string, to: string) => void
  menu?: React.ReactNode
}>

export function ChangesChart({ sums, label = generalText.changes, ...chart }: ChangesChartProps): React.ReactNode {
  const counts = useMemo(() => seriesOf(sums), [sums])
  return <CountsChart label={label} {...counts} {...chart} />
}
