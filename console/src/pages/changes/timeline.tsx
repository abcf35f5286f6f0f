import { useMemo } from 'react'
import type { ChangeSums } from '../../api/objects.ts'
import { Chart, type ChartMark, type ChartSeries } from '../../parts/chart.tsx'
import { count } from '../../parts/format.ts'
import { groupings, operations, type Grouping } from './state.ts'

interface TimelineProps {
  readonly marks: readonly ChartMark[]
  readonly sums: ChangeSums
  readonly onBy: (by: Grouping) => void
  readonly onSpan: (from: string, to: string) => void
}

/** Changes over time, by what the reader tells apart. */
export function Timeline({ sums, marks, onBy, onSpan }: TimelineProps): React.ReactNode {
  const { times, series } = useMemo(() => seriesOf(sums), [sums])
  return (
    <section className="panel volume" aria-label="Timeline">
      <Chart
        label="Changes" times={times} series={series} marks={marks} stacked height={104} format={whole} onBrush={(from, to) => onSpan(iso(from), iso(to))}
        menu={<label className="by">by <select value={sums.by} onChange={(event) => { const by = groupings.find((each) => each === event.target.value); if (by !== undefined) onBy(by) }}>{groupings.map((by) => <option key={by} value={by}>{by}</option>)}</select></label>}
      />
    </section>
  )
}

const whole = (value: number): string => (Number.isInteger(value) ? count(value) : '')
const iso = (seconds: number): string => new Date(Math.round(seconds) * 1000).toISOString()

/** Each bucket of the span with a value for each group; one without a change is 0. */
export function seriesOf({ span, step, by, groups, others, buckets }: ChangeSums): { readonly times: readonly number[]; readonly series: readonly ChartSeries[] } {
  const first = Math.floor(Date.parse(span.from) / 1000 / step) * step
  const length = Math.max(1, Math.ceil((Date.parse(span.to) / 1000 - first) / step))
  const names = [...groups.map(({ value }) => value ?? (by === 'namespace' ? 'whole cluster' : 'not known')), ...(others.changes > 0 ? ['others'] : [])]
  const series = names.map((name, index): ChartSeries & { readonly values: number[] } => ({ name, values: new Array<number>(length).fill(0), other: index === groups.length }))
  for (const { time, changes } of buckets) {
    const at = Math.round((Date.parse(time) / 1000 - first) / step)
    if (at >= 0 && at < length) series.forEach(({ values }, index) => { values[at] = changes[index] ?? 0 })
  }
  // Operations keep their order, and so their colours, whichever is the largest.
  const order = (name: string): number => (by === 'operation' ? operations.findIndex((each) => each === name) : 0)
  return { times: Array.from({ length }, (_, index) => first + index * step), series: series.toSorted((a, b) => order(a.name) - order(b.name)) }
}
