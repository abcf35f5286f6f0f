import type { ChangeSums } from '../../api/objects.ts'
import { bucketsOf, knownValues, unknownIn, type Stretch } from '../../api/series.ts'
import type { ChartSeries } from '../chart.tsx'
import { operations } from './operations.ts'
import { generalText } from '../../text/general.ts'

/** As in the rows. */
const tones: Readonly<Record<string, ChartSeries['tone']>> = { created: 'good', updated: 'series-1', deleted: 'bad' }

export function seriesOf(sums: ChangeSums): Readonly<{
  times: readonly number[]
  series: readonly ChartSeries[]
  unknown: readonly Stretch[]
}> {
  const { span, step, by, groups, others, buckets: counted } = sums
  const buckets = bucketsOf({ span, step })
  const names = [
    ...groups.map(({ value }) => value ?? (by === 'namespace' ? generalText.clusterScoped : generalText.unknown)),
    ...(others.changes > 0 ? ['others'] : []),
  ]
  const series = names.map((name, index): ChartSeries & { readonly values: number[] } => ({
    name,
    values: buckets.zeros(),
    other: index === groups.length,
    ...(by === 'operation' && tones[name] !== undefined ? { tone: tones[name] } : {}),
  }))
  for (const { time, changes } of counted) {
    const at = buckets.at(time)
    if (at >= 0)
      series.forEach(({ values }, index) => {
        values[at] = changes[index] ?? 0
      })
  }
  const order = (name: string) => (by === 'operation' ? operations.findIndex((operation) => operation === name) : 0)
  const unknown = unknownIn(
    sums,
    counted.map(({ time }) => time),
  )
  return {
    times: buckets.times,
    series: series
      .toSorted((a, b) => order(a.name) - order(b.name))
      .map((part) => ({ ...part, values: knownValues(buckets.times, part.values, unknown) })),
    unknown,
  }
}
