export type Interval = Readonly<{
  low: bigint
  high: bigint
}>

export function merged(intervals: readonly Interval[], min: bigint, max: bigint): readonly Interval[] {
  const inside = intervals
    .map(({ low, high }) => ({ low: low < min ? min : low, high: high > max ? max : high }))
    .filter(({ low, high }) => low <= high)
    .sort((a, b) => (a.low < b.low ? -1 : a.low > b.low ? 1 : 0))
  const results: { low: bigint; high: bigint }[] = []
  for (const { low, high } of inside) {
    const last = results.at(-1)
    if (last === undefined || low > last.high + 1n) results.push({ low, high })
    else if (high > last.high) last.high = high
  }
  return results
}

export function without(intervals: readonly Interval[], excluded: Interval): readonly Interval[] {
  return intervals.flatMap(({ low, high }) => {
    if (high < excluded.low || low > excluded.high) return [{ low, high }]
    return [
      ...(low < excluded.low ? [{ low, high: excluded.low - 1n }] : []),
      ...(high > excluded.high ? [{ low: excluded.high + 1n, high }] : []),
    ]
  })
}
