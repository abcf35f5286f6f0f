import type { StoreReader } from '../engine/control.ts'
import { trimOldest } from '../model/trim-oldest.ts'
import { columnsRead, dialectOf, testsOf, type QueryField } from '../query/index.ts'
import {
  boundOf,
  fingerprint,
  lossSql,
  maxFlowDelayUs,
  type AggregateQuery,
  type Rollup,
  type RowQuery,
} from '../query/plan/index.ts'
import { msPerHour } from '../store/names.ts'
import { planRollup, type FoldLevel } from '../store/rollup/plan.ts'
import type { Clock } from '../host/index.ts'
import { rowsOf } from './store-query.ts'
import type { RunStatement } from './sums.ts'

type Fact = Readonly<Record<string, unknown>>

interface CachedFact {
  readonly fact: Promise<Fact | undefined>
  answered?: number
}

const maxEntries = 64

/** A small map for each store; a new key replaces the oldest one. */
class StoreCache<Value> {
  readonly #maps = new WeakMap<StoreReader, Map<string, Value>>()

  of(store: StoreReader): Map<string, Value> {
    const known = this.#maps.get(store) ?? new Map<string, Value>()
    this.#maps.set(store, known)
    return known
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
/** Maximum age where an estimate suffices. */
const roughlyMs = 10_000

/** `oldest`: maximum age in ms. */
function cachedFact(store: StoreReader, sql: string, clock: Clock, oldest: number): Promise<Fact | undefined> {
  const cache = factCache.of(store)
  const known = cache.get(sql)
  if (known !== undefined && (known.answered === undefined || clock.monotonic() - known.answered < oldest))
    return known.fact
  const entry: CachedFact = { fact: rowsOf(store, sql, new AbortController().signal).then((rows) => rows?.[0]) }
  factCache.put(store, sql, entry)
  entry.fact.then(
    () => {
      entry.answered = clock.monotonic()
    },
    () => {
      if (cache.get(sql) === entry) cache.delete(sql)
    },
  )
  return entry.fact
}

/** Requests for which the rollup lacked too much. Reading it again before the flows would double the cost. */
const insufficient = new StoreCache<Readonly<{ until: number; oldest: number }>>()
const insufficientMs = 60_000

export type SumSource = Readonly<{
  /** Undefined: the flows. */
  rollup?: Rollup
  exact: boolean
  flowsStored?: boolean
  /** To call if the rows of the rollup do not suffice and the flows are read. */
  onInsufficient?: () => void
}>

/** More are not read if a rollup has a known error. */
const maxFlows = 20_000_000
const largeRemainder = 0.1
/** Read where a rollup would be inexact. */
const fewFlows = 1_500_000

/** The coarsest rollup with all fields of the query, else the flows. `rough` allows an inexact rollup. */
export async function sumSource(
  store: StoreReader,
  rowQuery: RowQuery & Partial<Pick<AggregateQuery, 'by' | 'limit'>>,
  groups: Readonly<{ fields: readonly QueryField[]; step: number | undefined }>,
  mode: string | undefined,
  {
    context: {
      host: { clock },
    },
    principal,
    disconnected,
  }: RunStatement,
): Promise<SumSource> {
  const raw: SumSource = { exact: true }
  if (mode === 'raw' || rowQuery.time.name !== 'flow_time' || store.sums === undefined) return raw
  const { from, to } = rowQuery.span
  const { since, oldest, flows, dimensions } = await store.sums()
  const plan = planRollup({
    group: groups.fields.flatMap(columnsRead),
    tests: testsOf(boundOf(rowQuery)),
    step: groups.step === undefined ? undefined : groups.step * 1000,
    span: { from: Number(from) / 1000, to: Number(to) / 1000 },
    since,
    dimensions,
  })
  if (plan === undefined) return raw
  const rollup: Rollup = {
    view: plan.view,
    remainder: plan.remainder,
    span: { from: BigInt(plan.span.from) * 1000n, to: BigInt(plan.span.to) * 1000n },
  }
  const limited = principal.namespaces !== undefined
  const { lossy, lossyFilter, servicePortsOnly } = plan
  if (lossy === undefined && lossyFilter === undefined && !servicePortsOnly) return { rollup, exact: true }
  // The hour of the oldest flow may be incomplete.
  const whole = flows.first < oldest + msPerHour
  if (whole && flows.rows <= fewFlows && mode !== 'rough') return raw
  const sql = lossSql(rollup, dialectOf(store))
  const isShared = !limited && mode !== 'rough'
  const fields = groups.fields.map(({ name }) => name)
  const key = fingerprint(rowQuery, [
    plan.view,
    ...fields,
    `${to - from} ${groups.step} ${rowQuery.by} ${rowQuery.limit}`,
  ])
  const before = isShared ? insufficient.of(store).get(key) : undefined
  if (before !== undefined && clock.monotonic() < before.until && isWithin(flows, before.oldest)) return raw
  // Visibility requires current facts.
  const facts = limited
    ? (await rowsOf(store, sql, disconnected))?.[0]
    : await cachedFact(store, sql, clock, mode === 'rough' ? roughlyMs : 0)
  const none = (level: FoldLevel | undefined) =>
    facts !== undefined && (level === undefined || facts[`lost_${level}`] === 0)
  const rollupOldest = Number(facts?.['oldest'])
  const stored = isWithin(flows, rollupOldest)
  const remember = () => {
    if (isShared) insufficient.put(store, key, { until: clock.monotonic() + insufficientMs, oldest: rollupOldest })
  }
  const insteadRaw = (): SumSource => {
    remember()
    return raw
  }
  // Merged rows do not match the filter: even the total would be low.
  if (!none(lossyFilter) && stored) return insteadRaw()
  const lossless = none(lossyFilter) && none(lossy)
  if ((!lossless || servicePortsOnly) && isShared && Number(facts?.['flows']) <= fewFlows && stored) return insteadRaw()
  const flowsStored = mode !== 'rough' && stored && Number(facts?.['flows']) <= maxFlows
  if (
    flowsStored &&
    lossy !== undefined &&
    Number(facts?.[`lost_flows_${lossy}`]) > Number(facts?.['flows']) * largeRemainder
  )
    return insteadRaw()
  if (servicePortsOnly && !limited) return { rollup, exact: false, flowsStored, onInsufficient: remember }
  // Merged rows have no namespaces and could appear visible.
  return lossless || !limited
    ? { rollup, exact: lossless && !servicePortsOnly, flowsStored, onInsufficient: remember }
    : raw
}

/** Whether all flows since a time (µs) are stored. NaN: unknown. */
function isWithin({ first }: Readonly<{ first: number }>, oldest: number) {
  return oldest >= first * 1000 - maxFlowDelayUs
}
