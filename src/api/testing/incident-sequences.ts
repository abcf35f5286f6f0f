// Seeded worlds with several incidents: each is repaired before the next one, between many changes without effect.
import type { FlowBatch } from '../../model/batches.ts'
import type { WeirEvent } from '../../model/events.ts'
import type { ChangeData } from '../../model/kubernetes.ts'
import { SeededRandom } from '../../../test/kit/random.ts'
import { clusterCause } from './incident-causes.ts'
import { decoysOf } from './incident-decoys.ts'
import { decoysAt, repeatedWrites } from './incident-routine.ts'
import {
  between,
  edgesOf,
  eventsOf,
  minute,
  objectsOf,
  people,
  replace,
  servicesOf,
  type Edge,
  type Service,
  type Written,
} from './incident-services.ts'
import { randomTraffic } from './incident-traffic.ts'

/** A change with its effect on traffic; `written` is undefined if the traffic changed without one. Times: Unix ms. */
export type Effect = Readonly<{ written: Written | undefined; time: number }>
export type SequenceIncident = Readonly<{ fall: Effect; recovery: Effect }>
export type TimeRange = Readonly<{ from: number; to: number }>

export type IncidentSequence = Readonly<{
  incidents: readonly SequenceIncident[]
  events: readonly WeirEvent[]
  flows: FlowBatch
  flowsPerMinute: number
  start: number
  end: number
}>

const [calmMs, tailMs] = [35 * minute, 12 * minute]

/** `caused`: of each incident, whether a recorded change caused it. */
export function incidentSequence(seed: number, now: number, caused = true): IncidentSequence {
  const random = new SeededRandom(seed)
  const services = servicesOf(random)
  const edges = edgesOf(random, services)
  const flowsPerMinute = random.pick([60, 200, 600, 2000])
  const times = timesOf(random, now - tailMs)
  const start = (times[0]?.onset ?? now) - calmMs
  const outages: Outage[] = []
  const incidents = times.map(({ onset, end }, index): SequenceIncident => {
    const target = random.pick(services.slice(1))
    const person = random.pick(people)
    const at = onset - between(random, 0, 20_000)
    const { written, broken, left } = clusterCause(random.integer(0, 11), random, {
      services,
      edges,
      target,
      person,
      at,
    })
    outages.push({ onset, end, broken: new Set(broken), left })
    const repaired = repairOf(written, end - between(random, 0, 20_000), index % 2 === 0 ? person : random.pick(people))
    return {
      fall: { written: caused ? written : undefined, time: onset },
      recovery: { written: caused ? repaired : undefined, time: end },
    }
  })
  const written = [
    ...incidents.flatMap(({ fall, recovery }) => [fall.written ?? [], recovery.written ?? []].flat()),
    ...repeatedWrites(random, services, { from: start, to: now }),
    ...times.flatMap(({ onset, end }) => {
      const target: Service = random.pick(services.slice(1))
      const person = random.pick(people)
      return [...decoysOf(random, services, { target, onset, person }), ...decoysAt(random, target, [onset, end])]
    }),
  ]
  return {
    incidents,
    events: [...services.flatMap((service) => objectsOf(service, start - 60 * minute)), ...orderedEvents(written)],
    flows: randomTraffic(random, edges, {
      from: start,
      to: now,
      flowsPerMinute,
      levelOf: (edge, time) =>
        outages.find(({ onset, end, broken }) => time >= onset && time < end && broken.has(edge))?.left ?? 1,
    }),
    flowsPerMinute,
    start,
    end: now,
  }
}

type Outage = Readonly<{ onset: number; end: number; broken: ReadonlySet<Edge>; left: number }>

/** From the last to the first, so that the last one ends at `end`. */
function timesOf(random: SeededRandom, end: number): readonly Readonly<{ onset: number; end: number }>[] {
  const times: { readonly onset: number; readonly end: number }[] = []
  let last = end
  for (let count = random.integer(3, 5); count > 0; count--) {
    const onset = last - between(random, 5, 12) * minute
    times.unshift({ onset, end: last })
    last = onset - between(random, 5, 20) * minute
  }
  return times
}

/** The change that restores the state before `written`. */
function repairOf({ of, data, ...more }: Written, at: number, user: string): Written {
  const { operation, old, new: state, patch } = data
  const reverse: Partial<ChangeData> =
    operation === 'created'
      ? { operation: 'deleted', old: state ?? null }
      : operation === 'deleted'
        ? { operation: 'created', new: old ?? null }
        : {
            operation: 'updated',
            old: state ?? null,
            new: old ?? null,
            patch: (patch ?? []).map(({ path }) => replace(path, 'restored')),
          }
  return { ...more, of, at, user, data: reverse }
}

export function orderedEvents(written: readonly Written[]): WeirEvent[] {
  const versions = new Map<string, number>()
  return written
    .toSorted((a, b) => a.at - b.at)
    .flatMap((change) => {
      const version = (versions.get(change.of) ?? 100) + 1
      versions.set(change.of, version)
      return eventsOf(change, version)
    })
}

/** Ranges that users select around a change at `time`. */
export function rangesAround(time: number, { start, end }: Pick<IncidentSequence, 'start' | 'end'>) {
  const range = (before: number, after: number): TimeRange => ({
    from: Math.max(start, time - before * minute),
    to: Math.min(end, time + after * minute),
  })
  return {
    tight: range(2, 2),
    'wide before': range(20, 3),
    'wide after': range(3, 20),
    'whole hour': range(30, 30),
  } as const
}
