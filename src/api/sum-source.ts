import type { StoreReader } from '../engine/control.ts'
import { testsOf, type QueryField } from '../query/index.ts'
import { boundOf, lossSql, outlivedSql, type Question, type Rollup } from '../query/plan/index.ts'
import { planRollup } from '../store/rollup/plan.ts'
import type { Principal } from './access/principal.ts'
import { rowsOf } from './ask.ts'

export interface SumSource {
  /** Without it, the flows themselves. */
  readonly rollup?: Rollup
  readonly exact: boolean
}

/** Where sums are read from: the coarsest rollup that has what the question speaks of, else the flows. */
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
  const none = async (sql: string): Promise<boolean> => (await rowsOf(store, sql, gone))?.[0]?.['lost'] === 0
  const kept = async (lossy: string | undefined): Promise<boolean> => lossy === undefined || none(lossSql(rollup, lossy))
  // What a row has lost keeps it from being found, so that even the total would be short: as long as the flows are there, they are asked.
  const found = await kept(plan.lossyFilter)
  if (!found && await none(outlivedSql(rollup))) return raw
  const limited = principal.namespaces !== undefined
  if (plan.servicePortsOnly && !limited) return { rollup, exact: false }
  const lossless = found && (plan.lossy === plan.lossyFilter || await kept(plan.lossy))
  // A row that was put together with others has lost its namespaces: it could look like one that may be seen.
  return lossless || !limited ? { rollup, exact: lossless && !plan.servicePortsOnly } : raw
}
