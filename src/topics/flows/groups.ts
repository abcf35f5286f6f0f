import { integerCell } from '../../model/integer-cell.ts'
import { summedMeasures, type GroupsRequest } from '../../query/plan/index.ts'
import { listOf } from '../comma-list.ts'
import type { Surroundings } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { columnOf } from './columns.ts'
import { frameOf } from './frame.ts'
import type { GroupsQuery } from './parameters.ts'
import { groupField, rowQueryOf } from './row-query.ts'
import type { FlowGroups } from './schema.ts'
import { measureCells, shifted, sumColumns, sumsOf, type SumRow, type SumsReader, type Totals } from './sums/request.ts'

/** The largest groups, with the sums of the others and of all. */
export async function readGroups(
  query: GroupsQuery,
  { now, viewer, readSums }: Pick<Surroundings, 'now' | 'viewer'> & SumsReader,
): Promise<FlowGroups> {
  const fields = listOf(query.group).map(groupField)
  if (fields.length === 0)
    throw new Refusal('WEIR_API_INVALID', '"group" is empty.', ['Write src_namespace,dst_namespace …'])
  const rowQuery = shifted(rowQueryOf(query, 'flow_time', now, viewer), query.offset)
  const request: GroupsRequest = { ...rowQuery, group: fields, ...sumsOf(query, 100) }
  const result = await readSums({ is: 'groups', request, query })
  const rows = result.rows.map((row) => [
    ...fields.map((_, index) => row[`_g${index}`] ?? null),
    ...measureCells(row, request),
  ])
  const { total } = result
  return {
    ...frameOf([...fields.map(columnOf), ...sumColumns(request)], rows, result.span, result),
    others: othersOf(result.rows, total, summedMeasures(request)),
    total,
  }
}

function othersOf(rows: readonly SumRow[], total: Totals, summed: ReturnType<typeof summedMeasures>): Totals {
  const rest = (name: keyof Totals, shown: bigint): readonly [string, number | string] => [
    name,
    integerCell(integer(total[name]) - shown),
  ]
  const { groups_error: error } = total
  // An estimated number can be less than that of the rows.
  const groups = Math.max(0, Number(total.groups) - rows.length)
  return Object.fromEntries([
    ['groups', groups],
    ...(error === undefined ? [] : [['groups_error', error] as const]),
    ...summed.map((name) =>
      rest(
        name,
        rows.reduce((sum, row) => sum + integer(row[`_${name}`]), 0n),
      ),
    ),
  ]) as Totals
}

function integer(value: unknown) {
  return typeof value === 'number' || typeof value === 'string' ? BigInt(value) : 0n
}
