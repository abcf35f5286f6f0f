import type { Cell } from '../../topics/cells.ts'
import type { RingFrame } from './ring.ts'
import type { GraphSpec } from './spec.ts'
import { adder, addSums, groupReader, type Sums } from './sums.ts'
import { AggregateView, type MessageKind } from './aggregate-view.ts'
import type { LiveMessage } from './view.ts'

export type GraphMessage = Readonly<{
  view: string
  cols: readonly string[]
  /** A node is its value, null if unknown; a list for several columns. */
  upsertNodes: readonly (readonly [node: Cell, out: readonly number[], into: readonly number[]])[]
  upsertEdges: readonly (readonly [from: Cell, to: Cell, sums: readonly number[]])[]
  removed: Readonly<{ nodes: readonly Cell[]; edges: readonly (readonly [from: Cell, to: Cell])[] }>
  others: Readonly<{ edges: number; sums: readonly number[] }>
  snapshot?: true
}>

interface Edge {
  readonly from: Cell
  readonly to: Cell
  readonly fromKey: string
  readonly toKey: string
  readonly sums: Sums
  /** Decreases when idle, for a stable ranking. */
  weight: number
  idle: number
}

const maxEdges = 20_000
const edgesPerNode = 5
const decay = 0.8

export class GraphView extends AggregateView<GraphSpec> {
  readonly #edges = new Map<string, Edge>()
  #further = this.#zero()
  #shownEdges = new Map<string, Edge>()
  #shownNodes = new Map<string, Cell>()

  protected add(frame: RingFrame, rows: readonly number[] | undefined): void {
    const add = adder(frame, this.spec.columns)
    const ends = groupReader(frame, this.spec.scope, this.resolver)
    const count = rows?.length ?? frame.count
    for (let at = 0; at < count; at++) {
      const row = rows?.[at] ?? at
      add(this.#edge(ends.key(row), () => ends.cells(row))?.sums ?? this.#further, row)
    }
  }

  #edge(key: string, ends: () => readonly Cell[]): Edge | undefined {
    const existing = this.#edges.get(key)
    if (existing !== undefined || this.#edges.size >= maxEdges) return existing
    const [from, to] = this.#halves(ends())
    const edge = {
      from,
      to,
      fromKey: JSON.stringify(from),
      toKey: JSON.stringify(to),
      sums: this.#zero(),
      weight: 0,
      idle: 0,
    }
    this.#edges.set(key, edge)
    return edge
  }

  #halves(cells: readonly Cell[]): readonly [from: Cell, to: Cell] {
    if (cells.length === 2) return [cells[0] ?? null, cells[1] ?? null]
    return [cells.slice(0, cells.length / 2), cells.slice(cells.length / 2)]
  }

  #zero(): Sums {
    return new Float64Array(this.spec.columns.length + 1)
  }

  protected message(kind: MessageKind): LiveMessage | undefined {
    const isWhole = kind === 'whole'
    this.#age()
    const edges = this.#largest()
    const { nodes, out, into } = this.#nodesOf(edges)
    const otherSums = this.#further
    this.#further = this.#zero()
    for (const [key, edge] of this.#edges) if (!edges.has(key)) addSums(otherSums, edge.sums)
    const goneEdges = [...this.#shownEdges]
      .filter(([key]) => !edges.has(key))
      .map(([, { from, to }]) => [from, to] as const)
    const goneNodes = [...this.#shownNodes].filter(([key]) => !nodes.has(key)).map(([, node]) => node)
    const moving = [...edges].filter(([key, edge]) => isWhole || edge.idle <= 1 || !this.#shownEdges.has(key))
    const touched = new Set(moving.flatMap(([, { fromKey, toKey }]) => [fromKey, toKey]))
    const data: GraphMessage = {
      view: this.spec.id,
      cols: ['rows', ...this.spec.columns],
      upsertNodes: [...nodes]
        .filter(([key]) => touched.has(key))
        .map(([key, node]) => [node, [...(out.get(key) ?? this.#zero())], [...(into.get(key) ?? this.#zero())]]),
      upsertEdges: moving.map(([, { from, to, sums }]) => [from, to, [...sums]]),
      removed: { nodes: goneNodes, edges: goneEdges },
      others: { edges: this.#edges.size - edges.size, sums: [...otherSums] },
      ...(isWhole ? { snapshot: true as const } : {}),
    }
    this.#shownEdges = edges
    this.#shownNodes = nodes
    for (const { sums } of this.#edges.values()) sums.fill(0)
    const isUnchanged = moving.length === 0 && goneEdges.length === 0 && otherSums[0] === 0
    return isUnchanged && !isWhole ? undefined : { event: 'graph', data }
  }

  #age() {
    const by = this.spec.by === 'rows' ? 0 : this.spec.columns.indexOf(this.spec.by) + 1
    for (const [key, edge] of this.#edges) {
      edge.idle = (edge.sums[0] ?? 0) > 0 ? 0 : edge.idle + 1
      edge.weight = decay * edge.weight + (edge.sums[by] ?? 0)
      if (edge.idle > this.spec.idle) this.#edges.delete(key)
    }
  }

  #largest(): Map<string, Edge> {
    const { limit } = this.spec
    const chosenEdges = new Map<string, Edge>()
    const nodes = new Set<string>()
    for (const [key, edge] of [...this.#edges].sort(([, a], [, b]) => b.weight - a.weight)) {
      if (chosenEdges.size >= limit * edgesPerNode) break
      const { fromKey, toKey } = edge
      const newNodes = (nodes.has(fromKey) ? 0 : 1) + (toKey === fromKey || nodes.has(toKey) ? 0 : 1)
      if (nodes.size + newNodes > limit) continue
      nodes.add(fromKey).add(toKey)
      chosenEdges.set(key, edge)
    }
    return chosenEdges
  }

  #nodesOf(edges: ReadonlyMap<string, Edge>): {
    nodes: Map<string, Cell>
    out: Map<string, Sums>
    into: Map<string, Sums>
  } {
    const nodes = new Map<string, Cell>()
    const sentSums = new Map<string, Sums>()
    const receivedSums = new Map<string, Sums>()
    const add = (key: string, node: Cell, side: Map<string, Sums>, sums: Sums) => {
      nodes.set(key, node)
      const existing = side.get(key) ?? this.#zero()
      addSums(existing, sums)
      side.set(key, existing)
    }
    for (const { from, to, fromKey, toKey, sums } of edges.values()) {
      add(fromKey, from, sentSums, sums)
      add(toKey, to, receivedSums, sums)
    }
    return { nodes, out: sentSums, into: receivedSums }
  }
}
