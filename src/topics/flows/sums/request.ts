/** Sums of flows: their requests, columns and cells. */
import { withoutUndefined } from '../../../model/json.ts'
import { endpointField, flowNames, type QueryField } from '../../../query/index.ts'
import {
  exactDoubles,
  furtherMeasures,
  hasStats,
  isFurther,
  isMeasure,
  measures,
  percentiles,
  stats,
  stepOf,
  summedMeasures,
  type AggregateQuery,
  type FurtherMeasure,
  type GroupsRequest,
  type Rank,
  type RowQuery,
  type SeriesRequest,
  type TimeSpan,
} from '../../../query/plan/index.ts'
import { listOf } from '../../comma-list.ts'
import type { Missing } from '../../coverage.ts'
import { columnOf, measureColumns } from '../columns.ts'
import type { SumsQuery } from '../parameters.ts'
import { Refusal } from '../../refusal.ts'
import { unknownField } from '../row-query.ts'
import type { FlowColumn, FlowPage } from '../schema.ts'

export type SumRow = Readonly<Record<string, unknown>>

export function shifted<Request extends RowQuery>(rowQuery: Request, offset: string | undefined): Request {
  if (offset === undefined) return rowQuery
  const seconds = stepOf(offset)
  if (seconds === undefined)
    throw new Refusal('WEIR_API_INVALID', `"offset" is not a duration: ${offset}.`, ['Write 15m, 1h, 1d or 4w.'])
  const by = BigInt(seconds) * 1_000_000n
  return { ...rowQuery, span: { from: rowQuery.span.from - by, to: rowQuery.span.to - by } }
}

export function sumsOf(
  { by = 'bytes', measure, of: written, limit, beside, sums = 'all' }: SumsQuery,
  defaultLimit: number,
): Pick<AggregateQuery, 'by' | 'limit' | 'of' | 'sums' | 'further' | 'beside'> {
  const of = written === undefined ? undefined : statField(written)
  const rank: Rank = by
  if (of === undefined && (stats as readonly string[]).includes(rank))
    throw new Refusal('WEIR_API_INVALID', `"by" is ${rank}, which needs a field.`, ['Set the field: of=rtt.'])
  const further = furtherOf(measure, by)
  return {
    by: rank,
    limit: limit ?? defaultLimit,
    ...(of === undefined ? {} : { of }),
    ...(further.length === 0 ? {} : { further }),
    ...(sums === 'all' || !isMeasure(rank) ? {} : { sums: measures.filter((name) => name === rank) }),
    ...withoutUndefined({ beside: endpointField(beside ?? '') }),
  }
}

function furtherOf(written: string | undefined, by: string): readonly FurtherMeasure[] {
  const listed = listOf(written)
  const unknown = listed.find((name) => !isFurther(name) && !(measures as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw new Refusal('WEIR_API_INVALID', `"measure" contains ${unknown}, which is not summed.`, [
      `Possible values: ${furtherMeasures.join(', ')}; ${measures.join(', ')} are always included.`,
    ])
  return furtherMeasures.filter((furtherMeasure) => furtherMeasure === by || listed.includes(furtherMeasure))
}

export function statField(written: string): QueryField {
  const field = flowNames.field(flowNames.resolve(written) ?? '')
  if (field === undefined) throw unknownField(written, 'of')
  if (!hasStats(field)) throw new Refusal('WEIR_API_INVALID', `"of" does not support ${field.name}: it has no numbers.`)
  return field
}

type Summed = Pick<AggregateQuery, 'of' | 'sums' | 'further'>

export function sumColumns({ of, sums: chosen = measures, further = [] }: Summed): readonly FlowColumn[] {
  const sums = [
    ...measureColumns.filter(({ name }) => (chosen as readonly string[]).includes(name)),
    ...further.map((name) => ({ name, type: 'HUGEINT', unit: name === 'drop_bytes' ? 'By' : '{packet}' })),
  ]
  if (of === undefined) return sums
  const { name, type, ...unit } = columnOf(of)
  return [
    ...sums,
    { name: `${name}_flows`, type: 'BIGINT', unit: '{flow}' },
    { name: `${name}_min`, type, ...unit },
    { name: `${name}_avg`, type: 'DOUBLE', ...unit },
    ...percentiles.map((percent) => ({ name: `${name}_p${percent}`, type, ...unit })),
    { name: `${name}_max`, type, ...unit },
  ]
}

export function measureCells(row: SumRow, summed: Summed): readonly unknown[] {
  const { of } = summed
  const sums = summedMeasures(summed).map((name) => row[`_${name}`] ?? null)
  if (of === undefined) return sums
  const at = row['_p'] as readonly unknown[] | null | undefined
  return [
    ...sums,
    row['_n'] ?? 0,
    row['_min'] ?? null,
    row['_avg'] ?? null,
    ...percentiles.map((_, index) => at?.[index] ?? null),
    row['_max'] ?? null,
  ]
}

/** `groups` and the requested sums. */
export type Totals = NonNullable<FlowPage['total']>

export type AboutSums = Readonly<{
  source: string
  exact: boolean
  /** Relative error of statistics. */
  relativeError?: number
}>

export type SumsResult = Readonly<{
  rows: readonly SumRow[]
  total: Totals
  /** Largest possible error of any sum. */
  error?: unknown
  span: TimeSpan
  storedTo?: bigint
  since?: bigint
}> &
  AboutSums &
  Omit<Missing, 'exact'>

/** How sums are read; it depends on the store, and without one on the newest flows in memory. */
export type SumsReader = Readonly<{ readSums: (request: SumsRequest) => Promise<SumsResult> }>

export type SumsRequest = Readonly<{ query: SumsQuery }> &
  (Readonly<{ is: 'series'; request: SeriesRequest }> | Readonly<{ is: 'groups'; request: GroupsRequest }>)

/** Whether sums in doubles are. */
export function areExact(rows: readonly SumRow[]): boolean {
  return measures.every((measure) => {
    const all = rows[0]?.[`_all_${measure}`]
    const total = all === undefined ? rows.reduce((sum, row) => sum + Number(row[`_${measure}`] ?? 0), 0) : Number(all)
    return total < exactDoubles
  })
}
