import { useMemo } from 'react'
import { BySelect } from '../by-select.tsx'
import type { TraceSums } from '../../api/traces.ts'
import { CountsChart } from '../counts-chart.tsx'
import { actorText } from '../../state/refs.ts'
import { seriesOf } from '../changes/series.ts'
import { groupings, type Grouping } from './groupings.ts'
import { generalText } from '../../text/general.ts'

type TimelineProps = Readonly<{
  sums: TraceSums
  onBy?: (by: Grouping) => void
  onSpan: (from: string, to: string) => void
  /** Of another filter or range than the page. */
  stale?: boolean
  menu?: React.ReactNode
}>

const tones = { normal: 'good', warning: 'warning', incident: 'bad' } as const
const severities = Object.keys(tones) as (keyof typeof tones)[]

export function Timeline({ sums, onBy, onSpan, stale = false, menu }: TimelineProps): React.ReactNode {
  const by = onBy === undefined ? null : <BySelect by={sums.by} groupings={groupings} onChange={onBy} />
  return (
    <section className={stale ? 'panel volume stale' : 'panel volume'} aria-label={generalText.timeline}>
      <TracesChart
        sums={sums}
        height={104}
        onSpan={onSpan}
        menu={
          <>
            {by}
            {menu}
          </>
        }
      />
    </section>
  )
}

type TracesChartProps = Readonly<{
  sums: TraceSums
  label?: string
  height: number
  onSpan: (from: string, to: string) => void
  menu?: React.ReactNode
}>

export function TracesChart({ sums, label = generalText.traces, ...chart }: TracesChartProps): React.ReactNode {
  const counts = useMemo(() => {
    const { groups, others, buckets } = sums
    const drawn = seriesOf({
      ...sums,
      groups: groups.map(({ value, traces }) => ({
        value: value === null || sums.by !== 'actor' ? value : actorText(value),
        changes: traces,
      })),
      others: { groups: others.groups, changes: others.traces },
      buckets: buckets.map(({ time, traces }) => ({ time, changes: traces })),
    })
    if (sums.by !== 'severity') return drawn
    const placed = drawn.series
      .map((one) => ({ one, place: severities.findIndex((name) => name === one.name) }))
      .sort((a, b) => a.place - b.place)
    return {
      ...drawn,
      series: placed.map(({ one, place }) => {
        const tone = severities[place]
        return tone === undefined ? one : { ...one, tone: tones[tone] }
      }),
    }
  }, [sums])
  return <CountsChart label={label} {...counts} {...chart} />
}
