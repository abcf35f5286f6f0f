// Daily costs of resources as FOCUS files, one for each month, written by DuckDB and read by the source's map. Every
// tenth month's file is read twice with other amounts, so that rows are replaced.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { parquetRows } from '../../../src/connectors/spend/client-parquet.ts'
import { FileReading } from '../../../src/connectors/spend/map.ts'
import { realHost, type Host } from '../../../src/host/index.ts'
import { toEventBatch, type WeirEvent } from '../../../src/model/events.ts'
import { openStore, type Store } from '../../../src/store/index.ts'
import { FrameMaker, recordingLog, recordingMetrics, resolver } from '../../../src/store/testing/frames.ts'

const now = Date.UTC(2026, 10, 1, 8)
const [perFrame, perCommit] = [2000, 100_000] as const

type Size = Readonly<{ accounts: number; resources: number; days: number }>

export interface Year {
  readonly store: Store
  readonly host: Host
  readonly rows: number
  /** With rows that were replaced. */
  readonly stored: number
  readonly seconds: number
  readonly cpuSeconds: number
  /** Months, the end exclusive. */
  readonly from: string
  readonly to: string
  /** Sums over the files, by currency, and by currency and value. */
  sums(by: string): Promise<Readonly<{ totals: ReadonlyMap<string, string>; groups: ReadonlyMap<string, string> }>>
}

const loadedFile = 'loaded.json'

type Loaded = Readonly<{ seed: number; size: Size; rows: number; stored: number; seconds: number; cpuSeconds: number }>

/** Rows that an earlier run stored in the folder are used again. An incomplete load is repeated. */
export async function keptYear(folder: string, seed: number, size: Size): Promise<Year> {
  await mkdir(folder, { recursive: true })
  const duck = await (await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GB' })).connect()
  const host: Host = { ...realHost(), clock: { ...realHost().clock, now: () => now } }
  const found = await loadedIn(folder, seed, size)
  if (found === undefined) await rm(join(folder, 'store'), { recursive: true, force: true })
  const store = await openStore({
    host,
    directory: join(folder, 'store'),
    log: recordingLog(),
    metrics: recordingMetrics(),
    resolver,
  })
  const loaded = found ?? (await storeYear(duck, store, { folder, seed, size }))
  await writeFile(join(folder, loadedFile), JSON.stringify(loaded))
  return {
    store,
    host,
    ...loaded,
    from: monthsOf(size.days)[0]!,
    to: '2026-11',
    async sums(by) {
      const sql = `SELECT BillingCurrency, ${by} AS value, sum(BilledCost)::VARCHAR AS cost
          FROM read_parquet('${folder}/*.parquet') GROUP BY 1, 2`
      const found = (await duck.runAndReadAll(sql)).getRows().map((row) => row.map(String))
      const totalsSql = `SELECT BillingCurrency, sum(BilledCost)::VARCHAR FROM read_parquet('${folder}/*.parquet')
          GROUP BY 1`
      const totals = (await duck.runAndReadAll(totalsSql)).getRows().map((row) => row.map(String))
      return {
        totals: new Map(totals.map(([currency = '', cost = '']) => [currency, cost])),
        groups: new Map(found.map(([currency, value, cost = '']) => [`${currency} ${value}`, cost])),
      }
    },
  }
}

async function loadedIn(folder: string, seed: number, size: Size): Promise<Loaded | undefined> {
  const text = await readFile(join(folder, loadedFile), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const found = JSON.parse(text) as Loaded
  if (found.seed === seed && JSON.stringify(found.size) === JSON.stringify(size)) return found
  throw new Error(`${folder} has the rows of another seed or size. Choose another folder.`)
}

async function storeYear(
  duck: DuckDBConnection,
  store: Store,
  { folder, seed, size }: Readonly<{ folder: string; seed: number; size: Size }>,
): Promise<Loaded> {
  const [began, cpu] = [performance.now(), process.cpuUsage()]
  const make = new FrameMaker()
  let [rows, stored] = [0, 0]
  for (const [at, month] of monthsOf(size.days).entries()) {
    const path = join(folder, `${month}.parquet`)
    let before: FileReading['rows'] = new Map()
    for (const version of at % 10 === 1 ? [0, 1] : [0]) {
      await writeMonth(duck, path, { month, seed: seed + version, size })
      let reading: FileReading | undefined
      let events: WeirEvent[] = []
      let waiting = 0
      const flush = async (last: boolean): Promise<void> => {
        if (events.length > 0) await store.projection.apply([make.batch(toEventBatch(events), now, 'spend')])
        waiting += events.length
        stored += events.length
        events = []
        if (waiting < perCommit && !last) return
        await store.projection.commit()
        waiting = 0
      }
      for await (const { header, records } of parquetRows(path, new AbortController().signal)) {
        const origin = { source: 'focus', file: `${month}.parquet`, collected: now, estimated: false }
        reading ??= new FileReading(header, { columns: {}, constants: {} }, origin, before)
        for (const { line, values } of records) {
          const event = reading.take(line, values)
          if (event === undefined) continue
          events.push(event)
          if (events.length >= perFrame) await flush(false)
        }
      }
      await flush(true)
      before = reading?.rows ?? new Map()
      if (reading?.rejectedRows !== 0) throw new Error(`Rows were rejected: ${reading?.rejected[0]?.reason}`)
    }
    rows += before.size
  }
  while (await store.maintain());
  const { user, system } = process.cpuUsage(cpu)
  return { seed, size, rows, stored, seconds: (performance.now() - began) / 1000, cpuSeconds: (user + system) / 1e6 }
}

/** The months before November 2026 that have the days. */
function monthsOf(days: number): readonly string[] {
  const first = new Date(Date.UTC(2026, 10, 1) - days * 86_400_000)
  const count = (2026 - first.getUTCFullYear()) * 12 + 10 - first.getUTCMonth()
  return Array.from({ length: count }, (_, at) => new Date(Date.UTC(2026, 10 - count + at)).toISOString().slice(0, 7))
}

async function writeMonth(
  duck: DuckDBConnection,
  path: string,
  { month, seed, size }: Readonly<{ month: string; seed: number; size: Size }>,
): Promise<void> {
  const { accounts, resources } = size
  await duck.run(`COPY (SELECT
      ((hash(r * 400 + day(d) + ${seed}) % 1000000000)::DECIMAL(20, 10) / 100000000)::DECIMAL(20, 8) AS BilledCost,
      ['USD', 'EUR', 'CHF'][(r % ${accounts}) % 3 + 1] AS BillingCurrency,
      'account-' || (r % ${accounts}) AS BillingAccountId,
      d::TIMESTAMP AS ChargePeriodStart, (d + INTERVAL 1 DAY)::TIMESTAMP AS ChargePeriodEnd,
      'AWS' AS ProviderName, 'service-' || (r % 17) AS ServiceName, 'region-' || (r % 5) AS RegionId,
      'resource-' || r AS ResourceId, 'name of resource ' || r AS ResourceName, 'instance' AS ResourceType,
      'sku-' || (r % 200) AS SkuId, 'Usage of a resource in an hour' AS ChargeDescription,
      json_object('team', 'team-' || (r % 30), 'env', ['prod', 'test'][r % 2 + 1]) AS Tags
      FROM range(${resources}) t(r), range(DATE '${month}-01', DATE '${month}-01' + INTERVAL 1 MONTH, INTERVAL 1 DAY)
      u(d) ORDER BY d, r) TO '${path}' (FORMAT parquet)`)
}
