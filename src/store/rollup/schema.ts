import type { ColumnType } from '../../codecs/parquet/schema.ts'

export const rollups = ['flows_1m', 'flows_5m', 'flows_1h'] as const
export type Rollup = (typeof rollups)[number]

export const stepMs: Readonly<Record<Rollup, number>> = { flows_1m: 60_000, flows_5m: 300_000, flows_1h: 3_600_000 }

export function isRollup(stream: string): stream is Rollup {
  return (rollups as readonly string[]).includes(stream)
}

export type RollupColumn = Readonly<{
  name: string
  kind: Extract<ColumnType, 'u8' | 'u16' | 'u32' | 'u64' | 'text' | 'ms'>
  type: string
  since: number
  bit: number
  /** From this level rows lack the column: 1 with the ends, 2 with interfaces, ports and places, 3 with everything. */
  lostAt?: 1 | 2 | 3
}>

const types = {
  u8: 'UTINYINT',
  u16: 'USMALLINT',
  u32: 'UINTEGER',
  u64: 'UBIGINT',
  text: 'VARCHAR',
  ms: 'TIMESTAMPTZ',
} as const

function columns(
  first: number,
  lostAt: 1 | 2 | 3 | undefined,
  list: readonly (readonly [string, RollupColumn['kind']])[],
): RollupColumn[] {
  return list.map(([name, kind], index) => ({
    name,
    kind,
    type: types[kind],
    since: 2,
    bit: first + index,
    ...(lostAt === undefined ? {} : { lostAt }),
  }))
}

/** Numbers are permanent: append only. */
export const rollupColumns: readonly RollupColumn[] = [
  ...columns(1, undefined, [
    ['time', 'ms'],
    ['folded', 'u8'],
  ]),
  ...columns(3, 3, [
    ['exporter_addr', 'text'],
    ['proto', 'u8'],
    ['direction', 'u8'],
    ['node_direction', 'u8'],
    ['reverse', 'u8'],
  ]),
  ...columns(8, 2, [
    ['in_if', 'u32'],
    ['out_if', 'u32'],
    ['src_port', 'u16'],
    ['dst_port', 'u16'],
    ['src_label', 'text'],
    ['dst_label', 'text'],
    ['src_namespace', 'text'],
    ['dst_namespace', 'text'],
    ['cluster', 'text'],
    ['scope', 'text'],
    ['record_type', 'text'],
  ]),
  ...columns(19, 1, [
    ['src_addr', 'text'],
    ['dst_addr', 'text'],
    ['src_name', 'text'],
    ['dst_name', 'text'],
    ['src_owner_name', 'text'],
    ['dst_owner_name', 'text'],
    ['src_owner_kind', 'text'],
    ['dst_owner_kind', 'text'],
    ['src_as', 'u32'],
    ['dst_as', 'u32'],
    ['src_country', 'text'],
    ['dst_country', 'text'],
  ]),
  ...columns(31, undefined, [
    ['flows', 'u64'],
    ['bytes', 'u64'],
    ['packets', 'u64'],
    ['bytes_est', 'u64'],
    ['packets_est', 'u64'],
    // Bits above 64; absent in most files.
    ['bytes_over', 'u64'],
    ['packets_over', 'u64'],
    ['bytes_est_over', 'u64'],
    ['packets_est_over', 'u64'],
  ]),
]

export const sums = ['flows', 'bytes', 'packets', 'bytes_est', 'packets_est'] as const

export const dimensions: readonly RollupColumn[] = rollupColumns.filter(({ lostAt }) => lostAt !== undefined)

/** Per merge, in memory; a single file can have more. */
export const maxGroups = 1 << 15

/** Per bucket: in full; without ends; by exporter and protocol. */
type GroupLimits = Readonly<{
  whole: number
  reduced: number
  least: number
}>

export const groupLimits: Readonly<Record<Rollup, GroupLimits>> = {
  flows_1m: { whole: 2048, reduced: 2048, least: 1024 },
  flows_5m: { whole: 4096, reduced: 2048, least: 1024 },
  flows_1h: { whole: 8192, reduced: 4096, least: 1024 },
}
