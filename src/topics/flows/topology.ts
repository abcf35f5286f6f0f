import { withoutUndefined } from '../../model/json.ts'
import { endpointFields, flowNames } from '../../query/index.ts'
import type { GroupsRequest } from '../../query/plan/index.ts'
import { nearest } from '../../schema/suggest.ts'
import { listOf } from '../comma-list.ts'
import type { Surroundings } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { columnOf } from './columns.ts'
import { frameOf } from './frame.ts'
import type { TopologyQuery } from './parameters.ts'
import { rowQueryOf } from './row-query.ts'
import type { Topology } from './schema.ts'
import { measureCells, shifted, sumColumns, sumsOf, type SumsReader } from './sums/request.ts'

export async function readTopology(
  query: TopologyQuery,
  surroundings: Pick<Surroundings, 'now' | 'viewer'> & SumsReader,
): Promise<Topology> {
  const request = topologyRequest(query, surroundings)
  const { group } = request
  const result = await surroundings.readSums({ is: 'groups', request, query })
  const rows = result.rows.map((row) => [
    ...group.map((_, index) => row[`_g${index}`] ?? null),
    ...measureCells(row, request),
  ])
  const { groups: edges, groups_error: error, ...sums } = result.total
  return {
    ...frameOf([...group.map(columnOf), ...sumColumns(request)], rows, result.span, result),
    total: { edges, ...withoutUndefined({ edges_error: error }), ...sums },
  }
}

function topologyRequest(query: TopologyQuery, { now, viewer }: Pick<Surroundings, 'now' | 'viewer'>): GroupsRequest {
  const parts = listOf(query.scope ?? 'addr')
  if (parts.length === 0)
    throw new Refusal('WEIR_API_INVALID', '"scope" is empty.', ['Write addr, namespace, owner_name …'])
  const ends = parts.map((written) => {
    if (written.toLowerCase() === 'endpoint') return endpointFields
    const part = flowNames.endPart(written)
    const [src, dst] = part === undefined ? [] : [flowNames.ofEnd('src', part), flowNames.ofEnd('dst', part)]
    if (src === undefined || dst === undefined) {
      const allowed = flowNames.fields
        .flatMap(({ name }) => (name.startsWith('src_') ? [name.slice(4)] : []))
        .filter((field) => flowNames.endPart(field) !== undefined)
      const meant = nearest(written, allowed)
      throw new Refusal(
        'WEIR_API_INVALID',
        `"scope" contains ${written}, which is not a property of source and destination.`,
        [meant === undefined ? `Possible values: ${allowed.join(', ')}.` : `Did you mean ${meant}?`],
      )
    }
    return { src, dst }
  })
  const rowQuery = shifted(rowQueryOf(query, 'flow_time', now, viewer), query.offset)
  return { ...rowQuery, group: [...ends.map(({ src }) => src), ...ends.map(({ dst }) => dst)], ...sumsOf(query, 500) }
}
