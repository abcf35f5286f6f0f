import { useMemo } from 'react'
import type { EventSums } from '../../../../src/api/published.ts'
import { BySelect } from '../../parts/by-select.tsx'
import { Chart } from '../../parts/chart.tsx'
import { count, isoOfSeconds } from '../../parts/format.ts'
import { groupedSeries } from '../../parts/grouped-series.ts'
import { eventsText } from '../../text/events.ts'
import { generalText } from '../../text/general.ts'
import { levelTones } from './columns.tsx'
import type { EventList } from './state.ts'

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
}>

export function Timeline({ sums, list, stale, onBy, onSpan }: TimelineProps): React.ReactNode {
  const { times, series, unknown } = useMemo(() => {
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
  const offered = groupings[list].includes(sums.by) ? groupings[list] : [sums.by, ...groupings[list]]
  return (
    <section className={stale ? 'panel volume stale' : 'panel volume'} aria-label={generalText.timeline}>
      <Chart
        label={list === 'logs' ? eventsText.lines : eventsText.events}
        times={times}
        series={series}
        unknown={unknown}
        stacked
        height={104}
        format={whole}
        onBrush={(from, to) => onSpan(isoOfSeconds(from), isoOfSeconds(to))}
        menu={<BySelect by={sums.by} groupings={offered} onChange={onBy} />}
      />
    </section>
  )
}

const whole = (value: number) => (Number.isInteger(value) ? count(value) : '')
