/** Sums beside the files of flows (ADR 0038) as a source. */
import type { StoredSums } from '../engine/control.ts'
import { columnsRead, testsOf, type QueryField } from '../query/index.ts'
import { boundOf, rowsBefore, type Rollup, type RowQuery } from '../query/plan/index.ts'
import { sumPartWith, sumViewOf } from '../store/file-sums/parts.ts'

/** Flows of files without sums, above which they are not read where a rollup has an answer. */
const maxRead = 20_000_000

/** Undefined if the request has other columns, or if sums have few of its flows. */
export function fileSums(
  request: RowQuery,
  fields: readonly QueryField[],
  { flows, unsummed }: StoredSums,
): Rollup | undefined {
  const { span } = request
  if (unsummed === undefined || fields.length === 0) return undefined
  const part = sumPartWith([...fields.flatMap(columnsRead), ...testsOf(boundOf(request)).map(({ field }) => field)])
  if (part === undefined) return undefined
  const rowsIn = (hours: NonNullable<typeof flows.hours>) =>
    rowsBefore(hours, Number(span.to) / 1000) - rowsBefore(hours, Number(span.from) / 1000)
  const read = rowsIn(unsummed[part.name] ?? [])
  const isWorth = read <= maxRead && read * 2 <= rowsIn(flows.hours ?? [])
  return isWorth ? { view: sumViewOf(part), span, isOfFlows: true } : undefined
}
