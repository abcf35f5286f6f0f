/** View `transfers`: flows with the path of their bytes. */
import { transferColumns, transferPathSql } from '../../model/transfer-path.ts'

const others = ['time_received', 'time_start', 'time_end', 'cluster', 'bytes_est', 'packets_est', '_pos'] as const
const ofEnds = ['name', 'owner_kind'].flatMap((part) => [`src_${part}`, `dst_${part}`])

/** Columns of flows that the view reads. */
export const transferReads: readonly string[] = [...transferColumns, ...ofEnds, ...others, 'node_direction']

/** `counted`: false for a flow that the node of the destination reports as well. */
export function transfersView(engine: 'duckdb' | 'clickhouse', flows: string): string {
  const ends = (end: 'src' | 'dst') =>
    ['addr', 'name', 'kind', 'namespace', 'owner_kind', 'owner_name', 'node', 'zone'].map((part) => `${end}_${part}`)
  const repeated = 'coalesce(node_direction, 0) = 1 AND dst_owner_name IS NOT NULL'
  const counted = engine === 'clickhouse' ? `toBool(NOT (${repeated}))` : `NOT (${repeated})`
  const columns = [
    'time_received',
    'time_start',
    'time_end',
    'cluster',
    `${transferPathSql(engine)} AS path`,
    `${counted} AS counted`,
    ...ends('src'),
    ...ends('dst'),
    'bytes_est',
    'packets_est',
    '_pos',
  ]
  return `SELECT ${columns.join(', ')} FROM ${flows}`
}
