import { flowColumnType } from '../../codecs/clickhouse-native/index.ts'
import { flowField } from '../../model/fields.ts'

export const rollups = ['flows_1m', 'flows_5m', 'flows_1h'] as const
export type Rollup = (typeof rollups)[number]

const starts: Readonly<Record<Rollup, string>> = {
  flows_1m: 'toStartOfMinute',
  flows_5m: 'toStartOfFiveMinutes',
  flows_1h: 'toStartOfHour',
}

/** Neither addresses nor ports: their combinations are as many as the flows. */
const dimensions = [
  'src_namespace',
  'dst_namespace',
  'src_owner_name',
  'dst_owner_name',
  'src_owner_kind',
  'dst_owner_kind',
  'src_label',
  'dst_label',
  'src_zone',
  'dst_zone',
  'cluster',
  'scope',
  'flow_layer',
  'proto',
  'direction',
  'node_direction',
  'reverse',
  'record_type',
  'exporter_addr',
  'in_if',
  'out_if',
] as const

const counted = ['bytes', 'packets'] as const
export const rollupSums: readonly string[] = ['flows', ...counted, ...counted.map((name) => `${name}_est`)]
export const rollupOrder: readonly string[] = ['time', ...dimensions]

function column(name: string, type: string, codec = 'ZSTD(1)') {
  return { name, type, definition: `\`${name}\` ${type} CODEC(${codec})` }
}

export const rollupColumns = [
  column('time', "DateTime('UTC')", 'Delta(4), ZSTD(1)'),
  ...dimensions.map((name) => {
    const field = flowField(name)
    if (field === undefined) throw new Error(`no field ${name}`)
    return column(name, flowColumnType(field))
  }),
  ...rollupSums.map((name) => column(name, name === 'flows' ? 'UInt64' : 'UInt128')),
]

/** As in the embedded store: its end, or its receipt if the end is implausible. */
function flowTime(f: string): string {
  const received = `ifNull(${f}.time_received, toDateTime64(${f}._received, 6, 'UTC'))`
  const ended = `assumeNotNull(${f}.time_end)`
  return (
    `if(isNotNull(${f}.time_end) AND ifNull(${f}.time_skewed, 0) = 0 AND toUnixTimestamp64Micro(${ended}) - ` +
    `toUnixTimestamp64Micro(${received}) BETWEEN -3600000000 AND 60000000, ${ended}, ${received})`
  )
}

export function rollupQuery(rollup: Rollup, flows: string): string {
  const names = dimensions.map((name) => `f.${name} AS ${name}`)
  const sums = counted.map((name) => `sum(toUInt128(ifNull(f.${name}, 0))) AS ${name}`)
  const estimates = counted.map((name) => `sum(toUInt128(ifNull(f.${name}, 0)) * ifNull(f.sampling, 1)) AS ${name}_est`)
  return (
    `SELECT ${starts[rollup]}(toDateTime(${flowTime('f')}, 'UTC')) AS time, ${names.join(', ')}, count() AS flows, ` +
    `${[...sums, ...estimates].join(', ')} FROM ${flows} AS f GROUP BY ${rollupOrder.join(', ')}`
  )
}
