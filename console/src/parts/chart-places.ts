/** The place of a time among the times of a chart; undefined: outside. */
export function placeOf(times: readonly number[], at: number | undefined): number | undefined {
  const width = (times[1] ?? 0) - (times[0] ?? 0)
  if (at === undefined || times.length === 0 || at < (times[0] ?? 0) || at > (times.at(-1) ?? 0) + width)
    return undefined
  return times.findLastIndex((time) => time <= at)
}

export function placesOf(
  times: readonly number[],
  marked: readonly [number, number] | undefined,
): readonly [number, number] | undefined {
  const [first, last] = [times[0], times.at(-1)]
  if (
    marked === undefined ||
    first === undefined ||
    last === undefined ||
    Math.max(...marked) < first ||
    Math.min(...marked) > last
  )
    return undefined
  const indexOf = (time: number) => placeOf(times, Math.min(last, Math.max(first, time))) ?? 0
  return [indexOf(marked[0]), indexOf(marked[1])]
}
