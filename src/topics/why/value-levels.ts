/** Changes of level of several series of values, which can have any unit and sign. */
import { metricLevels } from './metric-levels.ts'
import type { LevelChange } from './levels.ts'
import { nearestOf, timesOf, type Level } from './onset.ts'

/** Buckets between the changes of series that are one change. */
const together = 2

export type ValueSeries<Key> = Readonly<{ key: Key; values: readonly number[] }>
/** `keys`: of the series that changed, the largest change first. */
export type ValueLevel<Key> = Level & Readonly<{ keys: readonly Key[] }>

type Change<Key> = Readonly<{ key: Key; change: LevelChange }>
/** `timeOf`: the start of a bucket; µs. `namesOf`: of workloads or series. */
type Buckets<Key> = Readonly<{
  timeOf: (index: number) => bigint
  step: bigint
  namesOf: (key: Key) => readonly string[]
}>

/** In order of time. */
export function valueLevels<Key>(
  series: readonly ValueSeries<Key>[],
  buckets: Buckets<Key>,
): readonly ValueLevel<Key>[] {
  // Among many series without a change, some look as if they had a change.
  const manySeries = Math.log(Math.max(1, 2 * series.length))
  const changes = series.flatMap(({ key, values }) =>
    metricLevels(values, manySeries).map((change) => ({ key, change })),
  )
  return groupsOf(changes).map((members) => levelOf(members, buckets))
}

/** Changes of several series at the same time and in the same direction are one. */
function groupsOf<Key>(changes: readonly Change<Key>[]): readonly (readonly Change<Key>[])[] {
  const left = new Set(changes.toSorted((a, b) => sizeOf(b.change) - sizeOf(a.change)))
  const groups: Change<Key>[][] = []
  for (const largest of left) {
    const members = [...left].filter(
      ({ change }) =>
        Math.abs(change.at - largest.change.at) <= together &&
        change.after > change.before === largest.change.after > largest.change.before,
    )
    for (const member of members) left.delete(member)
    groups.push(members)
  }
  return groups.toSorted((a, b) => a[0]!.change.at - b[0]!.change.at)
}

const sizeOf = ({ before, after }: LevelChange) => Math.abs(after - before)

function levelOf<Key>(members: readonly Change<Key>[], { timeOf, step, namesOf }: Buckets<Key>): ValueLevel<Key> {
  const { change } = members[0]!
  const sum = (of: (change: LevelChange) => number) => members.reduce((total, member) => total + of(member.change), 0)
  return {
    ...timesOf(change, timeOf, step),
    kind: change.kind,
    before: sum(({ before }) => before),
    after: sum(({ after }) => after),
    isGradual: change.isGradual,
    width: change.width,
    size: sum(sizeOf),
    pairs: [],
    ends: new Set(members.flatMap(({ key }) => namesOf(key))),
    keys: members.map(({ key }) => key),
  }
}

/** Values have no better direction: the largest change, sudden ones first. `at` selects the nearest one. */
export function selectedValueLevel<Key>(
  levels: readonly ValueLevel<Key>[],
  at: bigint | undefined,
): ValueLevel<Key> | undefined {
  if (at !== undefined) return nearestOf(levels, at)
  return levels.toSorted((a, b) => Number(a.isGradual) - Number(b.isGradual) || b.size - a.size)[0]
}
