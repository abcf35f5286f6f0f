import { isServicePort, serviceColumns } from '../../model/service-port.ts'
import { dimensions, rollups, stepMs, type Rollup } from './schema.ts'

export type RollupQuery = Readonly<{
  group: readonly string[]
  tests: readonly Readonly<{ field: string; equals?: readonly (string | number)[] }>[]
  step: number | undefined
  span: Readonly<{ from: number; to: number }>
  /** Unix ms from which each rollup is complete. */
  since: Readonly<Record<Rollup, number>>
  /** Fields of rollups that merge no rows. Default: those of the embedded store. */
  dimensions?: readonly string[] | undefined
}>

const foldLevels = [1, 2, 3] as const
export type FoldLevel = (typeof foldLevels)[number]

export type RollupPlan = Readonly<{
  /** Sums `flows bytes packets bytes_est packets_est` by `time`. */
  view: Rollup
  span: Readonly<{ from: number; to: number }>
  /** From this level on, rows lack requested fields. Undefined: always exact. */
  lossy: FoldLevel | undefined
  /** The same for fields of the filter: even the total can be wrong. */
  lossyFilter: FoldLevel | undefined
  /** Other ports count as absent, and SYN and listening side are not considered. */
  servicePortsOnly: boolean
  remainder: string | undefined
}>

const lostAt = new Map(dimensions.map((column) => [column.name, column.lostAt ?? 3]))
const isDerived = (field: string) => (serviceColumns as readonly string[]).includes(field)
const isPort = (field: string) => ['src_port', 'dst_port'].includes(field) || isDerived(field)

function columnsBehind(fields: readonly string[]): readonly string[] {
  return fields.flatMap((field) => (isDerived(field) ? ['src_port', 'dst_port'] : [field]))
}

export function planRollup({
  group,
  tests,
  step,
  span,
  since,
  dimensions: whole,
}: RollupQuery): RollupPlan | undefined {
  const fields = columnsBehind([...group, ...tests.map(({ field }) => field)])
  if (!fields.every((field) => whole?.includes(field) ?? lostAt.has(field))) return undefined
  if (
    !tests.every(({ field, equals }) => !isPort(field) || equals?.every((port) => isServicePort(Number(port))) === true)
  )
    return undefined
  const fits = (rollup: Rollup) => {
    const width = stepMs[rollup]
    if (span.from < since[rollup]) return false
    if (step !== undefined && (step % width !== 0 || step <= 0)) return false
    // Edges may be off by a hundredth of the span. With and without a step alike, so that a chart and its lists agree.
    return span.from % width === 0 && span.to % width === 0 ? true : (span.to - span.from) / width >= 200
  }
  const view = rollups.toReversed().find(fits)
  if (view === undefined) return undefined
  const width = stepMs[view]
  const lossy = (fields: readonly string[]) => {
    if (whole !== undefined) return undefined
    const first = Math.min(...columnsBehind(fields).map((field) => lostAt.get(field) ?? Infinity))
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
    servicePortsOnly: unknownPorts.length > 0 || tests.some(({ field }) => isDerived(field)),
    remainder: remainder.length === 0 ? undefined : remainder.join(' OR '),
  }
}
