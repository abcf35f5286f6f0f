import type { Sums } from './groups.ts'

/**
 * Of the groups that hold flows the weightiest of each minute, at most so many, in their order; `spill` is called with every other.
 * `minutes`: of each group.
 */
export function pick(minutes: Uint32Array, sums: Sums, most: number, spill: (group: number) => void): number[] {
  const picked: number[] = []
  for (const groups of byMinute(minutes, sums)) {
    if (groups.length <= most) {
      for (const group of groups) picked.push(group)
      continue
    }
    const weights = new Float64Array(groups.length)
    for (let at = 0; at < groups.length; at++) weights[at] = sums.weight(groups[at] as number)
    const sorted = weights.toSorted()
    const least = sorted[sorted.length - most] as number
    // Of those that weigh the same there may be more than there is room for.
    let ties = 0
    while (sorted[sorted.length - most + ties] === least) ties++
    for (let at = 0; at < groups.length; at++) {
      const weight = weights[at] as number
      if (weight > least || (weight === least && ties-- > 0)) picked.push(groups[at] as number)
      else spill(groups[at] as number)
    }
  }
  return picked
}

function byMinute(minutes: Uint32Array, sums: Sums): Iterable<readonly number[]> {
  const found = new Map<number, number[]>()
  let minute = -1
  let groups: number[] = []
  for (let group = 0; group < minutes.length; group++) {
    if (sums.flows(group) === 0) continue
    // Neighbours are mostly of one minute.
    if (minutes[group] !== minute) {
      minute = minutes[group] as number
      groups = found.get(minute) ?? []
      found.set(minute, groups)
    }
    groups.push(group)
  }
  return found.values()
}
