/** Counts by bins beside the files of flows (ADR 0039), from which the percentiles of many flows are read. */
import type { StoreReader } from '../../../engine/control.ts'
import { timeBinColumn, sketchedFields, sketchSeconds, binColumn } from '../../../model/sketch.ts'
import type { AggregateQuery, Rollup } from '../../../query/plan/index.ts'
import { flowsIn, partSums } from './file-sums.ts'
import type { SumGroups } from './flow-sums.ts'

/** Percentiles of fewer flows are exact. */
export const fewestSketched = 5_000_000

/** Undefined: read the flows. */
export async function sketchSums(
  store: StoreReader,
  request: AggregateQuery,
  { fields, step }: SumGroups,
): Promise<Rollup | undefined> {
  const { of, further, span } = request
  if (of === undefined || further !== undefined || !sketchedFields.includes(of.name)) return undefined
  // Series of groups also have a rest, which needs the bins of all its groups.
  if (step !== undefined && (fields.length > 0 || step % sketchSeconds !== 0)) return undefined
  const sums = request.time.name === 'flow_time' ? await store.sums?.() : undefined
  if (sums === undefined || flowsIn(span, sums.flows.hours ?? []) < fewestSketched) return undefined
  const rollup = partSums(request, fields, sums, [binColumn(of.name), ...(step === undefined ? [] : [timeBinColumn])])
  return rollup === undefined ? undefined : { ...rollup, hasBins: true }
}
