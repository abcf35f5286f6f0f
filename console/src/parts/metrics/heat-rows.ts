import type { HeatRow } from '../heat-map.tsx'
import type { MetricLine, Span } from './queries.ts'

export type HeatRows = Readonly<{ times: readonly number[]; rows: readonly HeatRow[] }>

/**
 * Buckets of a histogram as rows from low to high. A bucket of Prometheus counts all values up to `le`; a row has those
 * above the bound before. Series without `le` are rows as they are.
 */
export function heatRows({ start, end, step }: Span, lines: readonly MetricLine[]): HeatRows {
  const times = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step)
  const bounds = Map.groupBy(
    lines.filter(({ labels }) => labels['le'] !== undefined),
    ({ labels }) => labels['le']!,
  )
  if (bounds.size === 0) return { times, rows: lines.map((line) => rowOf(nameOf(line), sumsOf([line], times))) }
  const sorted = [...bounds].toSorted(([a], [b]) => boundOf(a) - boundOf(b))
  const sums = sorted.map(([, of]) => sumsOf(of, times))
  return {
    times,
    rows: sorted.map(([bound], at) => rowOf(`≤ ${bound === '+Inf' ? '∞' : bound}`, above(sums[at]!, sums[at - 1]))),
  }
}

const boundOf = (text: string) => (text === '+Inf' ? Infinity : Number(text))
const rowOf = (name: string, values: HeatRow['values']): HeatRow => ({ name, values })

function nameOf({ labels }: MetricLine): string {
  const { __name__: name = '', ...rest } = labels
  return Object.values(rest).join(', ') || name
}

function sumsOf(lines: readonly MetricLine[], times: readonly number[]): readonly (number | null)[] {
  const samples = lines.map(({ values }) => new Map(values))
  return times.map((time) => {
    const values = samples.flatMap((of) => {
      const value = of.get(time)
      return value === undefined || !Number.isFinite(value) ? [] : [value]
    })
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0)
  })
}

/** Rates of bounds are of different moments, so that a difference may be slightly negative. */
function above(values: readonly (number | null)[], below: readonly (number | null)[] | undefined) {
  return values.map((value, at) => (value === null ? null : Math.max(0, value - (below?.[at] ?? 0))))
}
