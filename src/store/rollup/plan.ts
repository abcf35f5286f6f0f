import { dimensions, isServicePort, rollups, stepMs, type Rollup } from './schema.ts'

/** What somebody wants to know of flows, as far as it decides where the answer can come from. */
export interface RollupQuestion {
  /** Fields of the answer's groups, by their names in view `flows`. */
  readonly group: readonly string[]
  /** Every test of the filter: its field, and the values of one that asks for equality with any of them. */
  readonly tests: readonly { readonly field: string; readonly equals?: readonly (string | number)[] }[]
  /** Length of a bucket in ms; undefined when the whole span is one. */
  readonly step: number | undefined
  /** Unix ms: from ≤ time < to. */
  readonly span: { readonly from: number; readonly to: number }
  /** Unix ms since when each rollup holds every flow that is stored: `rollups` of the store's status. */
  readonly since: Readonly<Record<Rollup, number>>
}

/** How far rows of a rollup were put together with others (`folded`): the further, the fewer fields they still have. */
export const foldLevels = [1, 2, 3] as const
export type FoldLevel = (typeof foldLevels)[number]

export interface RollupPlan {
  /** The view to read: sums `flows bytes packets bytes_est packets_est` by `time`, the beginning of a bucket. */
  readonly view: Rollup
  /** The span that is answered: that of the question, widened to whole buckets of the view where it has no buckets of its own. */
  readonly span: { readonly from: number; readonly to: number }
  /**
   * Rows that are folded so far, or further, have lost something that the question asks for. The answer is exact when no row of the
   * span is; else their sums are what may be missing from groups, or wrongly in them. Undefined: it is always exact.
   */
  readonly lossy: FoldLevel | undefined
  /** The same for what the filter alone asks for: where such rows are, even the total may be wrong. */
  readonly lossyFilter: FoldLevel | undefined
  /** The answer tells ports of services apart and counts all others as absent. */
  readonly servicePortsOnly: boolean
  /** SQL that is true for rows which belong to no group of the answer: their sums are the remainder. Undefined: there are none. */
  readonly remainder: string | undefined
}

const lostAt = new Map(dimensions.map((column) => [column.name, column.lostAt ?? 3]))
const isPort = (field: string): boolean => field === 'src_port' || field === 'dst_port'

/**
 * The coarsest rollup that can answer a question for the sums of bytes, packets and flows, estimated or as reported;
 * undefined when only the flows themselves can.
 */
export function planRollup({ group, tests, step, span, since }: RollupQuestion): RollupPlan | undefined {
  const fields = [...group, ...tests.map(({ field }) => field)]
  if (!fields.every((field) => lostAt.has(field))) return undefined
  // Rows do not tell other ports apart, not even from none.
  if (
    !tests.every(({ field, equals }) => !isPort(field) || equals?.every((port) => isServicePort(Number(port))) === true)
  )
    return undefined
  const fits = (rollup: Rollup): boolean => {
    const width = stepMs[rollup]
    if (span.from < since[rollup]) return false
    if (step !== undefined) return step % width === 0 && step > 0
    // Without buckets the edges may be off by one of them: not more than a hundredth of the span.
    return span.from % width === 0 && span.to % width === 0 ? true : (span.to - span.from) / width >= 200
  }
  const view = rollups.toReversed().find(fits)
  if (view === undefined) return undefined
  const width = stepMs[view]
  const lossy = (asked: readonly string[]): FoldLevel | undefined => {
    const first = Math.min(...asked.map((field) => lostAt.get(field) ?? Infinity))
    return foldLevels.find((level) => level === first)
  }
  const unknownPorts = group.filter((field) => isPort(field) && !tests.some((test) => test.field === field))
  const lostGroup = lossy(group)
  const remainder = [
    ...(lostGroup === undefined ? [] : [`folded >= ${lostGroup}`]),
    ...unknownPorts.map((field) => `"${field}" IS NULL`),
  ]
  return {
    view,
    span: { from: Math.floor(span.from / width) * width, to: Math.ceil(span.to / width) * width },
    lossy: lossy(fields),
    lossyFilter: lossy(tests.map(({ field }) => field)),
    servicePortsOnly: unknownPorts.length > 0,
    remainder: remainder.length === 0 ? undefined : remainder.join(' OR '),
  }
}
