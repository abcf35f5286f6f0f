/** Sums beside the files of flows (ADR 0038) as a source. */
import type { FileSumsOfPart, StoredSums } from '../../../engine/control.ts'
import { columnsRead, testsOf, type QueryField } from '../../../query/index.ts'
import { boundOf, rowsBefore, type Rollup, type RowQuery, type TimeSpan } from '../../../query/plan/index.ts'
import { sumPartWith, sumViewOf, type SumPart } from '../../../store/file-sums/parts.ts'

/** Flows of files without sums, above which they are not read where a rollup has an answer. */
const maxRead = 20_000_000
/** Rows of sums, some 50 ns each. */
const maxSums = 100_000_000

/** Undefined if the request has other columns, if sums have few of its flows, or if they are too many. */
export function fileSums(request: RowQuery, fields: readonly QueryField[], sums: StoredSums): Rollup | undefined {
  return fields.length === 0 ? undefined : partSums(request, fields, sums)
}

/** As {@link fileSums}, of a part that has further columns. */
export function partSums(
  request: RowQuery,
  fields: readonly QueryField[],
  stored: StoredSums,
  further: readonly string[] = [],
): Rollup | undefined {
  const tested = testedBy(request)
  const part = sumPartWith([...fields.flatMap(columnsRead), ...tested, ...further])
  return part === undefined ? undefined : rollupOf(part, request, stored)
}

/** As {@link fileSums}, of a part with its own meaning of ends. */
export function sumsOfPart(part: SumPart, request: RowQuery, stored: StoredSums): Rollup | undefined {
  const { exact = [] } = part
  return testedBy(request).every((column) => exact.includes(column)) ? rollupOf(part, request, stored) : undefined
}

function testedBy(request: RowQuery) {
  return testsOf(boundOf(request)).map(({ field }) => field)
}

function rollupOf(part: SumPart, { span }: RowQuery, { flows, fileSums: parts }: StoredSums): Rollup | undefined {
  const sums = parts?.[part.name]
  if (sums === undefined || !areWorth(sums, span, flows)) return undefined
  return { view: sumViewOf(part), span, isOfFlows: true }
}

/** Whether sums have most of the flows of a span, and are not too many. */
export function areWorth(sums: FileSumsOfPart, span: TimeSpan, flows: StoredSums['flows']): boolean {
  const [read, all] = [flowsIn(span, sums.without), flowsIn(span, flows.hours ?? [])]
  return read <= maxRead && read * 2 <= all && sums.rows * all <= maxSums * flows.rows
}

/** About, by the hours of their receipt. */
export function flowsIn({ from, to }: TimeSpan, hours: NonNullable<StoredSums['flows']['hours']>): number {
  return rowsBefore(hours, Number(to) / 1000) - rowsBefore(hours, Number(from) / 1000)
}
