/** Workloads around changed ones, by the calls between them. */
import type { Call } from './metric-ends.ts'
import { endKey, type End } from './traffic.ts'
import { workloadName } from './types.ts'
import type { Affected } from './workloads.ts'

/** `impact`: if it is not that of the change on their traffic. */
export type Changed = Omit<Affected, 'impact'> & Readonly<{ impact?: number }>

/** A failure spreads from the called workload to the calling one. */
const calling = 0.5
const maxDepth = 3

type Near = Readonly<{ end: End; via: string }>

/** Changed workloads, those that call them, and those that they call, also over others; at most `most`. */
export function withCalled(changed: readonly End[], calls: readonly Call[], most: number): readonly Changed[] {
  const share = 1 / changed.length
  const seen = new Set(changed.map(endKey))
  const from = Map.groupBy(calls, (call) => endKey(call.from))
  const to = Map.groupBy(calls, (call) => endKey(call.to))
  const calledBy = (end: End) => (from.get(endKey(end)) ?? []).map((call) => call.to)
  const callersOf = (end: End) => (to.get(endKey(end)) ?? []).map((call) => call.from)
  const isCalling = (end: End) =>
    calledBy(end).some((called) => seen.has(endKey(called)) && endKey(called) !== endKey(end))
  const all: Changed[] = changed.map((end) => ({ end, share, impact: isCalling(end) ? calling : 1 }))
  let last: readonly Near[] = changed.map((end) => ({ end, via: workloadName(end) }))
  for (let depth = 0; depth < maxDepth; depth++) {
    const next: Near[] = []
    for (const { end, via } of last)
      for (const near of [...calledBy(end), ...(depth === 0 ? callersOf(end) : [])]) {
        if (seen.has(endKey(near)) || seen.size > most) continue
        seen.add(endKey(near))
        next.push({ end: near, via })
      }
    all.push(...next.map((near) => ({ ...near, share, impact: 1 })))
    last = next
  }
  return all
}
