import {
  defaultPenalty,
  intervalOf,
  levelsOf,
  type Expected,
  type Fitted,
  type LevelChange,
  type LevelKind,
} from './levels.ts'

/** Sums per bucket of a pair of workloads, or of several (`isSum`). `key`: its ends. */
export type Series<Key> = Readonly<{
  key: Key
  values: readonly number[]
  /** Number of flows per bucket. */
  flows: readonly number[]
  unit: number
  isSum: boolean
  expected?: Expected | undefined
}>

/** A change of level of one or more pairs at the same time. */
export type TrafficLevel<Key> = LevelChange &
  Readonly<{
    /** Sum of the differences per bucket. */
    size: number
    keys: readonly Key[]
  }>

/** Smaller changes, as a share of all traffic, are noise. */
const leastShare = 0.01
/** Buckets between the changes of pairs that are one change; more, if their buckets are uncertain. */
const [together, mostTogether] = [2, 6]

/** Part of its traffic that a pair keeps at least, or else it lost it. */
const leastLeft = 0.2

type Member<Key> = Readonly<{ of: Series<Key>; fitted: Fitted; change: LevelChange }>

const sizeOf = ({ before, after }: Pick<LevelChange, 'before' | 'after'>) => Math.abs(after - before)

/** Changes of level of all pairs, in order of time. */
export function trafficLevels<Key>(
  series: readonly Series<Key>[],
  penalty = defaultPenalty,
): readonly TrafficLevel<Key>[] {
  const length = series[0]?.values.length ?? 0
  const pairs = series.filter(({ isSum }) => !isSum)
  const total = pairs.reduce((sum, { values }) => sum + values.reduce((of, value) => of + value, 0), 0)
  // Among many series without a change, some look as if they had a change.
  const manySeries = (2 * Math.log(Math.max(1, 2 * series.length))) / Math.log(Math.max(2, length))
  const limit = penalty + manySeries
  const left = new Set(
    series.flatMap((of) => membersOf(of, limit)).toSorted((a, b) => sizeOf(b.change) - sizeOf(a.change)),
  )
  const levels: TrafficLevel<Key>[] = []
  for (const first of left) {
    const members = [...left].filter(({ change }) => isTogether(change, first.change))
    for (const member of members) left.delete(member)
    levels.push(grouped(members, length))
  }
  return levels.filter(({ size }) => size > 0 && size >= (leastShare * total) / length).toSorted((a, b) => a.at - b.at)
}

function membersOf<Key>(of: Series<Key>, penalty: number): readonly Member<Key>[] {
  const asMembers = (fitted: Fitted) => fitted.changes.map((change) => ({ of, fitted, change }))
  const ofSums = asMembers(levelsOf(of.values, { unit: of.unit, penalty, expected: of.expected }))
  if (of.unit === 1) return ofSums
  // A fall of few flows is clear in their number, and hidden in their bytes.
  const ofCounts = asMembers(levelsOf(of.flows, { penalty, sums: of.values, expected: of.expected }))
  return [...ofSums, ...ofCounts.filter(({ change }) => !ofSums.some((sum) => isTogether(sum.change, change)))]
}

/** Changes in opposite directions are one only if both are clear: where traffic moves, or retries end. */
function isTogether(change: LevelChange, of: LevelChange) {
  const width = Math.max(change.width, of.width)
  const distance = Math.abs(change.at - of.at)
  return isRise(change) === isRise(of)
    ? distance <= Math.max(together, Math.min(mostTogether, width))
    : distance <= together && width <= together
}

function isRise({ before, after }: LevelChange) {
  return after > before
}

/** Sums count only if no pair shows the change alone. */
function grouped<Key>(all: readonly Member<Key>[], length: number): TrafficLevel<Key> {
  const pairs = all.filter(({ of }) => !of.isSum)
  const members = pairs.length > 0 ? pairs : all.slice(0, 1)
  const sum = (of: (change: LevelChange) => number) => members.reduce((total, { change }) => total + of(change), 0)
  const first = members[0]!
  const { at, earliest, latest, width } =
    members.length === 1
      ? first.change
      : intervalOf(
          (bucket) => members.reduce((total, { fitted, change }) => total + fitted.devianceAt(change, bucket), 0),
          [0, first.change.at, length],
        )
  return {
    at,
    earliest,
    latest,
    kind: kindOfAll(members.map(({ change }) => change)),
    before: sum(({ before }) => before),
    after: sum(({ after }) => after),
    isGradual: 2 * sum((change) => (change.isGradual ? sizeOf(change) : 0)) > sum(sizeOf),
    width,
    size: sum(sizeOf),
    keys: members.map(({ of }) => of.key),
  }
}

/** The kind of most of the difference. A pair that lost its traffic is a fall, also beside one that is usual again. */
function kindOfAll(changes: readonly LevelChange[]): LevelKind {
  const amount = (kind: LevelKind) => changes.reduce((sum, of) => sum + (of.kind === kind ? sizeOf(of) : 0), 0)
  const [largest] = (['fall', 'recovery', 'rise'] as const).toSorted((a, b) => amount(b) - amount(a))
  const isLost = changes.some(({ kind, before, after }) => kind === 'fall' && after < leastLeft * before)
  return largest === 'recovery' && isLost ? 'fall' : largest!
}

type Sized = Pick<TrafficLevel<unknown>, 'kind' | 'isGradual' | 'size'>

/** The largest fall first, then the largest change; sudden ones before gradual ones. */
export function bySize<T extends Sized>(levels: readonly T[]): readonly T[] {
  const rank = ({ kind, isGradual }: T) => (kind === 'fall' ? 0 : 2) + (isGradual ? 1 : 0)
  return levels.toSorted((a, b) => rank(a) - rank(b) || b.size - a.size)
}
