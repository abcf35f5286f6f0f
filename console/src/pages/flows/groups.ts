/** The aggregated table: groups of flows with their sums, and what is left of the total. */
import type { AnswerFrame } from '../../../../src/api/published.ts'
import type { Sums } from './overview/sums.ts'

/** `GET /api/v1/flows?group=`. */
export interface GroupsTable extends AnswerFrame {
  /** Of the groups that are not shown. */
  readonly others: Sums
  readonly total: Sums
}

export interface GroupRow {
  readonly key: string
  /** Values of the fields that make the group; undefined: the row stands for all others. */
  readonly cells: readonly unknown[] | undefined
  /** Sums, in the order of the answer's columns behind the fields. */
  readonly sums: readonly unknown[]
}

/** Ways to group that are asked for most, each a list of fields. */
export const usualGroups: readonly { readonly title: string; readonly fields: readonly string[] }[] = [
  { title: 'Namespace to namespace', fields: ['src_namespace', 'dst_namespace'] },
  { title: 'Owner to owner', fields: ['src_owner_name', 'dst_owner_name'] },
  { title: 'Machine to machine', fields: ['src_node', 'dst_node'] },
  { title: 'Zone to zone', fields: ['src_zone', 'dst_zone'] },
  { title: 'Name to name', fields: ['src_name', 'dst_name'] },
  { title: 'Address to address', fields: ['src_addr', 'dst_addr'] },
  { title: 'Destination port', fields: ['dst_port'] },
  { title: 'Protocol', fields: ['proto'] },
  { title: 'Exporter', fields: ['exporter_addr'] },
]

/** The name of a field where no column of its own side tells which of two ports it is. */
export function qualified(name: string, title: string): string {
  return title === 'Port' ? (name.startsWith('src') ? 'Source port' : 'Destination port') : title
}

/** The rows of the answer, and as the last one what it leaves of the total. */
export function groupRows({ columns, rows, others }: GroupsTable, fields: number): readonly GroupRow[] {
  const shown = rows.map((row): GroupRow => ({
    key: JSON.stringify(row.slice(0, fields)),
    cells: row.slice(0, fields),
    sums: row.slice(fields),
  }))
  if (Number(others.groups ?? 0) === 0) return shown
  const rest: Readonly<Record<string, unknown>> = { ...others }
  return [
    ...shown,
    { key: 'others', cells: undefined, sums: columns.slice(fields).map(({ name }) => rest[name] ?? null) },
  ]
}
