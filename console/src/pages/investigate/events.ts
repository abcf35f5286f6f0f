import type { Investigation, LaneItem, LaneName } from '../../../../src/api/published.ts'
import { investigateText } from './text.ts'

export type LaneEvent = LaneItem & Readonly<{ lane: LaneName; key: string }>

export const laneTitles: Readonly<Record<LaneName, string>> = {
  traffic: investigateText.traffic,
  latency: investigateText.latency,
  drops: investigateText.drops,
  changes: investigateText.changes,
  audit: investigateText.audit,
  events: investigateText.clusterEvents,
  errors: investigateText.errors,
  problems: investigateText.problems,
  cost: investigateText.cost,
  gaps: investigateText.gaps,
}

/** In order of time. */
export function eventsOf({ lanes }: Investigation): readonly LaneEvent[] {
  return lanes
    .flatMap(({ name, items }) => items.map((item) => ({ ...item, lane: name, key: `${name}:${item.pos}` })))
    .toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time))
}

export type Cluster = Readonly<{ at: number; until: number | undefined; events: readonly LaneEvent[] }>

/** Places from 0 to 1; events closer than `least` share a mark, the worst first. What lasts has its own. */
export function clustersOf(
  events: readonly LaneEvent[],
  { from, to }: Readonly<{ from: number; to: number }>,
  least: number,
): readonly Cluster[] {
  const fractionOf = (iso: string) => Math.min(1, Math.max(0, (Date.parse(iso) - from) / (to - from)))
  const clusters: { at: number; until: number | undefined; events: LaneEvent[] }[] = []
  for (const event of events) {
    const [at, until] = [fractionOf(event.time), event.until === null ? undefined : fractionOf(event.until)]
    const last = clusters.at(-1)
    if (last !== undefined && last.until === until && at - last.at < least) last.events.push(event)
    else clusters.push({ at, until, events: [event] })
  }
  return clusters.map((cluster) => ({ ...cluster, events: cluster.events.toSorted((a, b) => rank(b) - rank(a)) }))
}

const rank = ({ level }: LaneEvent) => ['info', 'warning', 'bad'].indexOf(level)
