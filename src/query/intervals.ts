/** Inclusive. */
export interface Interval {
  readonly low: bigint
  readonly high: bigint
}

/** Sorted and merged, restricted to [least, most]. */
export function united(intervals: readonly Interval[], least: bigint, most: bigint): readonly Interval[] {
  const inside = intervals
    .map(({ low, high }) => ({ low: low < least ? least : low, high: high > most ? most : high }))
    .filter(({ low, high }) => low <= high)
    .sort((a, b) => (a.low < b.low ? -1 : a.low > b.low ? 1 : 0))
  const found: { low: bigint; high: bigint }[] = []
  for (const { low, high } of inside) {
    const last = found.at(-1)
    if (last === undefined || low > last.high + 1n) found.push({ low, high })
    else if (high > last.high) last.high = high
  }
  return found
}

export function without(intervals: readonly Interval[], hole: Interval): readonly Interval[] {
  return intervals.flatMap(({ low, high }) => {
    if (high < hole.low || low > hole.high) return [{ low, high }]
    return [
      ...(low < hole.low ? [{ low, high: hole.low - 1n }] : []),
      ...(high > hole.high ? [{ low: hole.high + 1n, high }] : []),
    ]
  })
}
