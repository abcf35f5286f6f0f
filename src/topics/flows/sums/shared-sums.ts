import type { Control, StoredSums, StoreReader } from '../../../engine/control.ts'
import { fingerprint, type AggregateQuery } from '../../../query/plan/index.ts'
import type { Viewer } from '../../scope.ts'
import { flowsIn } from './file-sums.ts'
import type { SumGroups } from './flow-sums.ts'
import type { SumsQuery } from '../parameters.ts'
import { SharedRuns } from './shared-runs.ts'

export class StoreRuns<Answer> {
  readonly #runs = new WeakMap<StoreReader, SharedRuns<Answer>>()
  readonly #joinedMs: number | undefined

  /** {@link SharedRuns} */
  constructor(joinedMs?: number) {
    this.#joinedMs = joinedMs
  }

  of(store: StoreReader): SharedRuns<Answer> {
    const runs = this.#runs.get(store) ?? new SharedRuns<Answer>(this.#joinedMs)
    this.#runs.set(store, runs)
    return runs
  }
}

/** Equal for requests with the same rows and sums. Ranges that end now are equal if they are written equally. */
export function sharedKey(
  request: AggregateQuery,
  { fields, step }: SumGroups,
  { from = '', to = 'now', filter: _, ...more }: SumsQuery,
  { namespaces }: Pick<Viewer, 'namespaces'>,
): string {
  const { by, limit, span } = request
  const isRelative = [from, to].every((time) => time.startsWith('now'))
  const names = fields.map(({ name }) => name)
  return fingerprint(request, [
    JSON.stringify([names, step ?? null, by, limit, more, namespaces ?? null]),
    isRelative ? `${from} ${to}` : `${span.from} ${span.to}`,
  ])
}

/** Number of groups of a run of which pairs and topology use the first groups. */
const sharedGroups = 500
/** With fewer flows, a run is cheap. With more, groups are those of rollups or candidates. */
const [fewFlows, maxFlows] = [1_000_000, 20_000_000]

/** The request with as many groups as the largest of similar requests. Undefined if it needs a separate run. */
export function widened<Request extends AggregateQuery>(
  request: Request,
  { fields, step }: SumGroups,
  { flows }: Pick<StoredSums, 'flows'>,
): Request | undefined {
  const stored = flowsIn(request.span, flows.hours ?? [])
  const isPair = step === undefined && fields.length === 2 && fields.every(({ kind }) => kind === 'ip')
  const isPlain = request.of === undefined && request.beside === undefined && request.further === undefined
  const isLarge = stored >= fewFlows && stored <= maxFlows
  return isPair && isPlain && isLarge && request.limit <= sharedGroups ? { ...request, limit: sharedGroups } : undefined
}

/** Parameters that the groups and the rank of a request replace. */
const ofGroups: ReadonlySet<string> = new Set(['group', 'scope', 'limit', 'by', 'measure'])

/** For {@link sharedKey} of a {@link widened} request. */
export function withoutGroups(query: SumsQuery): SumsQuery {
  return Object.fromEntries(Object.entries(query).filter(([name]) => !ofGroups.has(name)))
}

/**
 * Changes when queries see further flows that Weir acknowledged to a client. A run that began before must not be joined
 * then. Undefined: unknown.
 */
export function visibleFlows(
  control: Pick<Control, 'acknowledges'>,
  sums: Pick<StoredSums, 'flows'> | undefined,
): string | undefined {
  const newest = sums?.flows.newest
  if (newest === undefined) return undefined
  return JSON.stringify(Object.entries(newest).filter(([source]) => control.acknowledges(source)))
}
