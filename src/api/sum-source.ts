import type { StoreReader } from '../engine/control.ts'
import { columnsRead, testsOf, type QueryField } from '../query/index.ts'
import { boundOf, longestBefore, lossSql, type Question, type Rollup } from '../query/plan/index.ts'
import { msPerHour } from '../store/names.ts'
import { planRollup, type FoldLevel } from '../store/rollup/plan.ts'
import type { Clock } from '../host/index.ts'
import { rowsOf } from './ask.ts'
import type { Asker } from './sums.ts'

type Fact = Readonly<Record<string, unknown>>

interface Asked {
  readonly fact: Promise<Fact | undefined>
  /** When the answer came, by the monotonic clock. */
  answered?: number
}

/** What each store was asked lately: the panels of a page ask the same at the same time, and who types asks it at every letter. */
const asked = new WeakMap<StoreReader, Map<string, Asked>>()
const mostAsked = 64
/** Where a rough answer will do, one that is so old will, too. */
const roughlyMs = 10_000

/** One row, asked once for all who ask while it is not there yet; nobody's going away stops it. An answer that is older than `oldest`, in ms, is asked for again. */
function shared(store: StoreReader, sql: string, clock: Clock, oldest: number): Promise<Fact | undefined> {
  let mine = asked.get(store)
  if (mine === undefined) asked.set(store, (mine = new Map()))
  const known = mine.get(sql)
  if (known !== undefined && (known.answered === undefined || clock.monotonic() - known.answered < oldest))
    return known.fact
  const [first] = mine.keys()
  if (mine.size >= mostAsked && first !== undefined) mine.delete(first)
  const asking: Asked = { fact: rowsOf(store, sql, new AbortController().signal).then((rows) => rows?.[0]) }
  mine.delete(sql)
  mine.set(sql, asking)
  asking.fact.then(
    () => {
      asking.answered = clock.monotonic()
    },
    () => {
      if (mine.get(sql) === asking) mine.delete(sql)
    },
  )
  return asking.fact
}

export interface SumSource {
  /** Without it, the flows themselves. */
  readonly rollup?: Rollup
  readonly exact: boolean
  /** Set where the flows themselves may answer instead, if the rollup's remainder matters. */
  readonly flowsStored?: boolean
}

/** More flows than these are not read for a question that a rollup can answer with a stated error. */
const mostFlows = 20_000_000
/** Share of the flows. */
const largeRemainder = 0.1
/** Of so few flows the answer comes from themselves where a rollup would not be exact: it takes no longer than anybody waits. */
const fewFlows = 1_500_000

/**
 * Where sums are read from: the coarsest rollup that has what the question speaks of, else the flows. `wanted`: `raw` is the flows,
 * `rough` a rollup even where a few flows would be exact.
 */
export async function sumSource(
  store: StoreReader,
  question: Question,
  groups: { readonly fields: readonly QueryField[]; readonly step: number | undefined },
  wanted: string | undefined,
  {
    context: {
      host: { clock },
    },
    principal,
    gone,
  }: Asker,
): Promise<SumSource> {
  const raw: SumSource = { exact: true }
  // Rollups go by their own time only.
  if (wanted === 'raw' || question.time.name !== 'flow_time' || store.sums === undefined) return raw
  const { from, to } = question.span
  const { since, oldest, flows } = await store.sums()
  const plan = planRollup({
    group: groups.fields.flatMap(columnsRead),
    tests: testsOf(boundOf(question)),
    step: groups.step === undefined ? undefined : groups.step * 1000,
    span: { from: Number(from) / 1000, to: Number(to) / 1000 },
    since,
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
  // The hour that the oldest flow was received in may have lost others.
  const whole = flows.first < oldest + msPerHour
  if (whole && flows.rows <= fewFlows && wanted !== 'rough') return raw
  const sql = lossSql(rollup)
  // What somebody must not see is judged by what is there now.
  const facts = limited
    ? (await rowsOf(store, sql, gone))?.[0]
    : await shared(store, sql, clock, wanted === 'rough' ? roughlyMs : 0)
  const none = (level: FoldLevel | undefined): boolean =>
    facts !== undefined && (level === undefined || facts[`lost_${level}`] === 0)
  // Flows go before what was added up of them.
  const stored = Number(facts?.['oldest']) >= flows.first * 1000 - longestBefore
  // What a row has lost keeps it from being found, so that even the total would be short: as long as the flows are there, they are asked.
  if (!none(lossyFilter) && stored) return raw
  const lossless = none(lossyFilter) && none(lossy)
  if (
    (!lossless || servicePortsOnly) &&
    !limited &&
    wanted !== 'rough' &&
    Number(facts?.['flows']) <= fewFlows &&
    stored
  )
    return raw
  const flowsStored = wanted !== 'rough' && stored && Number(facts?.['flows']) <= mostFlows
  // With so much in the remainder the rollup's answer would only be thrown away.
  if (
    flowsStored &&
    lossy !== undefined &&
    Number(facts?.[`lost_flows_${lossy}`]) > Number(facts?.['flows']) * largeRemainder
  )
    return raw
  if (servicePortsOnly && !limited) return { rollup, exact: false, flowsStored }
  // A row that was put together with others has lost its namespaces: it could look like one that may be seen.
  return lossless || !limited ? { rollup, exact: lossless && !servicePortsOnly, flowsStored } : raw
}
