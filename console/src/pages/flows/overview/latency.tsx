import { useMemo } from 'react'
import { Chart, type ChartSeries } from '../../../parts/chart.tsx'
import { count, duration } from '../../../parts/format.ts'
import { useAnswer } from './ask.ts'
import { Panel } from './panel.tsx'
import type { PanelContext } from './panels.tsx'
import { bucketTimes, type SeriesAnswer } from './sums.ts'

/** Numeric fields of flows and how many of their units are a millisecond. */
const fields = { rtt: { of: 'rtt', perMs: 1e6, title: 'Round-trip time' }, dns: { of: 'dns_latency', perMs: 1, title: 'Answers of DNS' } } as const

const shown = [['p50', 'half are faster'], ['p90', '90 % are faster'], ['p99', '99 % are faster'], ['max', 'slowest']] as const

/** Percentiles over the flows of each bucket; nothing where no flow has the value. */
export function latencyOf({ columns, rows, span, step }: SeriesAnswer, of: string, perMs: number): { readonly times: readonly number[]; readonly series: readonly ChartSeries[]; readonly flows: number } {
  const place = (name: string): number => columns.findIndex((column) => column.name === name)
  const times = bucketTimes(Date.parse(span.from) / 1000, Date.parse(span.to) / 1000, step)
  const [time, flows] = [place('time'), place(`${of}_flows`)]
  const at = (row: readonly unknown[]): number => Math.round((Date.parse(String(row[time])) / 1000 - (times[0] ?? 0)) / step)
  return {
    times, flows: rows.reduce((sum, row) => sum + Number(row[flows] ?? 0), 0),
    series: shown.map(([statistic, name]) => {
      const values = times.map((): number | null => null)
      for (const row of rows) {
        const value = row[place(`${of}_${statistic}`)]
        if (value !== null && value !== undefined && values[at(row)] !== undefined) values[at(row)] = Number(value) / perMs
      }
      return { name, values }
    }),
  }
}

/** How long things take, over time. */
export function LatencyPanel({ name, context: { asked, menuOf, onBrush } }: { readonly name: keyof typeof fields; readonly context: PanelContext }): React.ReactNode {
  const { of, perMs, title } = fields[name]
  const answer = useAnswer<SeriesAnswer>('/api/v1/series', asked, { of })
  const data = useMemo(() => (answer.data === undefined ? undefined : latencyOf(answer.data, of, perMs)), [answer.data, of, perMs])
  const menu = menuOf(name, title, false)
  return (
    <Panel title={title} wide headed={data !== undefined && data.flows > 0} answer={answer} menu={menu}>
      {() => data !== undefined && (data.flows === 0
        ? <p className="pad dim">No flow of this span says it: it comes with the exporters that measure it.</p>
        : <Chart label={`${title}, ${count(data.flows)} flows`} times={data.times} series={data.series} stacked={false} height={150} format={duration} onBrush={onBrush} menu={menu} />)}
    </Panel>
  )
}
