import type { FlowTopology } from '../../../../src/api/published.ts'
import { measures, type Measure } from '../measures.ts'
import { groupOf, nodeCells, nodeLabel, scopeParts } from './scope.ts'
import type { Scope } from './scopes.ts'
import type { Trouble } from './trouble.ts'
import { generalText } from '../../text/general.ts'
import { topologyText } from './text.ts'

export type Amounts = Readonly<Record<Measure, number>>

type Total = Amounts & { readonly edges: number }

export type EdgeRow = Readonly<{
  from: readonly unknown[]
  to: readonly unknown[]
  sums: Amounts
  /** Amounts of the earlier range; absent: unknown or no comparison. */
  before?: Amounts
  trouble?: Trouble
}>

export type Edges = Readonly<{
  rows: readonly EdgeRow[]
  total: Total
  before?: Total
}>

type GraphNode = Readonly<{
  key: string
  label: string
  group: string
  /** Undefined: a square that combines nodes. */
  cells: readonly unknown[] | undefined
  stands: number
  sent: Amounts
  received: Amounts
}>

interface GraphEdge extends Amounts {
  readonly from: number
  readonly to: number
  readonly edges: number
  readonly before?: Total | undefined
  readonly trouble?: Trouble | undefined
}

export type Graph = Readonly<{
  nodes: readonly GraphNode[]
  edges: readonly GraphEdge[]
  rest: Total
  total: Total
  earlier?: Readonly<{ rest: Total; total: Total }>
}>

type Limits = Readonly<{
  nodes: number
  edges: number
}>

export const defaultLimits: Limits = { nodes: 300, edges: 1500 }
export const moreLimits: Limits = { nodes: 1000, edges: 5000 }

type Sum = Record<Measure, number>

/** Above the number of nodes: pairs of places are numbers. */
const morePlaces = 2 ** 20

interface Known {
  readonly key: string
  readonly cells: readonly unknown[]
  readonly group: string
  readonly sent: Sum
  readonly received: Sum
  size: number
}

interface Folded extends Known {
  stands: number
  /** A group folded by the user; otherwise the nodes beyond the limit. */
  readonly label?: string
}

/** Edges to request: more than are drawn, so that combined nodes are correct. */
export const edgeLimits = { first: 200, usual: 4000, more: 25_000 }

/** Whether a response has the ends of this scope; until another one arrives, the previous is shown. */
export function fitsScope({ columns }: Pick<FlowTopology, 'columns'>, scope: Scope): boolean {
  const { parts } = scopeParts[scope]
  return columns[0]?.name === `src_${parts[0] ?? ''}` && columns[parts.length]?.name === `dst_${parts[0] ?? ''}`
}

export const zero = (): Sum => ({ bytes: 0, packets: 0, flows: 0, drop_bytes: 0, drop_packets: 0 })

function add(sum: Sum, more: Amounts) {
  for (const measure of measures) sum[measure] += more[measure]
}

export function edgesOf(
  { columns, rows, total }: Pick<FlowTopology, 'columns' | 'rows' | 'total'>,
  scope: Scope,
): Edges {
  const width = scopeParts[scope].parts.length
  const places = measures.map((name) => [name, columns.findIndex((column) => column.name === name)] as const)
  return {
    rows: rows.map((row) => ({
      from: row.slice(0, width),
      to: row.slice(width, 2 * width),
      sums: Object.fromEntries(places.map(([name, at]) => [name, Number(row[at] ?? 0)])) as Amounts,
    })),
    total: {
      edges: total.edges ?? rows.length,
      ...(Object.fromEntries(measures.map((name) => [name, Number(total[name] ?? 0)])) as Amounts),
    },
  }
}

export function sizeOf(measure: Measure, now: Amounts, before: Amounts | undefined): number {
  return Math.max(now[measure], before?.[measure] ?? 0)
}

export const foldKey = (group: string): string => `group ${group}`

/** Groups that can be folded: those of several nodes, and those that are folded. */
export function foldable(graph: Graph | undefined, folds: readonly string[]): readonly string[] {
  const members = new Map<string, number>()
  for (const { group, stands } of graph?.nodes ?? []) members.set(group, (members.get(group) ?? 0) + stands)
  return [...members].flatMap(([group, count]) =>
    group !== elsewhereGroup && group !== '' && (count > 1 || folds.includes(group)) ? [group] : [],
  )
}

/** @param folds groups that are one node each. */
export function foldGraph(
  edges: Edges,
  scope: Scope,
  measure: Measure,
  limits: Limits,
  folds: readonly string[] = [],
): Graph {
  const { total, before } = edges
  const { nodes, pairs } = pairsOf(edges, scope, measure, folds)
  const repeats = repeatsOf(pairs)
  const nodesBySize = [...nodes].sort((a, b) => b.size - a.size)
  const { kept, folded } = foldNodes(nodesBySize, limits.nodes)
  const all: readonly (Known | Folded)[] = [...kept, ...folded.values()]
  const places = new Map(all.map(({ key }, index) => [key, index]))
  const placeOf = ({ key, group }: Known) =>
    places.get(key) ??
    places.get(folded.get(group)?.key ?? '') ??
    places.get(folded.get(elsewhereGroup)?.key ?? '') ??
    0
  const drawnEdges = sumEdges(pairs, placeOf, repeats)
    .sort((a, b) => sizeOf(measure, b, b.before) - sizeOf(measure, a, a.before))
    .slice(0, limits.edges)
  const sums = { ...total, edges: total.edges - repeats.now.size }
  const earlier = before === undefined ? undefined : { ...before, edges: before.edges - repeats.before.size }
  return {
    nodes: all.map((node) => graphNode(scope, node)),
    edges: drawnEdges,
    total: sums,
    rest: restOf(sums, drawnEdges),
    ...(earlier === undefined
      ? {}
      : {
          earlier: {
            total: earlier,
            rest: restOf(
              earlier,
              drawnEdges.flatMap((edge) => edge.before ?? []),
            ),
          },
        }),
  }
}

/** `key`: the keys of both nodes. */
type Pair = Readonly<{ from: Known; to: Known; row: EdgeRow; key: string }>

/** Rows with their nodes, which have the sums of their rows. */
function pairsOf(
  { rows }: Edges,
  scope: Scope,
  measure: Measure,
  folds: readonly string[],
): Readonly<{ nodes: Iterable<Known | Folded>; pairs: readonly Pair[] }> {
  const nodes = new Map<string, Known | Folded>()
  const members = new Map(folds.map((group) => [group, new Set<string>()]))
  const nodeOf = (cells: readonly unknown[], single: string) => {
    const group = groupOf(scope, cells)
    const groupMembers = members.get(group)?.add(single)
    const key = groupMembers === undefined ? single : foldKey(group)
    let node = nodes.get(key)
    if (node === undefined) {
      node = { key, cells, group, sent: zero(), received: zero(), size: 0 }
      if (groupMembers !== undefined) node = { ...node, stands: 0, label: groupName(group) }
      nodes.set(key, node)
    }
    if (groupMembers !== undefined && 'stands' in node) node.stands = groupMembers.size
    return node
  }
  const pairs = rows.map((row) => {
    const [fromCells, toCells] = [nodeCells(scope, row.from), nodeCells(scope, row.to)]
    const [fromKey, toKey] = [JSON.stringify(fromCells), JSON.stringify(toCells)]
    const [from, to] = [nodeOf(fromCells, fromKey), nodeOf(toCells, toKey)]
    add(from.sent, row.sums)
    add(to.received, row.sums)
    const size = sizeOf(measure, row.sums, row.before)
    from.size += size
    to.size += size
    return { from, to, row, key: fromKey + toKey }
  })
  return { nodes: nodes.values(), pairs }
}

type EdgeSum = Sum & {
  readonly from: number
  readonly to: number
  edges: number
  before?: (Sum & { edges: number }) | undefined
  trouble?: Trouble
}

/** The sums of the traffic between every two places. */
function sumEdges(
  pairs: readonly Pair[],
  placeOf: (node: Known) => number,
  repeats: ReturnType<typeof repeatsOf>,
): EdgeSum[] {
  const edges = new Map<number, EdgeSum>()
  for (const { from, to, row } of pairs) {
    const [a, b] = [placeOf(from), placeOf(to)]
    const id = a * morePlaces + b
    let edge = edges.get(id)
    if (edge === undefined) {
      const before = row.before === undefined ? {} : { before: { ...zero(), edges: 0 } }
      edge = { ...zero(), from: a, to: b, edges: 0, ...before }
      edges.set(id, edge)
    }
    addRow(edge, row, repeats)
  }
  return [...edges.values()]
}

function addRow(edge: EdgeSum, row: EdgeRow, repeats: ReturnType<typeof repeatsOf>): void {
  add(edge, row.sums)
  if (row.sums.flows > 0 && !repeats.now.has(row)) edge.edges++
  if (row.trouble !== undefined)
    edge.trouble = {
      drops: (edge.trouble?.drops ?? 0) + row.trouble.drops,
      errors: (edge.trouble?.errors ?? 0) + row.trouble.errors,
    }
  if (row.before === undefined) edge.before = undefined
  else if (edge.before !== undefined) {
    add(edge.before, row.before)
    if (row.before.flows > 0 && !repeats.before.has(row)) edge.before.edges++
  }
}

function graphNode(scope: Scope, node: Known | Folded): GraphNode {
  const { key, group, sent, received } = node
  return 'stands' in node
    ? {
        key,
        group,
        sent,
        received,
        cells: undefined,
        stands: node.stands,
        label: node.label ?? generalText.remaining(node.stands),
      }
    : { key, group, sent, received, cells: node.cells, stands: 1, label: nodeLabel(scope, node.cells) }
}

/** Rows between the nodes of an earlier row: a node can have several addresses. `key`: of both nodes. */
function repeatsOf(pairs: readonly Readonly<{ row: EdgeRow; key: string }>[]) {
  const repeated = (hasFlows: (row: EdgeRow) => boolean) => {
    const countedKeys = new Set<string>()
    const rows = new Set<EdgeRow>()
    for (const { row, key } of pairs) {
      if (!hasFlows(row)) continue
      if (countedKeys.has(key)) rows.add(row)
      else countedKeys.add(key)
    }
    return rows
  }
  return {
    now: repeated(({ sums }) => sums.flows > 0),
    before: repeated(({ before }) => (before?.flows ?? 0) > 0),
  }
}

function restOf(total: Total, drawn: readonly (Amounts & { readonly edges: number })[]): Total {
  const remainder = { ...total }
  for (const edge of drawn) {
    for (const measure of measures) remainder[measure] -= edge[measure]
    remainder.edges -= edge.edges
  }
  return remainder
}

const elsewhereGroup = '\u0000elsewhere'

function foldNodes(
  sorted: readonly (Known | Folded)[],
  most: number,
): Readonly<{ kept: readonly (Known | Folded)[]; folded: ReadonlyMap<string, Folded> }> {
  if (sorted.length <= most) return { kept: sorted, folded: new Map() }
  let count = most
  for (;;) {
    const shownNodes = sorted.slice(0, count)
    const shownGroups = new Set(shownNodes.map(({ group }) => group))
    const foldedGroups = new Map<string, Folded>()
    for (const smallNode of sorted.slice(count)) {
      const { group: own, sent, received, size } = smallNode
      const stands = 'stands' in smallNode ? smallNode.stands : 1
      const group = shownGroups.has(own) ? own : elsewhereGroup
      let foldedGroup = foldedGroups.get(group)
      if (foldedGroup === undefined)
        foldedGroups.set(
          group,
          (foldedGroup = {
            key: topologyText.othersOf(group),
            cells: [],
            group,
            sent: zero(),
            received: zero(),
            size: 0,
            stands: 0,
          }),
        )
      add(foldedGroup.sent, sent)
      add(foldedGroup.received, received)
      foldedGroup.size += size
      foldedGroup.stands += stands
    }
    const excessNodes = shownNodes.length + foldedGroups.size - most
    if (excessNodes <= 0 || count <= 1) return { kept: shownNodes, folded: foldedGroups }
    count = Math.max(1, count - excessNodes)
  }
}

export function neighbours({ edges }: Graph, at: number): readonly number[] {
  return [
    ...new Set(
      edges.flatMap(({ from, to }) => (from === at && to !== at ? [to] : to === at && from !== at ? [from] : [])),
    ),
  ]
}

export function groupName(group: string): string {
  return group === elsewhereGroup ? 'elsewhere' : group === '' ? topologyText.noGroup : group
}
