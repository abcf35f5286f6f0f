/** Cost of one level in the buckets from `from` to before `to`. */
export type SegmentCost = (from: number, to: number) => number

/** Penalty of a change of level with the first bucket `at`. */
export type Penalty = (at: number) => number

/**
 * First buckets of all levels after the first one that together cost the least, with `penaltyAt` for each: the pruned
 * exact linear time method of Killick, Fearnhead and Eckley, 2012, at buckets where the levels of some window differ.
 */
export function pelt(length: number, cost: SegmentCost, penaltyAt: Penalty, least = leastBuckets): readonly number[] {
  const places = placesOf(length, cost, least)
  const best = new Map([[0, 0]])
  const last = new Map<number, number>()
  let starts = [0]
  for (const to of [...places, length]) {
    const costs = starts.map((from) => (to - from < least ? Infinity : best.get(from)! + cost(from, to)))
    const lowest = costs.reduce((a, b) => Math.min(a, b), Infinity)
    if (lowest === Infinity) continue
    last.set(to, starts[costs.indexOf(lowest)]!)
    const withPenalty = lowest + penaltyAt(to)
    best.set(to, withPenalty)
    // A start that is worse than the best end so far never becomes the best one. Short levels have no cost yet.
    starts = starts.filter((_, index) => costs[index] === Infinity || costs[index]! <= withPenalty)
    starts.push(to)
  }
  const bounds: number[] = []
  for (let from = last.get(length) ?? 0; from > 0; from = last.get(from) ?? 0) bounds.unshift(from)
  return bounds
}

/** Shorter levels are bursts. */
const leastBuckets = 3
const windows = [8, 24, 80]
/** Less than a change must explain, because a window is shorter than a level. */
const leastGain = 8

function placesOf(length: number, cost: SegmentCost, least: number) {
  const places: number[] = []
  for (let at = least; at <= length - least; at++)
    if (
      [least, ...windows].some((window) => {
        const [from, to] = [Math.max(0, at - window), Math.min(length, at + window)]
        return cost(from, to) - cost(from, at) - cost(at, to) >= leastGain
      })
    )
      places.push(at)
  return places
}
