import type { EdgeQuery, StoredEdge } from '../../engine/control.ts'
import { compareBytes } from '../../model/text-order.ts'
import { isoMicroseconds } from '../read/iso-time.ts'
import { scopeTest } from './edge-scope.ts'
import { noBytes, severities, stillHolds, type EdgeSums, type RelationSums } from './edge-sums.ts'
import { none } from './refs.ts'

type RankedEdge = Readonly<{
  of: RelationSums
  rank: number
  row: number
}>

export function shownEdges(
  sums: EdgeSums,
  request: Pick<EdgeQuery, 'far' | 'without' | 'limit' | 'namespaces'>,
): StoredEdge[] {
  const { limit } = request
  const text = (code: number) => sums.text(code) ?? ''
  const isShown = shownTest(sums, request)
  const nodes = new Map<number, { edges: number; readonly ranked: RankedEdge[] }>()
  for (const of of sums.relations) {
    const byNear = new Map<number, number[]>()
    for (let row = 0; row < of.size; row++) {
      const near = of.near[row]!
      if (!isShown(near, of.far[row]!)) continue
      const rows = byNear.get(near)
      if (rows === undefined) byNear.set(near, [row])
      else rows.push(row)
    }
    const larger = (a: number, b: number) =>
      of.count[b]! - of.count[a]! || of.last[b]! - of.last[a]! || compareBytes(text(of.far[a]!), text(of.far[b]!))
    for (const [near, rows] of byNear) {
      const node = nodes.get(near) ?? { edges: 0, ranked: [] }
      nodes.set(near, node)
      node.edges += rows.length
      for (const [rank, row] of firsts(rows, limit, larger).entries()) node.ranked.push({ of, rank, row })
    }
  }
  const inOrder = [...nodes]
    .map(([near, node]) => ({ near: text(near), ...node }))
    .toSorted((a, b) => compareBytes(a.near, b.near))
  return inOrder.flatMap(({ near, edges, ranked }) => {
    const order = ranked.toSorted(
      (a, b) =>
        a.rank - b.rank || compareBytes(a.of.relation, b.of.relation) || Number(a.of.forward) - Number(b.of.forward),
    )
    return order.slice(0, limit).map(({ of, row }): StoredEdge => {
      const [last, bytes] = [of.last[row]!, of.bytes[row]!]
      return {
        near,
        far: text(of.far[row]!),
        relation: of.relation,
        forward: of.forward,
        count: of.count[row]!,
        first: isoMicroseconds(of.first[row]!),
        last: last === stillHolds ? null : isoMicroseconds(last),
        severity: severities[of.level[row]!] ?? null,
        bytes: bytes === noBytes ? null : bytes,
        nearName: sums.text(of.nearName[row]!),
        farName: sums.text(of.farName[row]!),
        others: Math.max(edges - limit, 0),
      }
    })
  })
}

function shownTest(
  sums: EdgeSums,
  { far, without, namespaces }: Pick<EdgeQuery, 'far' | 'without' | 'namespaces'>,
): (near: number, far: number) => boolean {
  const codes = (refs: readonly string[] | undefined): ReadonlySet<number> | undefined =>
    refs === undefined ? undefined : new Set(refs.map((ref) => sums.code(ref)))
  const [only, not, isSeen] = [codes(far), codes(without), namespaces === undefined ? undefined : scopeTest(namespaces)]
  return (near, end) =>
    end !== none &&
    end !== near &&
    only?.has(end) !== false &&
    not?.has(end) !== true &&
    isSeen?.(sums.text(near) ?? '', sums.text(end) ?? '') !== false
}

function firsts(all: readonly number[], max: number, order: (a: number, b: number) => number): number[] {
  if (all.length <= 2 * max) return all.toSorted(order).slice(0, max)
  const best = all.slice(0, max).toSorted(order)
  for (let at = max; at < all.length; at++) {
    const value = all[at]!
    if (order(value, best[max - 1]!) >= 0) continue
    let [low, high] = [0, max - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (order(value, best[middle]!) < 0) high = middle
      else low = middle + 1
    }
    best.splice(low, 0, value)
    best.pop()
  }
  return best
}
