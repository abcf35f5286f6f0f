/** Which edges of each node are shown, and in which order: the same as the statement of {@link largestEdges} finds. */
import type { EdgesAsked, StoredEdge } from '../../engine/control.ts'
import { compareBytes } from '../../model/text-order.ts'
import { isoMicroseconds } from '../read/iso-time.ts'
import { scopeTest } from './edge-scope.ts'
import { severities, type EdgeSums, type RelationSums, type Sum } from './edge-sums.ts'

interface Placed {
  readonly of: RelationSums
  readonly place: number
  readonly sum: Sum
}

export function shownEdges(sums: EdgeSums, { limit, namespaces }: Pick<EdgesAsked, 'limit' | 'namespaces'>): StoredEdge[] {
  const isSeen = namespaces === undefined ? undefined : scopeTest(namespaces)
  const text = (code: number): string => sums.text(code) ?? ''
  const larger = (a: Sum, b: Sum): number => b.count - a.count || (b.last ?? -Infinity) - (a.last ?? -Infinity) || compareBytes(text(a.far), text(b.far))
  const nodes = new Map<number, { edges: number; readonly placed: Placed[] }>()
  for (const of of sums.relations) {
    for (const [near, edges] of of.edges) {
      const seen = isSeen === undefined ? [...edges.values()] : [...edges.values()].filter(({ far }) => isSeen(text(near), text(far)))
      if (seen.length === 0) continue
      const node = nodes.get(near) ?? { edges: 0, placed: [] }
      nodes.set(near, node)
      node.edges += seen.length
      for (const [place, sum] of firsts(seen, limit, larger).entries()) node.placed.push({ of, place, sum })
    }
  }
  return [...nodes].map(([near, node]) => ({ near, name: text(near), ...node })).toSorted((a, b) => compareBytes(a.name, b.name)).flatMap(({ near, edges, placed }) => {
    const order = placed.toSorted((a, b) => a.place - b.place || compareBytes(a.of.relation, b.of.relation) || Number(a.of.forward) - Number(b.of.forward))
    return order.slice(0, limit).map(({ of: { relation, forward }, sum }): StoredEdge => ({
      near: text(near), far: text(sum.far), relation, forward, count: sum.count, first: isoMicroseconds(sum.first), last: sum.last === null ? null : isoMicroseconds(sum.last),
      severity: sum.level === undefined ? null : (severities[sum.level] ?? null), bytes: sum.bytes ?? null, nearName: sums.text(sum.nearName), farName: sums.text(sum.farName), others: Math.max(edges - limit, 0),
    }))
  })
}

/** The first of many in their order; most of them are looked at once. */
function firsts<Value>(all: readonly Value[], most: number, order: (a: Value, b: Value) => number): Value[] {
  if (all.length <= 2 * most) return all.toSorted(order).slice(0, most)
  const best = all.slice(0, most).toSorted(order)
  for (const value of all.slice(most)) {
    if (order(value, best[most - 1] as Value) >= 0) continue
    let [low, high] = [0, most - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (order(value, best[middle] as Value) < 0) high = middle
      else low = middle + 1
    }
    best.splice(low, 0, value)
    best.pop()
  }
  return best
}
