/** Views of the tables of sums, and what these have. */
import type { StoredSums } from '../../engine/control.ts'
import { rollupDimensions, rollups, rollupSums, type Rollup } from '../../net/clickhouse/rollups.ts'
import { rollupTime } from '../../net/clickhouse/times.ts'
import { name } from './sql.ts'
import { tableOf, type StoreNames } from './tables.ts'

/** A group can have several rows, as in the embedded store. */
export function rollupView(names: StoreNames, rollup: Rollup): string {
  const columns = [...rollupDimensions, ...rollupSums].map((column) => `f.${name(column)} AS ${name(column)}`)
  return `SELECT ${rollupTime('f.')} AS \`time\`, ${columns.join(', ')} FROM ${tableOf(names, rollup)} AS f`
}

const msPerHour = 3_600_000
const widths: Readonly<Record<Rollup, number>> = { flows_1m: 60_000, flows_5m: 300_000, flows_1h: msPerHour }

/** Rows of flows for each hour of flows, about those of receipt: they determine only how much a page reads. */
export function hourRowsSql(names: StoreNames): string {
  return (
    `SELECT toFloat64(toUnixTimestamp(f.time)) * 1000 AS \`from\`, toFloat64(sum(f.flows)) AS rows FROM ` +
    `${tableOf(names, 'flows_1h')} AS f WHERE f.time >= (SELECT toStartOfHour(min(_received)) - ` +
    `toIntervalHour(1) FROM ${tableOf(names, 'flows')}) GROUP BY f.time`
  )
}

export type HourRows = Readonly<{ from: number; rows: number }>

/** One row, from the least times of partitions. */
export function sumFactsSql(names: StoreNames): string {
  const oldest = rollups.map(
    (rollup) =>
      `(SELECT toFloat64(toUnixTimestamp(min(f.time))) * 1000 FROM ${tableOf(names, rollup)} AS f) AS ${name(rollup)}`,
  )
  return (
    `SELECT ${oldest.join(', ')}, toFloat64(count()) AS rows, toFloat64(toUnixTimestamp64Milli(min(f._received))) AS ` +
    `first FROM ${tableOf(names, 'flows')} AS f`
  )
}

export type SumFacts = Readonly<Record<Rollup | 'rows' | 'first', number>>

/**
 * Sums lose nothing; they are complete from the first flow on, or since rows last expired. `ages`: of the settings, ms.
 */
export function storedSums(
  facts: SumFacts,
  ages: Readonly<Record<Rollup, number>>,
  now: number,
  hours: readonly HourRows[] = [],
): StoredSums {
  const isEmpty = facts.rows === 0
  const since = (rollup: Rollup): number => {
    const oldest = facts[rollup]
    const expired = now - ages[rollup]
    if (oldest === 0) return Infinity
    // A flow ends up to an hour before its receipt.
    if (!isEmpty && facts.first - msPerHour > expired && oldest <= facts.first) return -Infinity
    return Math.max(expired, oldest) + widths[rollup]
  }
  return {
    since: { flows_1m: since('flows_1m'), flows_5m: since('flows_5m'), flows_1h: since('flows_1h') },
    oldest: Math.min(...rollups.map((rollup) => facts[rollup]).filter((time) => time > 0), Infinity),
    flows: {
      rows: facts.rows,
      first: isEmpty ? Infinity : facts.first,
      hours: hours.map(({ from, rows }) => ({ from, to: from + msPerHour, rows })),
    },
    dimensions: rollupDimensions,
  }
}
