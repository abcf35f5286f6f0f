import type { ChangeSums } from '../../api/objects.ts'
import type { ChartSeries } from '../chart.tsx'
import { operations } from './operations.ts'
import { generalText } from '../../text/general.ts'

export function seriesOf({
  span,
  step,
  by,
  groups,
  others,
  buckets,
}: ChangeSums): Readonly<{ times: readonly number[]; series: readonly ChartSeries[] }> {
  const first = Math.floor(Date.parse(span.from) / 1000 / step) * step
  const length = Math.max(1, Math.ceil((Date.parse(span.to) / 1000 - first) / step))
  const names = [
    ...groups.map(({ value }) => value ?? (by === 'namespace' ? generalText.clusterScoped : generalText.unknown)),
    ...(others.changes > 0 ? ['others'] : []),
  ]
  const series = names.map((name, index): ChartSeries & { readonly values: number[] } => ({
    name,
    values: new Array<number>(length).fill(0),
    other: index === groups.length,
  }))
  for (const { time, changes } of buckets) {
    const at = Math.round((Date.parse(time) / 1000 - first) / step)
    if (at >= 0 && at < length)
      series.forEach(({ values }, index) => {
        values[at] = changes[index] ?? 0
      })
  }
  const order = (name: string): number => (by === 'operation' ? operations.findIndex((each) => each === name) : 0)
  return {
    times: Array.from({ length }, (_, index) => first + index * step),
    series: series.toSorted((a, b) => order(a.name) - order(b.name)),
  }
}
