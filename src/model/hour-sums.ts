/** Sums of flows by hour of receipt, which ClickHouse stores beside the flows. */
const ends = ['name', 'owner_name', 'label', 'addr'] as const
const source = ends.map((part) => `src_${part}`)
const destination = ends.map((part) => `dst_${part}`)

/** Columns of their groups, the cheapest first. */
export const hourSums: Readonly<Record<string, readonly string[]>> = {
  services: ['service_port', 'proto'],
  sources: source,
  destinations: destination,
  pairs: [...source, ...destination],
}

export const hourUs = 3_600_000_000n

/** Whether sums of some groups suffice for these columns. */
export function haveHourSums(columns: readonly string[]): boolean {
  return Object.values(hourSums).some((known) => columns.every((column) => known.includes(column)))
}

/** SQL of the hour since 1970. `micros`: of the receipt, in µs. */
export function hourSql(micros: string): string {
  return `intDiv(${micros}, ${hourUs})`
}
