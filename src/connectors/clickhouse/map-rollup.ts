import { flowColumnType } from '../../codecs/clickhouse-native/index.ts'
import { flowField } from '../../model/fields.ts'
import {
  rollupCounted as counted,
  rollupDimensions as dimensions,
  rollupSums,
  type Rollup,
} from '../../net/clickhouse/rollups.ts'

const starts: Readonly<Record<Rollup, string>> = {
  flows_1m: 'toStartOfMinute',
  flows_5m: 'toStartOfFiveMinutes',
  flows_1h: 'toStartOfHour',
}

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
