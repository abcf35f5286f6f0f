import type { StoredSums, StoreReader } from '../../../engine/control.ts'
import { flowsReceived } from '../../../model/flow-time.ts'
import { sumOfCells } from '../../../model/integer-cell.ts'
import { trimOldest } from '../../../model/trim-oldest.ts'
import { columnsRead, compileSql, dialectOf, testsOf, type Dialect, type QueryField } from '../../../query/index.ts'
import {
  boundOf,
  fingerprint,
  lossSql,
  maxFlowDelayUs,
  type AggregateQuery,
  type Rollup,
  type RollupTotals,
  type RowQuery,
  type TimeSpan,
} from '../../../query/plan/index.ts'
import { msPerHour } from '../../../store/names.ts'
import { planRollup, type FoldLevel, type RollupPlan } from '../../../store/rollup/plan.ts'
import type { Clock } from '../../../host/index.ts'
import type { SumRow } from './request.ts'
import { fileSums } from './file-sums.ts'
import type { Instance } from '../../coverage.ts'
import type { Surroundings } from '../../operation.ts'
import { readRows } from '../../rows.ts'
import { StoreRuns } from './shared-sums.ts'

type Fact = Readonly<Record<string, unknown>>

type CachedFact = Readonly<{ fact: Fact | undefined; answered: number }>

const maxEntries = 64

/** A small map for each store; a new key replaces the oldest one. */
class StoreCache<Value> {
  readonly #maps = new WeakMap<StoreReader, Map<string, Value>>()

  of(store: StoreReader): Map<string, Value> {
    const values = this.#maps.get(store) ?? new Map<string, Value>()
    this.#maps.set(store, values)
    return values
  }

  put(store: StoreReader, key: string, value: Value): void {
    const map = this.of(store)
    map.delete(key)
    map.set(key, value)
    trimOldest(map, maxEntries)
  }
}

/** The panels of a page need the same facts. */
const factCache = new StoreCache<CachedFact>()
/** Maximum age of facts in ms where an estimate suffices. */
const roughlyMs = 10_000

const factRuns = new StoreRuns<Fact | undefined>(Infinity)

/** Facts of a store. `oldest`: maximum age in ms. */
async function cachedFact(
  store: StoreReader,
  sql: string,
  { clock, oldest, signal }: Readonly<{ clock: Clock; oldest: number; signal: AbortSignal }>,
): Promise<Fact | undefined> {
  const now = clock.monotonic()
  const cached = factCache.of(store).get(sql)
  if (cached !== undefined && now - cached.answered < oldest) return cached.fact
  return factRuns.of(store).join(sql, { now, signal }, async (signal) => {
    const [fact] = await readRows<Fact>({ store, signal }, sql)
    factCache.put(store, sql, { fact, answered: clock.monotonic() })
    return fact
  })
}

/** Requests for which the rollup lacked too much. Reading it again before the flows would double the cost. */
const insufficient = new StoreCache<Readonly<{ until: number; oldest: number }>>()
const insufficientMs = 60_000

export type SumSource = Readonly<{
  /** The rollup to read. Undefined: the flows. */
  rollup?: Rollup
  exact: boolean
  flowsStored?: boolean
  /** Sums of listed groups are worth reading the flows. */
  hasCandidates?: boolean
  /** Totals of the rollup, if all of its rows match. */
  totals?: RollupTotals | undefined
  /** To call if the rows of the rollup do not suffice and the flows are read. */
  onInsufficient?: () => void
}>

/** More are not read if a rollup has a known error. */
const maxFlows = 20_000_000
/** Above, the flows of a few groups are not read. */
const maxCandidateFlows = 100_000_000
const largeRemainder = 0.1
/** Maximum number of flows that are read where a rollup would be inexact. */
const fewFlows = 1_500_000

type SumRequest = RowQuery & Partial<Pick<AggregateQuery, 'by' | 'limit'>>
type SourceReading = Pick<Surroundings, 'store' | 'viewer' | 'signal'> & Readonly<{ instance: Pick<Instance, 'host'> }>
type SumGroups = Readonly<{ fields: readonly QueryField[]; step: number | undefined }>
/** `isLimited`: the viewer sees only some namespaces. */
type Scope = Readonly<{ isLimited: boolean; isRough: boolean }>

const raw: SumSource = { exact: true }

/**
 * The coarsest exact rollup with all fields of the query, else the sums of files, an inexact rollup or the flows.
 * `rough` allows an inexact rollup.
 */
export async function sumSource(
  { store, viewer, signal, instance }: SourceReading,
  request: SumRequest,
  groups: SumGroups,
  mode: string | undefined,
): Promise<SumSource> {
  if (mode === 'raw' || request.time.name !== 'flow_time' || store.sums === undefined) return raw
  const sums = await store.sums()
  const isPlain = groups.step === undefined && mode !== 'rough'
  const ofFiles = isPlain ? fileSums(request, groups.fields, sums) : undefined
  const fromFiles: SumSource = ofFiles === undefined ? raw : { rollup: ofFiles, exact: true }
  const plan = planOf(request, groups, sums)
  if (plan === undefined) return fromFiles
  const rollup = rollupOf(plan)
  if (plan.lossy === undefined && plan.lossyFilter === undefined && !plan.servicePortsOnly)
    return { rollup, exact: true }
  const { flows } = sums
  const scope: Scope = { isLimited: viewer.namespaces !== undefined, isRough: mode === 'rough' }
  // The hour of the oldest flow may be incomplete.
  const isComplete = flows.first < sums.oldest + msPerHour
  if (ofFiles !== undefined && (isComplete || isAfter(flows, request.span.from))) return fromFiles
  if (isComplete && flows.rows <= fewFlows && !scope.isRough) return raw
  const { clock } = instance.host
  const memory =
    scope.isLimited || scope.isRough ? undefined : new Insufficiency(store, keyOf(plan, request, groups), clock)
  if (memory?.isKnown(flows) === true) return raw
  // The visibility of a viewer depends on current facts.
  const oldest = scope.isRough ? roughlyMs : 0
  const read = async (sql: string) =>
    scope.isLimited
      ? (await readRows<Fact>({ store, signal }, sql))[0]
      : cachedFact(store, sql, { clock, oldest, signal })
  const fact = await factOf(rollup, dialectOf(store), read)
  const loss = lossOf(plan, fact, flows)
  const onInsufficient = () => memory?.remember(loss.oldest)
  if (needsFlows(plan, loss, scope)) {
    onInsufficient()
    return raw
  }
  // Merged rows have no namespaces and could appear visible.
  if (scope.isLimited && !loss.lossless) return raw
  return {
    rollup,
    exact: loss.lossless && !plan.servicePortsOnly,
    flowsStored: canReadFlows(loss, scope),
    hasCandidates: !scope.isRough && loss.isStored && loss.flows <= maxCandidateFlows,
    totals: scope.isRough || compileSql(boundOf(request)) !== 'true' ? undefined : fact,
    onInsufficient,
  }
}

const usPerDay = 24n * BigInt(msPerHour) * 1000n
const fewestDays = 3n

/** The whole days of a long range, with a result that the store keeps for slightly later ranges, and the rest. */
function partsOf(span: TimeSpan): readonly TimeSpan[] {
  const first = ((span.from + usPerDay - 1n) / usPerDay) * usPerDay
  const last = (span.to / usPerDay) * usPerDay
  if (last - first < fewestDays * usPerDay) return [span]
  const parts = [
    { from: first, to: last },
    { from: span.from, to: first },
    { from: last, to: span.to },
  ]
  return parts.filter(({ from, to }) => from < to)
}

async function factOf(
  rollup: Rollup,
  dialect: Dialect,
  read: (sql: string) => Promise<Fact | undefined>,
): Promise<Fact | undefined> {
  const spans = dialect.hasParts ? partsOf(rollup.span) : [rollup.span]
  const facts = await Promise.all(spans.map((span) => read(lossSql({ ...rollup, span }, dialect))))
  return facts.reduce((all, fact) => (all === undefined || fact === undefined ? undefined : addFacts(all, fact)))
}

function addFacts(all: Fact, fact: Fact): Fact {
  const oldest = [all, fact].flatMap(({ oldest: time }) => (typeof time === 'number' ? time : []))
  return {
    ...Object.fromEntries(Object.entries(fact).map(([name, value]) => [name, sumOfCells(all[name] ?? null, value)])),
    oldest: oldest.length === 0 ? null : Math.min(...oldest),
  }
}

function planOf(request: SumRequest, { fields, step }: SumGroups, { since, dimensions }: StoredSums) {
  const { from, to } = request.span
  return planRollup({
    group: fields.flatMap(columnsRead),
    tests: testsOf(boundOf(request)),
    step: step === undefined ? undefined : step * 1000,
    span: { from: Number(from) / 1000, to: Number(to) / 1000 },
    since,
    dimensions,
  })
}

function rollupOf({ view, remainder, span }: RollupPlan): Rollup {
  return { view, remainder, span: { from: BigInt(span.from) * 1000n, to: BigInt(span.to) * 1000n } }
}

function keyOf({ view }: RollupPlan, request: SumRequest, { fields, step }: SumGroups) {
  const { from, to } = request.span
  return fingerprint(request, [
    view,
    ...fields.map(({ name }) => name),
    // A range to now grows from request to request.
    `${(to - from) / 60_000_000n} ${step} ${request.by} ${request.limit}`,
  ])
}

/** Whether the rollup of a request lacked too much a short time ago. */
class Insufficiency {
  readonly #store: StoreReader
  readonly #key: string
  readonly #clock: Clock

  constructor(store: StoreReader, key: string, clock: Clock) {
    this.#store = store
    this.#key = key
    this.#clock = clock
  }

  isKnown(flows: StoredSums['flows']): boolean {
    const before = insufficient.of(this.#store).get(this.#key)
    return before !== undefined && this.#clock.monotonic() < before.until && isWithin(flows, before.oldest)
  }

  remember(oldest: number): void {
    insufficient.put(this.#store, this.#key, { until: this.#clock.monotonic() + insufficientMs, oldest })
  }
}

/** What the rows of a rollup lack for a plan. Numbers are NaN without facts. */
type Loss = Readonly<{
  lossless: boolean
  filterLossless: boolean
  flows: number
  /** Flows in rows of the rollup that lack requested fields. */
  lostFlows: number
  oldest: number
  /** Whether all flows of the rollup are stored. */
  isStored: boolean
}>

function lossOf({ lossy, lossyFilter }: RollupPlan, fact: Fact | undefined, flows: StoredSums['flows']): Loss {
  const noFlows = (level: FoldLevel | undefined) =>
    fact !== undefined && (level === undefined || fact[`lost_${level}`] === 0)
  const oldest = Number(fact?.['oldest'])
  const filterLossless = noFlows(lossyFilter)
  return {
    lossless: filterLossless && noFlows(lossy),
    filterLossless,
    flows: Number(fact?.['flows']),
    lostFlows: lossy === undefined ? 0 : Number(fact?.[`lost_flows_${lossy}`]),
    oldest,
    isStored: isWithin(flows, oldest),
  }
}

/** Whether the rollup lacks too much, and its flows are stored. */
function needsFlows({ servicePortsOnly }: RollupPlan, loss: Loss, scope: Scope) {
  if (!loss.isStored) return false
  // Merged rows do not match the filter: even the total would be low.
  if (!loss.filterLossless) return true
  const isExact = loss.lossless && !servicePortsOnly
  if (!isExact && !scope.isLimited && !scope.isRough && loss.flows <= fewFlows) return true
  return canReadFlows(loss, scope) && loss.lostFlows > loss.flows * largeRemainder
}

function canReadFlows({ isStored, flows }: Loss, { isRough }: Scope) {
  return !isRough && isStored && flows <= maxFlows
}

/** Whether all flows from a time (µs) on were received after the first stored one. */
function isAfter({ first }: StoredSums['flows'], from: bigint) {
  const { all } = flowsReceived({ from, to: from })
  return Number(all.from) >= first * 1000
}

/** Whether all flows since a time (µs) are stored. NaN: unknown. */
function isWithin({ first }: StoredSums['flows'], oldest: number) {
  return oldest >= first * 1000 - maxFlowDelayUs
}

/** Tolerated error, as a share of the smallest group. */
const smallShare = 0.01

/** Whether unknown groups could change the groups, or a sum by more than the tolerated share. */
export function remainderMatters([first]: readonly SumRow[]): boolean {
  if (first === undefined) return false
  const [rest, least, next] = ['_rest', '_least', '_next'].map((name) => Number(first[name] ?? 0)) as [
    number,
    number,
    number,
  ]
  return rest > 0 && (rest > least * smallShare || next + rest > least)
}
