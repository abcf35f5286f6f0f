import type { Log, Metrics } from '../engine/contracts.ts'
import type { StoredSums, StoreReader } from '../engine/control.ts'
import { storeSink } from '../engine/ledger/ledger.ts'
import type { OutsideStore } from '../engine/runtime-parts.ts'
import type { SinkSet } from '../engine/delivery/sinks.ts'
import type { Host } from '../host/index.ts'
import type { Tail } from '../journal/types.ts'
import { messageOf } from '../model/errors.ts'
import { ClickHouseClient } from '../net/clickhouse/client.ts'
import { clickhouseSettings } from '../query/index.ts'
import { loadSink } from '../components/registry.ts'
import {
  ClickHouseReader,
  hourRowsSql,
  prepareViews,
  storedSums,
  sumFactsSql,
  type HourRows,
  type SumFacts,
} from '../store/clickhouse/index.ts'
import type { WeirConfig } from './config.ts'
import { storeSinkSettings } from './config-entries.ts'
import { limitQueries } from './query-limit.ts'

type ClickHouseStoreParts = Readonly<{
  host: Host
  log: Log
  metrics: Metrics
  config: WeirConfig
  tail: Tail
  /** With a shared journal other instances deliver, too. */
  sinks: () => Pick<SinkSet, 'outcome' | 'get'> | undefined
}>

/** Queries at once; further ones wait. */
const connections = 16
const freshMs = 2000
const checkMs = 5000
/** Age of the facts about sums; a page sends a dozen queries. */
const sumsMs = 5000

export class ClickHouseStore implements OutsideStore {
  readonly reader: StoreReader
  readonly #parts: ClickHouseStoreParts
  readonly #client: ClickHouseClient
  readonly #reader: ClickHouseReader
  readonly #settings: NonNullable<WeirConfig['store']['clickhouse']>
  #problem: string | undefined
  #knownSums: Readonly<{ at: number; sums: Promise<StoredSums> }> | undefined

  private constructor(parts: ClickHouseStoreParts, client: ClickHouseClient) {
    const { host, config, log } = parts
    const settings = config.store.clickhouse
    if (settings === null) throw new Error('the store is not ClickHouse')
    this.#parts = parts
    this.#settings = settings
    this.#client = client
    this.#reader = new ClickHouseReader({
      client,
      names: settings,
      settings: clickhouseSettings,
      limits: {
        memoryBytes: settings.query_memory,
        sqlMemoryBytes: config.sql.memory,
        sqlTimeoutMs: config.sql.timeout,
      },
      prepare: (signal) =>
        prepareViews(
          {
            client,
            names: settings,
            cluster: settings.cluster,
            distributed: settings.distributed,
            create: settings.create,
            hourSums: settings.hour_sums,
            log,
            tables: (until) => createTables(parts, until),
          },
          signal,
        ),
      fresh: () => this.#fresh(),
      queryId: () => `weir-${Buffer.from(host.random.bytes(12)).toString('hex')}`,
    })
    this.reader = {
      ...limitQueries(this.#reader, config.store.query_timeout, host.timers),
      dialect: 'clickhouse',
      fresh: () => this.#fresh(),
      sums: async () => this.#withNewest(await this.#sums()),
    }
  }

  static async open(parts: ClickHouseStoreParts): Promise<ClickHouseStore> {
    const { host, config } = parts
    const settings = config.store.clickhouse
    if (settings === null) throw new Error('the store is not ClickHouse')
    return new ClickHouseStore(parts, await ClickHouseClient.open(settings, { host }, connections))
  }

  get problem(): string | undefined {
    return this.#problem
  }

  async watch(signal: AbortSignal): Promise<void> {
    const { timers } = this.#parts.host
    while (!signal.aborted) {
      this.#problem = await this.#check(signal)
      await timers.sleep(checkMs, signal)
    }
    this.#client.close()
  }

  async #check(signal: AbortSignal): Promise<string | undefined> {
    try {
      await this.#reader.ready()
      await this.#client.rows('SELECT 1 AS one', signal)
      return undefined
    } catch (error) {
      return signal.aborted ? this.#problem : messageOf(error)
    }
  }

  #sums(): Promise<StoredSums> {
    const { clock } = this.#parts.host
    const knownSums = this.#knownSums
    if (knownSums !== undefined && clock.monotonic() - knownSums.at < sumsMs) return knownSums.sums
    const sums = this.#readSums()
    this.#knownSums = { at: clock.monotonic(), sums }
    sums.catch(() => (this.#knownSums = undefined))
    return sums
  }

  async #readSums(): Promise<StoredSums> {
    const [[facts], hours] = await Promise.all([
      this.#rows<SumFacts>(sumFactsSql(this.#settings)),
      this.#rows<HourRows>(hourRowsSql(this.#settings)),
    ])
    if (facts === undefined) throw new Error('ClickHouse returned no row for its sums')
    const sums = storedSums(facts, this.#settings.ttl, this.#parts.host.clock.now(), hours)
    return { ...sums, hourSums: this.#settings.hour_sums }
  }

  async #rows<Row>(sql: string): Promise<readonly Row[]> {
    const chunks: Uint8Array[] = []
    for await (const chunk of await this.reader.query(sql, 'json', new AbortController().signal)) chunks.push(chunk)
    return JSON.parse(Buffer.concat(chunks).toString()) as readonly Row[]
  }

  /** Adds the newest rows of this instance; nothing is known of other instances. */
  #withNewest(sums: StoredSums): StoredSums {
    const sources = this.#parts.sinks()?.get(storeSink)?.record.sources
    if (sources === undefined) return sums
    const newest = Object.fromEntries(Object.entries(sources).map(([source, { accounted }]) => [source, accounted]))
    return { ...sums, flows: { ...sums.flows, newest } }
  }

  async #fresh(): Promise<boolean> {
    const { sinks, tail, host } = this.#parts
    const late = new AbortController()
    const timer = host.timers.after(freshMs, () => late.abort())
    try {
      const outcome = await sinks()?.outcome(storeSink, tail.durable().sequence, late.signal)
      return outcome !== undefined && outcome.is !== 'pending'
    } finally {
      timer.cancel()
    }
  }
}

/** The sink creates its tables before it sends the first row, here of none. */
async function createTables({ host, log, metrics, config }: ClickHouseStoreParts, signal: AbortSignal) {
  const definition = await loadSink('clickhouse')
  const sink = await definition.build(storeSinkSettings(config), { id: storeSink, host, log, metrics })
  try {
    await sink.send({ token: 'tables', count: 0, pieces: [], retried: false }, signal)
  } finally {
    await sink.close()
  }
}
