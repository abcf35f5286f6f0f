import { storelessOperation, type Surroundings } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { readGroups } from './groups.ts'
import { readFlowPage, type PageReader } from './page.ts'
import { FlowsParameters, SeriesParameters, TopologyParameters, type FlowsQuery } from './parameters.ts'
import { FlowPage, Series, Topology } from './schema.ts'
import { readFlowSeries } from './series.ts'
import type { SumsReader } from './sums/request.ts'
import { readTopology } from './topology.ts'

/** Flows are also read without a store, from the newest ones in memory. */
type Around = Pick<Surroundings, 'now' | 'viewer'>

export const flows = storelessOperation({
  id: 'flows',
  summary: 'Matching flows, page by page',
  description:
    'Sorted over the whole result. All pages show the state at the time of the first page: no row appears ' +
    'twice, and new rows do not extend the result.',
  parameters: FlowsParameters,
  result: FlowPage,
  run(query, surroundings: Around & PageReader & SumsReader) {
    if (query.group !== undefined) {
      rejectForeign(query, ofPages, (name) => `"${name}" applies to single flows, and "group" requests groups.`, [
        'The largest groups are returned first: `by` sets the ranking, `limit` the number; the rest is in `others`.',
      ])
      return readGroups(query, surroundings)
    }
    rejectForeign(query, ofGroups, (name) => `"${name}" applies to groups, and "group" is missing.`, [
      'Pages of flows support `sort` and `columns`.',
    ])
    return readFlowPage(query, surroundings)
  },
})

const ofPages = ['columns', 'pos', 'sort', 'cursor'] as const
const ofGroups = ['by', 'measure', 'of', 'offset', 'source', 'sums', 'beside'] as const

function rejectForeign(
  query: FlowsQuery,
  foreign: readonly (keyof FlowsQuery)[],
  messageOf: (name: string) => string,
  hints: readonly string[],
): void {
  const first = foreign.find((name) => query[name] !== undefined)
  if (first !== undefined) throw new Refusal('WEIR_API_INVALID', messageOf(first), hints)
}

export const series = storelessOperation({
  id: 'series',
  summary: 'Bytes, packets and flows over time',
  description:
    'Bytes and packets are estimates (× sampling interval). With `group`: the largest groups over the whole ' +
    'time range and, as `other`, the rest of each bucket. The rows of a ' +
    'bucket add up to its total.',
  parameters: SeriesParameters,
  result: Series,
  run: (query, surroundings: Around & SumsReader) => readFlowSeries(query, surroundings),
})

export const topology = storelessOperation({
  id: 'topology',
  summary: 'Traffic between sources and destinations',
  description: 'The largest edges from source to destination, and the sums of all edges.',
  parameters: TopologyParameters,
  result: Topology,
  run: (query, surroundings: Around & SumsReader) => readTopology(query, surroundings),
})
