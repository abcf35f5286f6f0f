import { bucketSql, conditionOf, isoOf, type RowQuery } from '../../query/plan/index.ts'
import type { Lane, Measured } from './schema.ts'
import type { Scene } from './scene.ts'

/** Percentile of the latencies of a bucket. */
const percent = 95
const nsPerMs = 1e6

/**
 * Round-trip times, DNS latencies and drops in buckets of `step` seconds. Few exporters report them: lanes without
 * such values are absent.
 */
export async function measuresOf(
  { dialect, runQuery }: Pick<Scene, 'dialect' | 'runQuery'>,
  flows: RowQuery | undefined,
  step: number,
): Promise<Readonly<{ measured: readonly Measured[]; lanes: readonly Lane[] }>> {
  if (flows === undefined) return { measured: [], lanes: [] }
  const bucket = bucketSql(flows.time.sql(dialect), { step, span: flows.span }, dialect)
  const dns = dialect.number('dns_latency')
  const ifPositive = (value: string) => `CASE WHEN ${value} > 0 THEN ${value} END`
  const rows = await runQuery(
    `SELECT ${dialect.asText(bucket)} AS bucket, ` +
      `${dialect.percentile(ifPositive('rtt'), percent)} AS p_rtt, ` +
      `${dialect.percentile(ifPositive(dns), percent)} AS p_dns, ` +
      `count(CASE WHEN rtt > 0 OR ${dns} > 0 THEN 1 END)::DOUBLE AS timed, ` +
      `${dialect.asText(dialect.sum('drop_packets'))} AS packets, ` +
      `${dialect.asText(dialect.sum('drop_bytes'))} AS bytes FROM flows ` +
      `WHERE ${conditionOf(flows, dialect)} AND (rtt > 0 OR ${dns} > 0 OR drop_packets > 0) GROUP BY 1`,
  )
  const measured = rows
    .map((row): Measured & Readonly<{ timed: number }> => ({
      time: isoOf(BigInt(String(row['bucket']))),
      rtt: positive(row['p_rtt'], nsPerMs),
      dns_latency: positive(row['p_dns']),
      drop_packets: Number(row['packets'] ?? 0),
      drop_bytes: Number(row['bytes'] ?? 0),
      timed: Number(row['timed'] ?? 0),
    }))
    .toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time))
  const totals = {
    latency: measured.reduce((sum, { timed }) => sum + timed, 0),
    drops: measured.reduce((sum, { drop_packets: packets }) => sum + packets, 0),
  }
  return {
    measured: measured.map(({ timed: _timed, ...values }) => values),
    lanes: (['latency', 'drops'] as const)
      .filter((name) => totals[name] > 0)
      .map((name) => ({ name, state: 'shown', note: null, total: totals[name], items: [] })),
  }
}

function positive(value: unknown, unit = 1) {
  const number = Number(value ?? 0)
  return number > 0 ? number / unit : null
}
