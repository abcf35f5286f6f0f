// Sums of a view in SQL over the reported values.
import { estimate, type View } from './views.ts'
import type { Measure } from './written.ts'

export type Sql = <Row>(text: string) => Promise<readonly Row[]>

const sumOf: Readonly<Record<Measure, string>> = {
  bytes: `sum(${estimate('bytes')})`,
  packets: `sum(${estimate('packets')})`,
  flows: 'count(*)',
  drop_bytes: 'sum(drop_bytes)',
  drop_packets: 'sum(drop_packets)',
}

/** `src_endpoint`: the name, else the owner, else the network, else the address. */
export function expression(field: string): string {
  const [, end] = /^(src|dst)_endpoint$/.exec(field) ?? []
  return end === undefined ? field : `coalesce(${end}_name, ${end}_owner_name, ${end}_label, ${end}_addr)`
}

/** The rows of a view. The table selects them by the time of receipt, the other views by the end of the flow. */
export function rowsOf({ from, to, where }: View, time: 'time_end' | 'time_received'): string {
  return `flows WHERE epoch_us(${time}) >= ${from * 1000} AND epoch_us(${time}) < ${to * 1000} AND ${where}`
}

export interface Group {
  readonly cells: readonly unknown[]
  readonly sums: Readonly<Record<Measure, number>>
  /** Not reported by any flow of the group; 0 in the sums. */
  readonly absent: readonly Measure[]
}

const measures = Object.keys(sumOf) as readonly Measure[]
const sums = measures.map((measure) => `${sumOf[measure]}::VARCHAR AS ${measure}`).join(', ')
const sumsIn = (row: Readonly<Record<string, unknown>>): Group['sums'] =>
  Object.fromEntries(measures.map((measure) => [measure, Number(row[measure] ?? 0)])) as Group['sums']

/** Groups by expressions; without any, one group. */
export async function groupsOf(sql: Sql, from: string, by: readonly string[]): Promise<readonly Group[]> {
  const keys = by.map((each, at) => `${each} AS k${at}, `).join('')
  const rows = await sql<Record<string, unknown>>(
    `SELECT ${keys}${sums} FROM ${from}${by.length === 0 ? '' : ' GROUP BY ALL'}`,
  )
  return rows.map((row) => ({
    cells: by.map((_, at) => row[`k${at}`] ?? null),
    sums: sumsIn(row),
    absent: measures.filter((measure) => row[measure] === null),
  }))
}

export function added(groups: readonly Group[], measure: Measure): number {
  return groups.reduce((sum, group) => sum + group.sums[measure], 0)
}

/** The amounts of the largest groups: which of equal ones are listed is open. */
export function largest(groups: readonly Group[], by: Measure, most: number): readonly number[] {
  return groups
    .map((group) => group.sums[by])
    .toSorted((one, other) => other - one)
    .slice(0, most)
}
