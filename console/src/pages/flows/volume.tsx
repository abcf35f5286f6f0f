import { useMemo } from 'react'
import { bucketsOf, knownValues, unknownOf, type SeriesAnswer, type Stretch } from '../../api/series.ts'
import { Chart, type ChartSeries, type MarkProps } from '../../parts/chart.tsx'
import { isoOfSeconds, volume } from '../../parts/format.ts'
import { valueName } from './overview/names.ts'
import { flowsText } from '../../text/flows.ts'

type VolumeProps = Readonly<{
  answer: SeriesAnswer
  onSpan: (from: string, to: string) => void
  marks: MarkProps
}>

export default function Volume({ answer, onSpan, marks }: VolumeProps): React.ReactNode {
  const { times, series, unknown } = useMemo(() => ratesOf(answer), [answer])
  return (
    <section className="panel volume" aria-label={flowsText.volume}>
      <Chart
        label={flowsText.volumeBySource}
        times={times}
        series={series}
        unknown={unknown}
        stacked
        height={112}
        format={rate}
        {...marks}
        onBrush={(from, to) => onSpan(isoOfSeconds(from), isoOfSeconds(to))}
      />
    </section>
  )
}

const rate = (value: number) => `${volume(value)}/s`

export function ratesOf(
  answer: SeriesAnswer,
): Readonly<{ times: readonly number[]; series: readonly ChartSeries[]; unknown: readonly Stretch[] }> {
  const { columns, rows, span, step } = answer
  const place = (name: string) => columns.findIndex((column) => column.name === name)
  const [time, other, group, bytes] = [place('time'), place('other'), place('other') + 1, place('bytes')]
  const buckets = bucketsOf({ span, step })
  const found = new Map<
    string,
    { readonly name: string; readonly other: boolean; sum: number; readonly values: number[] }
  >()
  for (const row of rows) {
    const isOther = row[other] === true
    const key = isOther ? 'other' : `= ${String(row[group] as string | null)}`
    const entry = found.get(key) ?? {
      name: isOther ? 'others' : valueName(columns[group]?.name ?? '', row[group]),
      other: isOther,
      sum: 0,
      values: buckets.zeros(),
    }
    found.set(key, entry)
    const at = buckets.at(row[time])
    if (at < 0) continue
    entry.values[at] = (entry.values[at] ?? 0) + Number(row[bytes]) / step
    entry.sum += Number(row[bytes])
  }
  const series = [...found.values()].sort((a, b) => Number(a.other) - Number(b.other) || b.sum - a.sum)
  const unknown = unknownOf(answer)
  return {
    times: buckets.times,
    series: series.map(({ name, other: isOther, values }) => ({
      name,
      values: knownValues(buckets.times, values, unknown),
      other: isOther,
    })),
    unknown,
  }
}
