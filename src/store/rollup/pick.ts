import type { Sums } from './groups.ts'

export function pick(minutes: Uint32Array, sums: Sums, max: number, spill: (group: number) => void): number[] {
  const picked: number[] = []
  for (const groups of byMinute(minutes, sums)) {
    if (groups.length <= max) {
      for (const group of groups) picked.push(group)
      continue
    }
    const weights = new Float64Array(groups.length)
    for (let at = 0; at < groups.length; at++) weights[at] = sums.weight(groups[at]!)
    const min = nth(weights.slice(), groups.length - max)
    let ties = max
    for (const weight of weights) if (weight > min) ties--
    for (let at = 0; at < groups.length; at++) {
      const weight = weights[at]!
      if (weight > min || (weight === min && ties-- > 0)) picked.push(groups[at]!)
      else spill(groups[at]!)
    }
  }
  return picked
}

function byMinute(minutes: Uint32Array, sums: Sums): Iterable<readonly number[]> {
  const results = new Map<number, number[]>()
  let minute = -1
  let groups: number[] = []
  for (let group = 0; group < minutes.length; group++) {
    if (sums.flows(group) === 0) continue
    if (minutes[group] !== minute) {
      minute = minutes[group]!
      groups = results.get(minute) ?? []
      results.set(minute, groups)
    }
    groups.push(group)
  }
  return results.values()
}

const maxRounds = 64

/** Reorders the values. */
function nth(values: Float64Array, n: number): number {
  let [low, high] = [0, values.length - 1]
  for (let round = 0; low < high; round++) {
    // Bounds the worst case by sorting.
    if (round === maxRounds) return values.sort()[n]!
    const middle = values[(low + high) >>> 1]!
    let [left, right] = [low, high]
    while (left <= right) {
      while (values[left]! < middle) left++
      while (values[right]! > middle) right--
      if (left > right) break
      const value = values[left]!
      values[left++] = values[right]!
      values[right--] = value
    }
    if (n <= right) high = right
    else if (n >= left) low = left
    else return middle
  }
  return values[n]!
}
