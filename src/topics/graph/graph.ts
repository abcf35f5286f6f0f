import type { EdgeQuery } from '../../engine/control.ts'
import { labelOf } from '../../model/graph.ts'
import type { Surroundings } from '../operation.ts'
import { mayName } from '../scope.ts'
import { inventoryEdges } from './inventory-edges.ts'
import { nodeOf } from './nodes.ts'
import type { Graph, GraphEdge, GraphNode, GraphPaths } from './schema.ts'

/** Where edges are read: the parts of {@link Surroundings} that this needs. */
export type GraphScope = Pick<Surroundings, 'store' | 'signal' | 'viewer'> &
  Readonly<{
    span: EdgeQuery['span']
    /** Relations to read. Undefined: all but those of single events. */
    relations: ReadonlySet<string> | undefined
  }>

class Subgraph {
  readonly hops = new Map<string, number>()
  readonly edges = new Map<string, GraphEdge>()
  readonly cut = new Map<string, number>()
  readonly #names = new Map<string, string>()
  readonly #scope: GraphScope

  constructor(scope: GraphScope) {
    this.#scope = scope
  }

  /** Reads the edges of nodes. Returns the nodes that are reached for the first time. */
  async expand(more: Pick<EdgeQuery, 'near' | 'far' | 'without' | 'limit'>, hops: number): Promise<readonly string[]> {
    const { store, signal, viewer, span, relations } = this.#scope
    const edges = await store.edges({ ...more, namespaces: viewer.namespaces, span, relations }, signal)
    const clouds = await inventoryEdges(this.#scope, more)
    const reachedNodes: string[] = []
    const cutEdges = new Map(edges.map(({ near, others }) => [near, others]))
    for (const { near, others } of clouds) cutEdges.set(near, (cutEdges.get(near) ?? 0) + others)
    for (const [near, others] of cutEdges) if (others > 0) this.cut.set(near, others)
    for (const { near, far, relation, forward, nearName, farName, others: _, ...sums } of [...edges, ...clouds]) {
      const [from, to] = forward ? [near, far] : [far, near]
      this.edges.set(JSON.stringify([from, relation, to]), { from, relation, to, ...sums })
      for (const [ref, name] of [
        [near, nearName],
        [far, farName],
      ] as const)
        if (name !== null) this.#names.set(ref, name)
      if (!this.hops.has(far)) {
        this.hops.set(far, hops)
        reachedNodes.push(far)
      }
    }
    return reachedNodes
  }

  node(ref: string): GraphNode {
    return nodeOf(ref, this.#names.get(ref))
  }
}

export async function neighbours(
  scope: GraphScope,
  { ref, hops, limit }: Readonly<{ ref: string; hops: number; limit: number }>,
): Promise<Pick<Graph, 'nodes' | 'edges' | 'cut'>> {
  const subgraph = new Subgraph(scope)
  subgraph.hops.set(ref, 0)
  // An invisible node looks like one without edges.
  let frontier: readonly string[] = mayName(scope.viewer, ref) ? [ref] : []
  for (let hop = 1; hop <= hops && frontier.length > 0; hop++) {
    // Sharing an outcome does not relate two actions.
    const expandable = hop === 1 ? frontier : frontier.filter((node) => labelOf(node) !== 'STATUS')
    frontier = await subgraph.expand({ near: expandable, ...(hop === 1 ? {} : { without: [ref] }), limit }, hop)
  }
  return {
    nodes: [...subgraph.hops].map(([node, distance]) => ({ ...subgraph.node(node), hops: distance })),
    edges: [...subgraph.edges.values()],
    cut: [...subgraph.cut].map(([node, others]) => ({ ref: node, others })),
  }
}

type Paths = Pick<GraphPaths, 'nodes' | 'paths' | 'edges' | 'cut'>

/** Edges per node, nodes per step, paths returned. */
const [maxEdges, maxNodes, maxPaths] = [100, 100, 10]

export async function pathsBetween(
  scope: GraphScope,
  { from, to, hops }: Readonly<{ from: string; to: string; hops: number }>,
): Promise<Paths> {
  const subgraph = new Subgraph(scope)
  const sides = [from, to].map((ref) => ({ ref, reached: new Set([ref]), last: [ref] as readonly string[] }))
  const visible = [from, to].every((ref) => mayName(scope.viewer, ref))
  for (let length = 1; visible && length <= hops; length++) {
    const [start, target] = sides as [(typeof sides)[number], (typeof sides)[number]]
    await subgraph.expand({ near: start.last, far: [...target.last], limit: maxEdges * maxNodes }, 0)
    const paths = pathsIn(subgraph.edges.values(), from, to, length)
    if (paths.length > 0) return pathsWithEdges(subgraph, paths)
    if (length === hops) break
    const side = start.last.length <= target.last.length ? start : target
    const edges = new Set(subgraph.edges.keys())
    await subgraph.expand({ near: side.last, limit: maxEdges }, 0)
    const expandedNodes = new Set(side.last)
    const next = [...subgraph.edges]
      .filter(([key]) => !edges.has(key))
      .flatMap(([, edge]) => (expandedNodes.has(edge.from) ? [edge.to] : [edge.from]))
      .filter((ref) => !side.reached.has(ref) && labelOf(ref) !== 'STATUS')
    const newNodes = [...new Set(next)]
    for (const ref of newNodes) side.reached.add(ref)
    if (newNodes.length > maxNodes) subgraph.cut.set(side.ref, newNodes.length - maxNodes)
    side.last = newNodes.slice(0, maxNodes)
    if (side.last.length === 0) break
  }
  return pathsWithEdges(subgraph, [])
}

function pathsWithEdges(subgraph: Subgraph, paths: readonly (readonly string[])[]): Paths {
  const steps = new Set(
    paths.flatMap((path) =>
      path.slice(1).flatMap((ref, at) => [JSON.stringify([path[at], ref]), JSON.stringify([ref, path[at]])]),
    ),
  )
  return {
    nodes: [...new Set(paths.flat())].map((ref) => subgraph.node(ref)),
    paths,
    edges: [...subgraph.edges.values()].filter(({ from, to }) => steps.has(JSON.stringify([from, to]))),
    cut: [...subgraph.cut].map(([ref, others]) => ({ ref, others })),
  }
}

function pathsIn(edges: Iterable<GraphEdge>, from: string, to: string, length: number): string[][] {
  const neighbours = new Map<string, Set<string>>()
  const lead = (a: string, b: string): void => void (neighbours.get(a)?.add(b) ?? neighbours.set(a, new Set([b])))
  for (const edge of edges) {
    lead(edge.from, edge.to)
    lead(edge.to, edge.from)
  }
  let paths: string[][] = [[from]]
  const before = new Set([from])
  for (let step = 1; step <= length; step++) {
    const longerPaths = paths.flatMap((path) =>
      [...(neighbours.get(path.at(-1) ?? '') ?? [])].filter((ref) => !before.has(ref)).map((ref) => [...path, ref]),
    )
    const complete = longerPaths.filter((path) => path.at(-1) === to)
    if (complete.length > 0) return complete.slice(0, maxPaths)
    for (const path of longerPaths) before.add(path.at(-1) ?? '')
    paths = longerPaths
  }
  return []
}
