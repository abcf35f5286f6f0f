/** Sums beside the files of flows (ADR 0038) as a source. */
import type { StoredSums } from '../engine/control.ts'
import { columnsRead, testsOf, type QueryField } from '../query/index.ts'
import { boundOf, rowsBefore, type Rollup, type RowQuery } from '../query/plan/index.ts'
import { sumPartWith, sumViewOf } from '../store/file-sums/parts.ts'

/** Flows of files without sums, above which they are not read where a rollup has an answer. */
const maxRead = 20_000_000
/** Rows of sums, some 50 ns each. */
const maxSums = 100_000_000

/** Undefined if the request has other columns, if sums have few of its flows, or if they are too many. */
export function fileSums(
  request: RowQuery,
  fields: readonly QueryField[],
  { flows, fileSums: parts }: StoredSums,
): Rollup | undefined {
  const { span } = request
  if (parts === undefined || fields.length === 0) return undefined
  const part = sumPartWith([...fields.flatMap(columnsRead), ...testsOf(boundOf(request)).map(({ field }) => field)])
  const sums = part === undefined ? undefined : parts[part.name]
  if (part === undefined || sums === undefined) return undefined
  const rowsIn = (hours: NonNullable<typeof flows.hours>) =>
    rowsBefore(hours, Number(span.to) / 1000) - rowsBefore(hours, Number(span.from) / 1000)
  const [read, all] = [rowsIn(sums.without), rowsIn(flows.hours ?? [])]
  const isWorth = read <= maxRead && read * 2 <= all && sums.rows * all <= maxSums * flows.rows
  return isWorth ? { view: sumViewOf(part), span, isOfFlows: true } : undefined
}
