import type { ChartSeries } from '../chart.tsx'
import { metricsText } from './text.ts'
import type { MetricLine, MetricLines } from './queries.ts'

const shownLines = 20

export type DrawnLines = Readonly<{ times: readonly number[]; series: readonly ChartSeries[]; hidden: number }>

/** The series with the largest values. A step without a sample is a gap. */
export function drawnLines({ span: { start, end, step }, lines }: MetricLines): DrawnLines {
  const times = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step)
  const largest = lines.toSorted((a, b) => largestOf(b) - largestOf(a))
  return {
    times,
    hidden: Math.max(0, lines.length - shownLines),
    series: largest.slice(0, shownLines).map(({ labels, values }): ChartSeries => {
      const samples = new Map(values)
      return {
        name: lineName(labels) || metricsText.value,
        values: times.map((time) => {
          const value = samples.get(time)
          return value === undefined || !Number.isFinite(value) ? null : value
        }),
      }
    }),
  }
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
