// Daily snapshots of cloud accounts as Parquet files, written by DuckDB and compared by the inventory's own functions.
// Each day, one resource in 200 changes its state; one in 50 is created or deleted within the time.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { realHost, type Host } from '../../../src/host/index.ts'
import type { CloudResource } from '../../../src/model/cloud.ts'
import { toEventBatch, type WeirEvent } from '../../../src/model/events.ts'
import { differences, type CollectorState } from '../../../src/polling/inventory/diff.ts'
import { baselineEvent, changeEvent } from '../../../src/polling/inventory/events.ts'
import { openStore, type Store } from '../../../src/store/index.ts'
import { FrameMaker, recordingLog, recordingMetrics, resolver } from '../../../src/store/testing/frames.ts'

const dayMs = 86_400_000
const lastDay = Date.UTC(2026, 10, 1, 8)
const perFrame = 2000

type Size = Readonly<{ accounts: number; resources: number; days: number }>

export interface StoredInventory {
  readonly store: Store
  readonly host: Host
  readonly events: number
  readonly seconds: number
  /** Noon of a day; 0 is the last one. */
  noon(daysAgo: number): string
  /** Numbers by the value of a column, and prices by currency, over the files. */
  sums(daysAgo: number, column: string): Promise<ReadonlyMap<string, number>>
  prices(daysAgo: number): Promise<ReadonlyMap<string, string>>
  /** A reference of a resource that exists on the last day. */
  refOf(index: number): string
}

export async function storeInventory(folder: string, seed: number, size: Size): Promise<StoredInventory> {
  const began = performance.now()
  await mkdir(folder, { recursive: true })
  const duck = await (await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GB' })).connect()
  const host: Host = { ...realHost(), clock: { ...realHost().clock, now: () => lastDay + dayMs / 4 } }
  const store = await openStore({
    host,
    directory: join(folder, 'store'),
    log: recordingLog(),
    metrics: recordingMetrics(),
    resolver,
  })
  const make = new FrameMaker()
  const states = new Map<string, CollectorState>()
  let count = 0
  for (let day = 0; day < size.days; day++) {
    const now = lastDay - (size.days - 1 - day) * dayMs
    await writeDay(duck, pathOf(folder, day), { day, seed, size })
    const found = Map.groupBy(await readDay(duck, pathOf(folder, day)), ({ account }) => account)
    for (const [account, resources] of found) {
      const before = states.get(account)
      const since = before?.since ?? now
      const { events, after } = differences(before, resources, { complete: true, now, since })
      states.set(account, after)
      const collector = { region: 'global', name: 'resources' }
      const baseline = { provider: 'exoscale', account, region: 'global', collector: 'resources' } as const
      const rows: WeirEvent[] = [
        ...(before === undefined
          ? [baselineEvent({ ...baseline, resources: resources.length }, '/cloud', { since, time: now })]
          : []),
        ...events.map((event) => changeEvent(event, '/cloud', collector)),
      ]
      count += rows.length
      for (let at = 0; at < rows.length; at += perFrame)
        await store.projection.apply([make.batch(toEventBatch(rows.slice(at, at + perFrame)), now, 'cloud')])
    }
    await store.projection.commit()
  }
  while (await store.maintain());
  // A resource is deleted by its second absence.
  const rowsOf = (daysAgo: number): string => {
    const day = size.days - 1 - daysAgo
    const [today, before] = [day, Math.max(0, day - 1)].map((each) => `read_parquet('${pathOf(folder, each)}')`)
    return `(FROM ${today} UNION ALL FROM ${before} WHERE id NOT IN (SELECT id FROM ${today}))`
  }
  const read = async (sql: string) => (await duck.runAndReadAll(sql)).getRows()
  return {
    store,
    host,
    events: count,
    seconds: (performance.now() - began) / 1000,
    noon: (daysAgo) => new Date(lastDay - daysAgo * dayMs + dayMs / 6).toISOString(),
    async sums(daysAgo, column) {
      const rows = await read(`SELECT ${column}, count(*) FROM ${rowsOf(daysAgo)} GROUP BY 1`)
      return new Map(rows.map(([value, number]) => [String(value), Number(number)]))
    },
    async prices(daysAgo) {
      const rows = await read(`SELECT currency, sum(price)::VARCHAR FROM ${rowsOf(daysAgo)} GROUP BY 1`)
      return new Map(rows.map(([currency, price]) => [String(currency), String(price)]))
    },
    refOf(index) {
      const account = `account-${Math.floor(index / types.length) % size.accounts}`
      return `exoscale:${account}/region-${index % 5}/${typeOf(index)}/r${index}`
    },
  }
}

const pathOf = (folder: string, day: number): string => join(folder, `day-${day}.parquet`)
const types = ['instance', 'volume', 'ip_address', 'snapshot', 'load_balancer', 'dns_record'] as const
const typeOf = (index: number): string => types[index % types.length]!

async function writeDay(
  duck: DuckDBConnection,
  path: string,
  { day, seed, size }: Readonly<{ day: number; seed: number; size: Size }>,
): Promise<void> {
  const { accounts, resources, days } = size
  const list = types.map((type) => `'${type}'`).join(', ')
  // The number of changes so far selects the state, so that a day without one repeats the state.
  await duck.run(`COPY (SELECT 'r' || r AS id,
      'account-' || (r // ${types.length} % ${accounts}) AS account, 'region-' || (r % 5) AS region,
      [${list}][r % ${types.length} + 1] AS type, 'name of ' || r AS name,
      ['running', 'stopped', 'degraded'][((${day} + hash(r + ${seed}) % 400) // 200 % 3 + 1)::BIGINT] AS state,
      ['USD', 'EUR', 'CHF'][r // ${types.length} % ${accounts} % 3 + 1] AS currency,
      ((hash(r * 7 + ${seed}) % 100000)::DECIMAL(20, 5) / 100000)::DECIMAL(20, 5) AS price,
      'r' || (r - r % ${types.length}) AS owner, 'team-' || (r % 30) AS team
      FROM range(${resources}) t(r) WHERE r % 50 <> 1 OR (CASE WHEN r % 100 = 1 THEN ${day} >= r % ${days}
      ELSE ${day} < r % ${days} END) ORDER BY r) TO '${path}' (FORMAT parquet)`)
}

async function readDay(duck: DuckDBConnection, path: string): Promise<readonly CloudResource[]> {
  const rows = await duck.runAndReadAll(`SELECT id, account, region, type, name, state, currency, price::VARCHAR, owner,
      team FROM read_parquet('${path}')`)
  return rows.getRows().map((row) => {
    const [id, account, region, type, name, state, currency, amount, owner, team] = row.map(String) as string[]
    return {
      provider: 'exoscale',
      account: account!,
      region: region!,
      type: type as CloudResource['type'],
      id: id!,
      name: name!,
      state: state as CloudResource['state'],
      costPerHour: { amount: amount!, currency: currency!, source: 'pricelist' },
      ...(type === 'volume' || type === 'ip_address' ? { attachedTo: [owner!] } : {}),
      tags: { team: team!, env: 'prod' },
      size: 'standard.medium',
      attributes: { template: 'Linux Debian 13', zone: region! },
    }
  })
}
