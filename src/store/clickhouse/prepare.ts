/** Creates tables and views before the first query. */
import type { HourSum } from '../../model/hour-sums.ts'
import type { Log } from '../../telemetry/ports.ts'
import type { ClickHouseClient } from '../../net/clickhouse/client.ts'
import { unavailable } from './failures.ts'
import { addReadingAids } from './reading-aids.ts'
import { text } from './sql.ts'
import type { StoreNames } from './tables.ts'
import { viewsOf } from './views.ts'

export type PrepareOptions = Readonly<{
  client: Pick<ClickHouseClient, 'rows' | 'run' | 'place'>
  names: StoreNames
  /** On which the views are created. */
  cluster: string | null
  /** Rows are in the shards of the cluster. */
  distributed: boolean
  create: boolean
  /** Sums by hour of the table of flows, from now on. */
  hourSums: readonly HourSum[]
  log: Log
  /** Creates the tables, if they are missing. Rejects with the reason. */
  tables(signal: AbortSignal): Promise<void>
}>

/** Resolves once all views exist. */
export async function prepareViews(options: PrepareOptions, signal: AbortSignal): Promise<void> {
  const { client, names, cluster, create, log } = options
  if (create) await options.tables(signal)
  const views = viewsOf(names, cluster)
  const existing = new Map(
    (
      await client.rows<{ name: string; engine: string; comment: string }>(
        `SELECT name, engine, comment FROM system.tables WHERE database = ${text(names.database)}`,
        signal,
      )
    ).map((table) => [table.name, table]),
  )
  const foreign = views.filter(({ name }) => existing.has(name) && existing.get(name)?.engine !== 'View')
  if (foreign.length > 0)
    throw unavailable(
      `${client.place} has tables of another program under the names ` +
        `${foreign.map(({ name }) => name).join(', ')}; set \`store.clickhouse.database\` to another database`,
      undefined,
    )
  const missing = views.filter(({ name, comment }) => existing.get(name)?.comment !== comment)
  if (!create && missing.some(({ name }) => !existing.has(name)))
    throw unavailable(
      `${client.place} lacks the views ${missing.map(({ name }) => name).join(', ')}; create them by one start with ` +
        '`create: true` and a user with the rights, or enable it here',
      undefined,
    )
  if (!create) return
  for (const { create: statement } of missing) await client.run(statement, signal)
  if (missing.length > 0)
    log.info('created the views of the store', { views: missing.map(({ name }) => name).join(', ') })
  await addReadingAids(options, signal)
}
