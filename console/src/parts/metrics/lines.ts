import type { ChartSeries } from '../chart.tsx'
import { metricsText } from './text.ts'
import type { MetricLine, MetricLines } from './queries.ts'

const shownLines = 20

export type DrawnLines = Readonly<{ times: readonly number[]; series: readonly ChartSeries[]; hidden: number }>

/** The series with the largest values. A step without a sample is a gap. `earlier`: of the same series, if compared. */
export function drawnLines({ span: { start, end, step }, lines }: MetricLines, earlier?: MetricLines): DrawnLines {
  const times = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step)
  const [before, moved] = earlierOf(earlier, start)
  const largest = lines.toSorted((a, b) => largestOf(b) - largestOf(a))
  return {
    times,
    hidden: Math.max(0, lines.length - shownLines),
    series: largest.slice(0, shownLines).map(({ labels, values }): ChartSeries => {
      const samples = new Map(values)
      const earlierSamples = before?.get(keyOf(labels))
      return {
        name: lineName(labels) || (lines.length > 1 ? metricsText.withoutLabels : metricsText.value),
        values: times.map((time) => valueAt(samples, time)),
        ...(before === undefined ? {} : { earlier: times.map((time) => valueAt(earlierSamples, time - moved)) }),
      }
    }),
  }
}

type Samples = ReadonlyMap<number, number>

/** Samples by labels, and the seconds by which they are earlier. */
function earlierOf(earlier: MetricLines | undefined, start: number) {
  if (earlier === undefined) return [undefined, 0] as const
  const byLabels = new Map(
    earlier.lines.map(({ labels, values }): [string, Samples] => [keyOf(labels), new Map(values)]),
  )
  return [byLabels, start - earlier.span.start] as const
}

const keyOf = (labels: MetricLine['labels']) =>
  JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))

function valueAt(samples: Samples | undefined, time: number) {
  const value = samples?.get(time)
  return value === undefined || !Number.isFinite(value) ? null : value
}

function largestOf({ values }: MetricLine) {
  return values.reduce((most, [, value]) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0)
}

/** `pod=a, zone=b`; a single label needs no name. */
export function lineName(labels: MetricLine['labels']): string {
  const { __name__: name = '', ...rest } = labels
  const entries = Object.entries(rest)
  if (entries.length === 0) return name
  if (entries.length === 1 && name === '') return entries[0]![1]
  return `${name}${name === '' ? '' : ' '}${entries.map(([label, value]) => `${label}=${value}`).join(', ')}`
}
