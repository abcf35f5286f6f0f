import type { EdgeQuery, StoredEdge, StoreReader } from '../../engine/control.ts'
import { labelOf } from '../../model/graph.ts'
import type { Principal } from '../access/principal.ts'
import { mayName } from '../../topics/scope.ts'
import { inventoryEdges } from './inventory-edges.ts'
import { nodeOf, type GraphNode } from './nodes.ts'

interface GraphEdge extends Pick<StoredEdge, 'relation' | 'count' | 'first' | 'last' | 'severity' | 'bytes'> {
  readonly from: string
  readonly to: string
}

type Graph = Readonly<{
  nodes: readonly (GraphNode & { readonly hops: number })[]
  edges: readonly GraphEdge[]
  cut: readonly Readonly<{ ref: string; others: number }>[]
}>

export type GraphQuery = Readonly<{
  store: StoreReader
  disconnected: AbortSignal
  principal: Principal
  span: EdgeQuery['span']
  relations: ReadonlySet<string> | undefined
}>

class Subgraph {
  readonly hops = new Map<string, number>()
  readonly edges = new Map<string, GraphEdge>()
  readonly cut = new Map<string, number>()
  readonly #names = new Map<string, string>()
  readonly #query: GraphQuery

  constructor(context: GraphQuery) {
    this.#query = context
  }

  /** Undefined after a disconnect. */
  async expand(
    more: Pick<EdgeQuery, 'near' | 'far' | 'without' | 'limit'>,
    hops: number,
  ): Promise<readonly string[] | undefined> {
    const { store, disconnected, principal, span, relations } = this.#query
    const edges = await store
      .edges({ ...more, namespaces: principal.namespaces, span, relations }, disconnected)
      .catch((error: unknown) => {
        if (!disconnected.aborted) throw error
      })
    const clouds = await inventoryEdges(this.#query, more)
    if (edges === undefined || clouds === undefined) return undefined
    const reached: string[] = []
    const cut = new Map(edges.map(({ near, others }) => [near, others]))
    for (const { near, others } of clouds) cut.set(near, (cut.get(near) ?? 0) + others)
    for (const [near, others] of cut) if (others > 0) this.cut.set(near, others)
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
        reached.push(far)
      }
    }
    return reached
  }

  node(ref: string): GraphNode {
    return nodeOf(ref, this.#names.get(ref))
  }
}

export async function neighbours(
  context: GraphQuery,
  ref: string,
  hops: number,
  limit: number,
): Promise<Graph | undefined> {
  const known = new Subgraph(context)
  known.hops.set(ref, 0)
  // An invisible node looks like one without edges.
  let near: readonly string[] = mayName(context.principal, ref) ? [ref] : []
  for (let hop = 1; hop <= hops && near.length > 0; hop++) {
    // Sharing an outcome does not relate two actions.
    const through = hop === 1 ? near : near.filter((each) => labelOf(each) !== 'STATUS')
    const reached = await known.expand({ near: through, ...(hop === 1 ? {} : { without: [ref] }), limit }, hop)
    if (reached === undefined) return undefined
    near = reached
  }
  return {
    nodes: [...known.hops].map(([each, distance]) => ({ ...known.node(each), hops: distance })),
    edges: [...known.edges.values()],
    cut: [...known.cut].map(([each, others]) => ({ ref: each, others })),
  }
}

type Paths = Readonly<{
  nodes: readonly GraphNode[]
  paths: readonly (readonly string[])[]
  edges: readonly GraphEdge[]
  cut: Graph['cut']
}>

/** Edges per node, nodes per step, paths returned. */
const [maxEdges, maxNodes, maxPaths] = [100, 100, 10]

export async function pathsBetween(
  context: GraphQuery,
  from: string,
  to: string,
  hops: number,
): Promise<Paths | undefined> {
  const known = new Subgraph(context)
  const sides = [from, to].map((ref) => ({ ref, reached: new Set([ref]), last: [ref] as readonly string[] }))
  const visible = [from, to].every((ref) => mayName(context.principal, ref))
  for (let length = 1; visible && length <= hops; length++) {
    const [one, other] = sides as [(typeof sides)[number], (typeof sides)[number]]
    if ((await known.expand({ near: one.last, far: [...other.last], limit: maxEdges * maxNodes }, 0)) === undefined)
      return undefined
    const paths = pathsIn(known.edges.values(), from, to, length)
    if (paths.length > 0) return pathsWithEdges(known, paths)
    if (length === hops) break
    const side = one.last.length <= other.last.length ? one : other
    const edges = new Set(known.edges.keys())
    if ((await known.expand({ near: side.last, limit: maxEdges }, 0)) === undefined) return undefined
    const near = new Set(side.last)
    const next = [...known.edges]
      .filter(([key]) => !edges.has(key))
      .flatMap(([, edge]) => (near.has(edge.from) ? [edge.to] : [edge.from]))
      .filter((ref) => !side.reached.has(ref) && labelOf(ref) !== 'STATUS')
    const fresh = [...new Set(next)]
    for (const ref of fresh) side.reached.add(ref)
    if (fresh.length > maxNodes) known.cut.set(side.ref, fresh.length - maxNodes)
    side.last = fresh.slice(0, maxNodes)
    if (side.last.length === 0) break
  }
  return pathsWithEdges(known, [])
}

function pathsWithEdges(known: Subgraph, paths: readonly (readonly string[])[]): Paths {
  const steps = new Set(
    paths.flatMap((path) =>
      path.slice(1).flatMap((ref, at) => [JSON.stringify([path[at], ref]), JSON.stringify([ref, path[at]])]),
    ),
  )
  return {
    nodes: [...new Set(paths.flat())].map((ref) => known.node(ref)),
    paths,
    edges: [...known.edges.values()].filter(({ from, to }) => steps.has(JSON.stringify([from, to]))),
    cut: [...known.cut].map(([ref, others]) => ({ ref, others })),
  }
}

function pathsIn(edges: Iterable<GraphEdge>, from: string, to: string, length: number): string[][] {
  const near = new Map<string, Set<string>>()
  const lead = (a: string, b: string): void => void (near.get(a)?.add(b) ?? near.set(a, new Set([b])))
  for (const edge of edges) {
    lead(edge.from, edge.to)
    lead(edge.to, edge.from)
  }
  let paths: string[][] = [[from]]
  const before = new Set([from])
  for (let step = 1; step <= length; step++) {
    const longer = paths.flatMap((path) =>
      [...(near.get(path.at(-1) ?? '') ?? [])].filter((ref) => !before.has(ref)).map((ref) => [...path, ref]),
    )
    const found = longer.filter((path) => path.at(-1) === to)
    if (found.length > 0) return found.slice(0, maxPaths)
    for (const path of longer) before.add(path.at(-1) ?? '')
    paths = longer
  }
  return []
}
