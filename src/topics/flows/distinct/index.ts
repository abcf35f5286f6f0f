import type { DistinctRequest, TimeSpan } from '../../../query/plan/index.ts'
import { listOf } from '../../comma-list.ts'
import { storelessOperation, type Surroundings } from '../../operation.ts'
import { Refusal } from '../../refusal.ts'
import { frameOf, type FrameFacts } from '../frame.ts'
import { DistinctParameters, type DistinctQuery } from '../parameters.ts'
import { groupField, rowQueryOf } from '../row-query.ts'
import { DistinctValues, type FlowColumn } from '../schema.ts'

/** Numbers of values in the order of the fields. */
export type DistinctCounts = FrameFacts & Readonly<{ counts: readonly number[]; span: TimeSpan; source: string }>

/** How values are counted: in the store, or without one among the newest flows in memory. */
export type DistinctReader = Readonly<{
  readDistinct: (request: DistinctRequest, source: DistinctQuery['source']) => Promise<DistinctCounts>
}>

export const distinct = storelessOperation({
  id: 'distinctFlows',
  summary: 'Numbers of different values of fields',
  description:
    'A row for each requested field, with the number of its different values among the matching flows. Flows without ' +
    'a value do not count. The numbers are exact, and all fields are read in one pass over the flows.',
  parameters: DistinctParameters,
  result: DistinctValues,
  run: readDistinct,
})

const maxFields = 16

const columns: readonly FlowColumn[] = [
  { name: 'field', type: 'VARCHAR' },
  { name: 'values', type: 'BIGINT' },
]

async function readDistinct(
  query: DistinctQuery,
  { now, viewer, readDistinct: read }: Pick<Surroundings, 'now' | 'viewer'> & DistinctReader,
): Promise<DistinctValues> {
  const fields = listOf(query.fields).map(groupField)
  if (fields.length === 0 || fields.length > maxFields)
    throw new Refusal('WEIR_API_INVALID', `"fields" has ${fields.length} names; 1 to ${maxFields} are possible.`, [
      'Write src_addr,dst_addr …',
    ])
  const request = { ...rowQueryOf(query, 'flow_time', now, viewer), fields }
  const { counts, span, ...facts } = await read(request, query.source)
  const rows = fields.map(({ name }, index) => [name, counts[index] ?? 0])
  return frameOf(columns, rows, span, facts)
}
