import { useMemo } from 'react'
import type { EventSums } from '../../../../src/api/published.ts'
import { CountsChart, type SumsChartProps } from '../counts-chart.tsx'
import { groupedSeries } from '../grouped-series.ts'
import { eventsText } from './text.ts'
import { levelTones } from './columns.tsx'

/** The most severe is above. */
const levels = ['unknown', 'trace', 'debug', 'info', 'warn', 'error', 'critical', 'fatal']

export function EventsChart({ sums, label = eventsText.events, ...chart }: SumsChartProps<EventSums>): React.ReactNode {
  const counts = useMemo(() => {
    const isLevel = sums.by === 'level'
    return groupedSeries(
      {
        ...sums,
        groups: sums.groups.map(({ value }) => value),
        others: sums.others.events > 0,
        buckets: sums.buckets.map(({ time, events }) => ({ time, n: events })),
      },
      {
        nameOf: (value) => value ?? eventsText.withoutValue,
        toneOf: (name) => (isLevel ? levelTones[name] : undefined),
        placeOf: (name) => (isLevel ? levels.indexOf(name) : 0),
      },
    )
  }, [sums])
  return <CountsChart label={label} {...counts} {...chart} />
}
