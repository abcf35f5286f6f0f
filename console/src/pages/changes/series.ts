import type { ChangeSums } from '../../api/objects.ts'
import { groupedSeries, type GroupedSeries } from '../../parts/grouped-series.ts'
import type { ChartSeries } from '../../parts/chart.tsx'
import { operations } from './operations.ts'
import { generalText } from '../../text/general.ts'

/** As in the rows. */
const tones: Readonly<Record<string, ChartSeries['tone']>> = { created: 'good', updated: 'series-1', deleted: 'bad' }

export function seriesOf(sums: ChangeSums): GroupedSeries {
  const { by } = sums
  return groupedSeries(
    {
      ...sums,
      groups: sums.groups.map(({ value }) => value),
      others: sums.others.changes > 0,
      buckets: sums.buckets.map(({ time, changes }) => ({ time, n: changes })),
    },
    {
      nameOf: (value) => value ?? (by === 'namespace' ? generalText.clusterScoped : generalText.unknown),
      toneOf: (name) => (by === 'operation' ? tones[name] : undefined),
      placeOf: (name) => (by === 'operation' ? operations.findIndex((operation) => operation === name) : 0),
    },
  )
}
