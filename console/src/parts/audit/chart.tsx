import { useMemo } from 'react'
import type { TraceSums } from '../../api/traces.ts'
import type { ChartSeries } from '../chart.tsx'
import { CountsChart, type SumsChartProps } from '../counts-chart.tsx'
import { groupedSeries } from '../grouped-series.ts'
import { actorText } from '../../state/refs.ts'
import { generalText } from '../../text/general.ts'

const tones: Readonly<Record<string, ChartSeries['tone']>> = { normal: 'good', warning: 'warning', incident: 'bad' }
const severities = Object.keys(tones)

export function TracesChart({
  sums,
  label = generalText.traces,
  ...chart
}: SumsChartProps<TraceSums>): React.ReactNode {
  const counts = useMemo(() => {
    const isSeverity = sums.by === 'severity'
    return groupedSeries(
      {
        ...sums,
        groups: sums.groups.map(({ value }) => value),
        others: sums.others.traces > 0,
        buckets: sums.buckets.map(({ time, traces }) => ({ time, n: traces })),
      },
      {
        nameOf: (value) => (value === null ? generalText.unknown : sums.by === 'actor' ? actorText(value) : value),
        toneOf: (name) => (isSeverity ? tones[name] : undefined),
        placeOf: (name) => (isSeverity ? severities.indexOf(name) : 0),
      },
    )
  }, [sums])
  return <CountsChart label={label} {...counts} {...chart} />
}
