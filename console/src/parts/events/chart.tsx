import { useMemo } from 'react'
import type { EventSums } from '../../../../src/api/published.ts'
import { BySelect } from '../by-select.tsx'
import { CountsChart } from '../counts-chart.tsx'
import { groupedSeries } from '../grouped-series.ts'
import { eventsText } from './text.ts'
import { generalText } from '../../text/general.ts'
import { levelTones } from './columns.tsx'
import type { EventList } from './lists.ts'

export const groupings: Readonly<Record<EventList, readonly string[]>> = {
  events: ['type', 'source', 'family', 'subject'],
  logs: ['level', 'source'],
  all: ['family', 'type', 'source'],
}

/** The most severe is above. */
const levels = ['unknown', 'trace', 'debug', 'info', 'warn', 'error', 'critical', 'fatal']

type TimelineProps = Readonly<{
  sums: EventSums
  list: EventList
  stale: boolean
  onBy: (by: string) => void
  onSpan: (from: string, to: string) => void
  menu?: React.ReactNode
}>

export function Timeline({ sums, list, stale, onBy, onSpan, menu }: TimelineProps): React.ReactNode {
  const offered = groupings[list].includes(sums.by) ? groupings[list] : [sums.by, ...groupings[list]]
  return (
    <section className={stale ? 'panel volume stale' : 'panel volume'} aria-label={generalText.timeline}>
      <EventsChart
        sums={sums}
        label={list === 'logs' ? eventsText.lines : eventsText.events}
        height={104}
        onSpan={onSpan}
        menu={
          <>
            <BySelect by={sums.by} groupings={offered} onChange={onBy} />
            {menu}
          </>
        }
      />
    </section>
  )
}

type EventsChartProps = Readonly<{
  sums: EventSums
  label: string
  height: number
  onSpan: (from: string, to: string) => void
  menu?: React.ReactNode
}>

export function EventsChart({ sums, ...chart }: EventsChartProps): React.ReactNode {
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
  return <CountsChart {...counts} {...chart} />
}
