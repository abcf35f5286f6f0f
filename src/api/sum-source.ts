import type { StoreReader } from '../engine/control.ts'
import { testsOf, type QueryField } from '../query/index.ts'
import { boundOf, firstSql, longestBefore, lossSql, type Question, type Rollup } from '../query/plan/index.ts'
import { planRollup } from '../store/rollup/plan.ts'
import type { Principal } from './access/principal.ts'
import { rowsOf } from './ask.ts'

type Fact = Readonly<Record<string, unknown>>

/** What is being asked of each store just now: the panels of a page ask the same at the same time. */
const asking = new WeakMap<StoreReader, Map<string, Promise<Fact | undefined>>>()

/** One row, asked once for all who ask while it is not there yet; nobody's going away stops it. */
function shared(store: StoreReader, sql: string): Promise<Fact | undefined> {
  let mine = asking.get(store)
  if (mine === undefined) asking.set(store, (mine = new Map()))
  const known = mine.get(sql)
  if (known !== undefined) return known
  const asked = rowsOf(store, sql, new AbortController().signal).then((rows) => rows?.[0]).finally(() => mine.delete(sql))
  mine.set(sql, asked)
  return asked
}

export interface SumSource {
  /** Without it, the flows themselves. */
  readonly rollup?: Rollup
  readonly exact: boolean
}

/** Of so few flows the answer comes from themselves where a rollup would not be exact: it takes no longer than anybody waits. */
const fewFlows = 1_500_000

/**
 * Where sums are read from: the coarsest rollup that has what the question speaks of, else the flows. `wanted`: `raw` is the flows,
 * `rough` a rollup even where a few flows would be exact.
 */
export async function sumSource(
  store: StoreReader, question: Question, groups: { readonly fields: readonly QueryField[]; readonly step: number | undefined }, wanted: string | undefined, principal: Principal, gone: AbortSignal,
): Promise<SumSource> {
  const raw: SumSource = { exact: true }
  // Rollups go by their own time only.
  if (wanted === 'raw' || question.time.name !== 'flow_time' || store.rollups === undefined) return raw
  const { from, to } = question.span
  const plan = planRollup({
    group: groups.fields.map(({ name }) => name), tests: testsOf(boundOf(question)), step: groups.step === undefined ? undefined : groups.step * 1000,
    span: { from: Number(from) / 1000, to: Number(to) / 1000 }, since: await store.rollups(),
  })
  if (plan === undefined) return raw
  const rollup: Rollup = { view: plan.view, span: { from: BigInt(plan.span.from) * 1000n, to: BigInt(plan.span.to) * 1000n } }
  const limited = principal.namespaces !== undefined
  const { lossy, lossyFilter, servicePortsOnly } = plan
  if (lossy === undefined && lossyFilter === undefined && !servicePortsOnly) return { rollup, exact: true }
  // What somebody must not see is judged by what is there now.
  const ask = async (sql: string): Promise<Fact | undefined> => (limited ? (await rowsOf(store, sql, gone))?.[0] : shared(store, sql))
  const facts = await ask(lossSql(rollup, { groups: lossy, filter: lossyFilter }))
  // Flows go before what was added up of them.
  const stored = async (): Promise<boolean> => {
    const first = (await ask(firstSql))?.['first']
    return typeof first === 'number' && Number(facts?.['oldest']) >= first - longestBefore
  }
  const found = facts?.['filter_lost'] === 0
  // What a row has lost keeps it from being found, so that even the total would be short: as long as the flows are there, they are asked.
  if (!found && await stored()) return raw
  const lossless = found && facts['lost'] === 0
  if ((!lossless || servicePortsOnly) && !limited && wanted !== 'rough' && Number(facts?.['flows']) <= fewFlows && await stored()) return raw
  if (servicePortsOnly && !limited) return { rollup, exact: false }
  // A row that was put together with others has lost its namespaces: it could look like one that may be seen.
  return lossless || !limited ? { rollup, exact: lossless && !servicePortsOnly } : raw
}
