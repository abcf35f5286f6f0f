import { isoOf } from '../../query/plan/index.ts'
import { listOf } from '../comma-list.ts'
import { operation } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { moment } from '../time-span.ts'
import { neighbours, pathsBetween, type GraphScope } from './graph.ts'
import { Graph, GraphParameters, GraphPaths, GraphPathsParameters, relationNames } from './schema.ts'

export const graph = operation({
  id: 'graph',
  summary: 'Relations of an actor, resource, object or tenant',
  description:
    'Nodes and edges around one node. Many events between the same nodes are one edge with their number. The ' +
    'edges of each node are limited to the most frequent of each relation; `cut` counts the omitted ones.',
  parameters: GraphParameters,
  result: Graph,
  async run({ ref, hops = 1, limit = 25, ...query }, surroundings) {
    const span = spanOf(query.from, query.to ?? query.at, surroundings.now)
    const scope = { ...surroundings, span, relations: relationsOf(query.relation) }
    const around = await neighbours(scope, { ref, hops, limit })
    return { ref, from: isoOf(span.from), to: isoOf(span.to), ...around }
  },
})

export const graphPaths = operation({
  id: 'graphPaths',
  summary: 'Shortest paths between two nodes, regardless of edge direction',
  parameters: GraphPathsParameters,
  result: GraphPaths,
  async run({ from, to, hops = 4, ...query }, surroundings) {
    const span = spanOf(query.since, query.at, surroundings.now)
    const scope = { ...surroundings, span, relations: relationsOf(query.relation) }
    return { from, to, ...(await pathsBetween(scope, { from, to, hops })) }
  },
})

const dayUs = 86_400_000_000n

function spanOf(begin: string | undefined, end: string | undefined, now: number): GraphScope['span'] {
  const to = moment(end ?? 'now', 'to', now)
  const from = begin === undefined ? to - dayUs : moment(begin, 'from', now)
  if (from < to) return { from, to }
  throw new Refusal('WEIR_API_INVALID', `The start of the events (${isoOf(from)}) is after their end (${isoOf(to)}).`)
}

function relationsOf(written: string | undefined): ReadonlySet<string> | undefined {
  const named = listOf(written)
  const unknown = named.find((name) => !relationNames.includes(name))
  if (unknown !== undefined)
    throw new Refusal('WEIR_API_INVALID', `There is no relation ${unknown}.`, [
      `Relations: ${relationNames.join(', ')}.`,
    ])
  return named.length === 0 ? undefined : new Set(named)
}
