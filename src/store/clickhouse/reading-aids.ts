/** Indexes and sums (projections) of the table of flows. ClickHouse reads less with them, and the same without. */
import { hourSql, hourSumNames, hourSums, type HourSum } from '../../model/hour-sums.ts'
import { messageOf } from '../../model/errors.ts'
import { serviceSql } from '../../model/service-port.ts'
import { receiptOf } from '../../net/clickhouse/times.ts'
import { name, text } from './sql.ts'
import type { PrepareOptions } from './prepare.ts'
import { tableOf } from './tables.ts'

type Aid = Readonly<{ kind: 'INDEX' | 'PROJECTION'; name: string; definition: string }>

/** One index has both ends, because a filter of either end uses no two indexes. */
const indexes: Readonly<Record<string, string>> = {
  addresses: '(src_addr, dst_addr) TYPE bloom_filter(0.01)',
  networks: '(src_addr, dst_addr) TYPE minmax',
  ports: '(src_port, dst_port) TYPE bloom_filter(0.01)',
  exporters: 'exporter_addr TYPE set(64)',
  begun: 'time_start TYPE minmax',
  ended: 'time_end TYPE minmax',
}

/** Sums as statements have them: a projection serves only equal expressions. */
const summed = ['count()', ...['bytes', 'packets'].map((measure) => `sumOrNull(toUInt128(${measure}_est))`)]

function columnSql(column: string): string {
  return column === 'service_port' ? serviceSql('clickhouse').port : column
}

function projection(columns: readonly string[]): string {
  const groups = [hourSql(`toUnixTimestamp64Micro(${receiptOf.flow()})`), ...columns.map(columnSql)].join(', ')
  return `(SELECT ${groups}, ${summed.join(', ')} GROUP BY ${groups})`
}

/** Reading aids of the table of flows. */
export function readingAids(sums: readonly HourSum[] = hourSumNames): readonly Aid[] {
  return [
    ...Object.entries(indexes).map(([aid, definition]) => ({
      kind: 'INDEX' as const,
      name: aid,
      definition: `${definition} GRANULARITY 1`,
    })),
    ...sums.map((sum) => ({
      kind: 'PROJECTION' as const,
      name: `hourly_${sum}`,
      definition: projection(hourSums[sum]),
    })),
  ]
}

/** For rows from now on. Changes only the definition of the table: no insert waits. A failure is logged. */
export async function addReadingAids(
  { client, names, cluster, distributed, hourSums: sums, log }: PrepareOptions,
  signal: AbortSignal,
): Promise<void> {
  const kind = distributed ? 'flows_local' : 'flows'
  const added: string[] = []
  const failed: string[] = []
  const existing = await knownOf(client, names, kind, signal)
  for (const aid of readingAids(sums).filter((readingAid) => !existing.has(readingAid.name))) {
    const on = cluster === null ? '' : ` ON CLUSTER ${name(cluster)}`
    const statement =
      `ALTER TABLE ${tableOf(names, kind)}${on} ADD ${aid.kind} IF NOT EXISTS ` + `${name(aid.name)} ${aid.definition}`
    try {
      await client.run(statement, signal)
      added.push(aid.name)
    } catch (error) {
      signal.throwIfAborted()
      failed.push(`${aid.name}: ${messageOf(error)}`)
    }
  }
  if (added.length > 0)
    log.info('added indexes and sums to the table of flows, for new rows', { names: added.join(', ') })
  if (failed.length > 0)
    log.warn(
      'ClickHouse has not all indexes and sums of flows, so queries read more rows; grant ALTER ADD INDEX and ALTER ' +
        'ADD PROJECTION to the user, or update the server',
      { failed: failed.join('; ') },
    )
}

/** Empty if the server lists neither; the statements accept existing ones. */
async function knownOf(
  client: PrepareOptions['client'],
  { database, table_prefix: prefix }: PrepareOptions['names'],
  kind: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const where = `WHERE database = ${text(database)} AND table = ${text(prefix + kind)}`
  try {
    const rows = await client.rows<{ name: string }>(
      `SELECT name FROM system.data_skipping_indices ${where} UNION ALL SELECT name FROM system.projections ${where}`,
      signal,
    )
    return new Set(rows.map((row) => row.name))
  } catch {
    signal.throwIfAborted()
    return new Set()
  }
}
