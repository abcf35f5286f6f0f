import type { SeededRandom } from '../../host/simulated/random.ts'
import type { FaultKind, WantedFault } from './settings.ts'

export type PlannedFault = Readonly<{
  kind: FaultKind
  /** Ms since the start of the simulation. */
  at: number
  until: number
}>

const usualMs: Readonly<Record<FaultKind, number>> = {
  kill: 60_000,
  torn: 60_000,
  full: 600_000,
  partition: 1_800_000,
  slow: 1_800_000,
}

/** Faults of one kind per day third. */
const everyMs = 8 * 3600_000
/** The rest of the time shows the recovery. */
const [earliest, latest] = [0.05, 0.7]

/** One after another, in an order of the seed; each kind at least once. */
export function planFaults(
  wanted: readonly WantedFault[],
  lengthMs: number,
  stepMs: number,
  random: SeededRandom,
): readonly PlannedFault[] {
  const count = Math.max(1, Math.round(lengthMs / everyMs))
  const all = shuffled(Array.from({ length: count }, () => wanted).flat(), random)
  const slot = ((latest - earliest) * lengthMs) / Math.max(1, all.length)
  const steps = (ms: number) => Math.max(1, Math.round(ms / stepMs)) * stepMs
  let free = 0
  return all.map(({ kind, ms }, index) => {
    const length = steps(ms ?? Math.min(slot / 2, usualMs[kind] * (0.5 + random.next() / 2)))
    const drawn = earliest * lengthMs + index * slot + (random.next() * slot) / 3
    const at = Math.max(free, steps(drawn))
    free = at + length + 2 * stepMs
    return { kind, at, until: at + length }
  })
}

function shuffled<T>(items: readonly T[], random: SeededRandom): readonly T[] {
  return items
    .map((item) => ({ item, order: random.next() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
