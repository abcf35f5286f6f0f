import { useMemo } from 'react'
import { bucketsOf, unknownIn } from '../../api/series.ts'
import { Chart, type ChartLevel, type ChartSeries } from '../chart.tsx'
import { ChartFill } from '../chart-fill.tsx'
import { isoOfSeconds } from '../format.ts'
import { generalText } from '../../text/general.ts'
import { bucketsIn } from './buckets.ts'
import type { EventSeries } from './requests.ts'
import { chartsText } from './text.ts'

const number = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 5 })
/** Times the largest named value. */
const flatBelow = 4
const plain = (value: number): string => number.format(value)

type NumbersChartProps = Readonly<{
  of: EventSeries
  label: string
  /** Least height in px. */
  least: number
  format?: (value: number) => string
  levels?: readonly ChartLevel[]
  onSpan: (from: number, to: number) => void
}>

export function NumbersChart({ of, label, least, format = plain, levels, onSpan }: NumbersChartProps): React.ReactNode {
  const { times, series, missing } = useMemo(() => {
    const times = [...new Set(of.series.flatMap(({ points }) => points.map(({ time }) => time)))].sort((a, b) => a - b)
    const missing = unknownIn(of, times.map(isoOfSeconds))
    const starts = bucketsIn(bucketsOf(of).times, times, missing)
    return {
      missing,
      times: starts.map(({ at }) => at),
      series: of.series.map(({ value, others, points }): ChartSeries => {
        const numbers = new Map(points.map(({ time, number: amount }) => [time, amount]))
        return {
          name:
            others > 0
              ? generalText.remaining(others)
              : (value ?? (of.series.length > 1 ? chartsText.withoutValue : label)),
          values: starts.map(({ at, isGap }) => (isGap ? null : numbers.get(at))),
          other: others > 0,
        }
      }),
    }
  }, [of, label])
  const hidden = useMemo(() => hiddenOthers(series, format), [series, format])
  if (series.length === 0) return <p className="pad dim">{chartsText.noPoints}</p>
  return (
    <ChartFill least={least}>
      {(height) => (
        <Chart
          label={label}
          times={times}
          series={series}
          unknown={missing}
          stacked={false}
          scale="fine"
          height={height}
          format={format}
          hidden={hidden}
          {...(levels === undefined ? {} : { levels })}
          onBrush={onSpan}
        />
      )}
    </ChartFill>
  )
}

/** The others would set a scale on which the named series are flat. */
function hiddenOthers(series: readonly ChartSeries[], format: (value: number) => string) {
  const largest = (of: readonly ChartSeries[]) =>
    of.reduce(
      (most, { values }) => values.reduce<number>((high, value) => Math.max(high, Math.abs(value ?? 0)), most),
      0,
    )
  const others = series.filter(({ other }) => other === true)
  const [named, rest] = [largest(series.filter(({ other }) => other !== true)), largest(others)]
  if (named === 0 || rest < flatBelow * named) return undefined
  return { names: others.map(({ name }) => name), note: chartsText.hiddenUpTo(format(rest)) }
}
