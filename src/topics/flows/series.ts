import { isoOf, maxBuckets, stepFor, stepOf, type SeriesRequest } from '../../query/plan/index.ts'
import { listOf } from '../comma-list.ts'
import type { Surroundings } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { columnOf } from './columns.ts'
import { frameOf } from './frame.ts'
import type { SeriesQuery } from './parameters.ts'
import { groupField, rowQueryOf } from './row-query.ts'
import type { Series } from './schema.ts'
import { measureCells, shifted, sumColumns, sumsOf, type SumsReader } from './sums/request.ts'

export async function readFlowSeries(
  query: SeriesQuery,
  surroundings: Pick<Surroundings, 'now' | 'viewer'> & SumsReader,
): Promise<Series> {
  const request = seriesRequest(query, surroundings)
  const { group, step } = request
  const result = await surroundings.readSums({ is: 'series', request, query })
  const columns = [
    { name: 'time', type: 'TIMESTAMP WITH TIME ZONE' },
    ...(group.length === 0 ? [] : [{ name: 'other', type: 'BOOLEAN' }]),
    ...group.map(columnOf),
    ...sumColumns(request),
  ]
  const rows = result.rows.map((row) => [
    isoOf(BigInt(row['_bucket'] as string | number)),
    ...(group.length === 0 ? [] : [row['_other']]),
    ...group.map((_, index) => row[`_g${index}`] ?? null),
    ...measureCells(row, request),
  ])
  return { ...frameOf(columns, rows, result.span, result), step }
}

function seriesRequest(query: SeriesQuery, { now, viewer }: Pick<Surroundings, 'now' | 'viewer'>): SeriesRequest {
  const rowQuery = shifted(rowQueryOf(query, 'flow_time', now, viewer), query.offset)
  const { step: written = 'auto' } = query
  const step = written === 'auto' ? stepFor(rowQuery.span, 300) : stepOf(written)
  if (step === undefined)
    throw new Refusal('WEIR_API_INVALID', `"step" is not a duration: ${written}.`, ['Write 30s, 5m, 1h, 1d or auto.'])
  const buckets = Number(rowQuery.span.to - rowQuery.span.from) / 1e6 / step
  if (buckets > maxBuckets)
    throw new Refusal(
      'WEIR_API_INVALID',
      `The time range has ${Math.ceil(buckets)} buckets of ${written}; the maximum is ${maxBuckets}.`,
      ['Use a longer step, or auto.'],
    )
  return { ...rowQuery, step, group: listOf(query.group).map(groupField), ...sumsOf(query, 10) }
}
