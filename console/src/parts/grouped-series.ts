import { bucketsOf, knownValues, unknownIn, type Covered, type Stretch } from '../api/series.ts'
import type { ChartSeries } from './chart.tsx'

/** Counts of groups, the largest first, and of the rest. */
type GroupedCounts = Covered &
  Readonly<{
    groups: readonly (string | null)[]
    others: boolean
    buckets: readonly Readonly<{ time: string; n: readonly number[] }>[]
  }>

type Naming = Readonly<{
  nameOf: (value: string | null) => string
  toneOf: (name: string) => ChartSeries['tone']
  /** Order from below. */
  placeOf: (name: string) => number
}>

export type GroupedSeries = Readonly<{
  times: readonly number[]
  series: readonly ChartSeries[]
  unknown: readonly Stretch[]
}>

export function groupedSeries(counts: GroupedCounts, { nameOf, toneOf, placeOf }: Naming): GroupedSeries {
  const { groups, others, buckets: counted } = counts
  const buckets = bucketsOf(counts)
  const names = [...groups.map(nameOf), ...(others ? ['others'] : [])]
  const series = names.map((name, index): ChartSeries & { readonly values: number[] } => {
    const tone = toneOf(name)
    return {
      name,
      values: buckets.zeros(),
      other: index === groups.length,
      ...(tone === undefined ? {} : { tone }),
    }
  })
  for (const { time, n } of counted) {
    const at = buckets.at(time)
    if (at >= 0)
      series.forEach(({ values }, index) => {
        values[at] = n[index] ?? 0
      })
  }
  const unknown = unknownIn(
    counts,
    counted.map(({ time }) => time),
  )
  return {
    times: buckets.times,
    series: series
      .toSorted((a, b) => placeOf(a.name) - placeOf(b.name))
      .map((part) => ({ ...part, values: knownValues(buckets.times, part.values, unknown) })),
    unknown,
  }
}
