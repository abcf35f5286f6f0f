import { measures, type Measure } from '../overview/state.ts'
import { sizeOf, type Graph } from '../../../parts/graph/fold.ts'

/** Positions of the slider: 0 shows every edge, 100 only the strongest; logarithmic between. */
export const maxThreshold = 100
const decade = 25

/** Least amount of a drawn edge. */
export function thresholdOf({ edges }: Graph, measure: Measure, position: number): number {
  if (position <= 0) return 0
  const strongest = edges.reduce((most, edge) => Math.max(most, sizeOf(measure, edge, edge.before)), 0)
  return strongest * 10 ** ((Math.min(position, maxThreshold) - maxThreshold) / decade)
}

/** Without weaker edges, and without nodes that lose all edges. The omitted amounts are part of the rest. */
export function aboveThreshold(graph: Graph, measure: Measure, position: number): Graph {
  const least = thresholdOf(graph, measure, position)
  // The exponent may round above the strongest edge.
  const isDrawn = (edge: Graph['edges'][number]) => sizeOf(measure, edge, edge.before) >= least * (1 - 1e-9)
  const weak = graph.edges.filter((edge) => !isDrawn(edge))
  if (weak.length === 0) return graph
  const drawn = graph.edges.filter(isDrawn)
  const used = new Set(drawn.flatMap(({ from, to }) => [from, to]))
  const places = new Map([...used].sort((a, b) => a - b).map((old, at) => [old, at]))
  const rest = { ...graph.rest }
  const earlier = graph.earlier === undefined ? undefined : { ...graph.earlier, rest: { ...graph.earlier.rest } }
  for (const { before, ...edge } of weak) {
    rest.edges += edge.edges
    for (const measure of measures) rest[measure] += edge[measure]
    if (before === undefined || earlier === undefined) continue
    earlier.rest.edges += before.edges
    for (const measure of measures) earlier.rest[measure] += before[measure]
  }
  return {
    ...graph,
    nodes: graph.nodes.filter((_, at) => places.has(at)),
    edges: drawn.map((edge) => ({ ...edge, from: places.get(edge.from) ?? 0, to: places.get(edge.to) ?? 0 })),
    rest,
    ...(earlier === undefined ? {} : { earlier }),
  }
}
