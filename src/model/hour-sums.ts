/** Sums of flows by hour of receipt, which ClickHouse stores beside the flows. */
const ends = ['name', 'owner_name', 'label', 'addr'] as const
const source = ends.map((part) => `src_${part}`)
const destination = ends.map((part) => `dst_${part}`)

export const hourSumNames = ['services', 'sources', 'destinations', 'pairs'] as const
export type HourSum = (typeof hourSumNames)[number]

/** Columns of their groups, the cheapest first. */
export const hourSums: Readonly<Record<HourSum, readonly string[]>> = {
  services: ['service_port', 'proto'],
  sources: source,
  destinations: destination,
  pairs: [...source, ...destination],
}

export const hourUs = 3_600_000_000n

/** Whether sums of some groups suffice for these columns. `names`: of {@link hourSums}. */
export function haveHourSums(columns: readonly string[], names: readonly HourSum[] = hourSumNames): boolean {
  return names.some((name) => columns.every((column) => hourSums[name].includes(column)))
}

/** SQL of the hour since 1970. `micros`: of the receipt, in µs. */
export function hourSql(micros: string): string {
  return `intDiv(${micros}, ${hourUs})`
}
