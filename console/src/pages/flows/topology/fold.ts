import type { GroupsAnswer } from '../overview/sums.ts'
import type { Measure } from '../overview/state.ts'
import { groupOf, nodeLabel, scopeParts } from './scope.ts'
import type { Scope } from './state.ts'

export interface Amounts {
  readonly bytes: number
  readonly packets: number
  readonly flows: number
}

export interface GraphNode {
  readonly key: string
  readonly label: string
  readonly group: string
  /** Values of the scope's parts; undefined of several nodes that are drawn as one. */
  readonly cells: readonly unknown[] | undefined
  /** Nodes that this one stands for. */
  readonly stands: number
  readonly sent: Amounts
  readonly received: Amounts
}

/** Places of nodes, and the sums of as many edges of the answer as it stands for. */
export interface GraphEdge extends Amounts {
  readonly from: number
  readonly to: number
  readonly edges: number
}

export interface Graph {
  /** The largest first; those that stand for several come last. */
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  /** What is not drawn: with the edges it is the total. */
  readonly rest: Amounts & { readonly edges: number }
  readonly total: Amounts & { readonly edges: number }
}

export interface Limits {
  readonly nodes: number
  readonly edges: number
}

export const usualLimits: Limits = { nodes: 300, edges: 1500 }
export const moreLimits: Limits = { nodes: 1000, edges: 5000 }

interface Sum {
  bytes: number
  packets: number
  flows: number
}

interface Known {
  readonly key: string
  readonly cells: readonly unknown[]
  readonly group: string
  readonly sent: Sum
  readonly received: Sum
}

interface Folded extends Known {
  stands: number
}

const zero = (): Sum => ({ bytes: 0, packets: 0, flows: 0 })

function add(sum: Sum, more: Amounts): void {
  sum.bytes += more.bytes
  sum.packets += more.packets
  sum.flows += more.flows
}

/** The largest nodes and edges of an answer; smaller nodes are one per group, with their number and sums. */
export function foldGraph({ columns, rows, total }: GroupsAnswer, scope: Scope, measure: Measure, limits: Limits): Graph {
  const width = scopeParts[scope].parts.length
  const [bytes, packets, flows] = ['bytes', 'packets', 'flows'].map((name) => columns.findIndex((column) => column.name === name)) as [number, number, number]
  const nodes = new Map<string, Known>()
  const node = (cells: readonly unknown[]): Known => {
    const key = JSON.stringify(cells)
    let known = nodes.get(key)
    if (known === undefined) nodes.set(key, (known = { key, cells, group: groupOf(scope, cells), sent: zero(), received: zero() }))
    return known
  }
  const pairs = rows.map((row) => {
    const sums: Amounts = { bytes: Number(row[bytes]), packets: Number(row[packets]), flows: Number(row[flows]) }
    const [from, to] = [node(row.slice(0, width)), node(row.slice(width, 2 * width))]
    add(from.sent, sums)
    add(to.received, sums)
    return { from, to, sums }
  })
  const sorted = [...nodes.values()].sort((a, b) => weight(b, measure) - weight(a, measure))
  const { kept, folded } = foldNodes(sorted, limits.nodes)
  const all: readonly (Known | Folded)[] = [...kept, ...folded.values()]
  const places = new Map(all.map(({ key }, index) => [key, index]))
  const placeOf = ({ key, group }: Known): number => places.get(key) ?? places.get(folded.get(group)?.key ?? '') ?? places.get(folded.get(elsewhere)?.key ?? '') ?? 0
  const edges = new Map<number, Sum & { readonly from: number; readonly to: number; edges: number }>()
  for (const { from, to, sums } of pairs) {
    const [a, b] = [placeOf(from), placeOf(to)]
    const id = a * all.length + b
    let edge = edges.get(id)
    if (edge === undefined) edges.set(id, (edge = { ...zero(), from: a, to: b, edges: 0 }))
    add(edge, sums)
    edge.edges++
  }
  const drawn = [...edges.values()].sort((a, b) => b[measure] - a[measure]).slice(0, limits.edges)
  const whole = { edges: total.edges ?? rows.length, bytes: Number(total.bytes), packets: Number(total.packets), flows: Number(total.flows) }
  const rest = { ...whole }
  for (const edge of drawn) {
    rest.bytes -= edge.bytes
    rest.packets -= edge.packets
    rest.flows -= edge.flows
    rest.edges -= edge.edges
  }
  return {
    nodes: all.map((each): GraphNode => {
      const isFolded = 'stands' in each
      return { key: each.key, group: each.group, sent: each.sent, received: each.received, cells: isFolded ? undefined : each.cells, stands: isFolded ? each.stands : 1, label: isFolded ? `${each.stands} others` : nodeLabel(scope, each.cells) }
    }),
    edges: drawn, rest, total: whole,
  }
}

function weight({ sent, received }: Known, measure: Measure): number {
  return sent[measure] + received[measure]
}

/** Of groups of which nothing else is drawn. */
const elsewhere = '\u0000elsewhere'

function foldNodes(sorted: readonly Known[], most: number): { readonly kept: readonly Known[]; readonly folded: ReadonlyMap<string, Folded> } {
  if (sorted.length <= most) return { kept: sorted, folded: new Map() }
  // Each that stands for others takes the room of one.
  let count = most
  for (;;) {
    const kept = sorted.slice(0, count)
    const shown = new Set(kept.map(({ group }) => group))
    const folded = new Map<string, Folded>()
    for (const { group: own, sent, received } of sorted.slice(count)) {
      const group = shown.has(own) ? own : elsewhere
      let into = folded.get(group)
      if (into === undefined) folded.set(group, (into = { key: `others ${group}`, cells: [], group, sent: zero(), received: zero(), stands: 0 }))
      add(into.sent, sent)
      add(into.received, received)
      into.stands++
    }
    const over = kept.length + folded.size - most
    if (over <= 0 || count <= 1) return { kept, folded }
    count = Math.max(1, count - over)
  }
}

/** Places of the nodes that exchange with a node. */
export function neighbours({ edges }: Graph, at: number): readonly number[] {
  return [...new Set(edges.flatMap(({ from, to }) => (from === at && to !== at ? [to] : to === at && from !== at ? [from] : [])))]
}

export function groupName(group: string): string {
  return group === elsewhere ? 'elsewhere' : group === '' ? 'no group' : group
}
