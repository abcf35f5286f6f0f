import type { EdgeQuery } from '../../engine/control.ts'
import { timesOf } from '../graph/edges-sql.ts'
import { Refs } from '../graph/refs.ts'
import type { Talks } from '../graph/talks.ts'
import { talksCacheKind } from '../graph/traffic.ts'
import { cachedInsights, insightsCacheKind, type CachedInsights } from '../insights/rows.ts'
import { rowViewNames } from '../insights/views.ts'
import { inventoryTables, readsInventory } from '../inventory/tables.ts'
import { rollupFiles } from '../rollup/views.ts'
import { spendTables } from '../spend/tables.ts'
import { spendTableNames } from '../spend/views.ts'
import type { Pin } from '../versions.ts'
import { FileCache, type CachedViews, type CacheLease, type FileCacheOptions } from './file-cache.ts'
import { tracesCacheKind, cachedRows, type CachedTraces } from './cached-traces.ts'
import { happenedWithin, type TimeBounds } from './receipt.ts'
import type { Statement } from './statement.ts'
import { TableCache } from './table-cache.ts'

const communicationShare = 1 / 6
const insightShare = 1

export type HeldEdges = Readonly<{
  refs: Refs
  traces: CacheLease<CachedTraces>
  talks: CacheLease<Talks>
  release: () => void
}>

export class Memory {
  readonly #refs = new Refs()
  readonly #traces: FileCache<CachedTraces>
  readonly #talks: FileCache<Talks>
  readonly #insights: FileCache<CachedInsights>
  readonly #spend: TableCache
  readonly #inventory: TableCache
  #last: Promise<unknown> = Promise.resolve()

  /** The shares of the limit are additional. */
  constructor({
    maxBytes,
    call,
    verify,
    directory,
    instance,
  }: Omit<FileCacheOptions<CachedTraces>, 'kind'> & { readonly directory: string }) {
    const serialized = <Value>(work: () => Promise<Value>) => {
      const done = this.#last.then(() => call(work))
      this.#last = done.catch(() => undefined)
      return done
    }
    this.#traces = new FileCache({
      instance,
      call: serialized,
      verify,
      kind: tracesCacheKind(directory, this.#refs),
      maxBytes,
    })
    this.#talks = new FileCache({
      instance,
      call: serialized,
      verify,
      kind: talksCacheKind(directory, this.#refs),
      maxBytes: maxBytes * communicationShare,
    })
    this.#insights = new FileCache({
      instance,
      call: serialized,
      verify,
      kind: insightsCacheKind(directory),
      maxBytes: maxBytes * insightShare,
    })
    this.#spend = new TableCache({ instance, directory, verify }, spendTables)
    this.#inventory = new TableCache({ instance, directory, verify }, inventoryTables)
  }

  async hold(statement: Statement, pin: Pin): Promise<Omit<CachedViews, 'traffic'> & { readonly release: () => void }> {
    const { tables } = statement
    const [spend, inventory] = await Promise.all([
      spendTableNames.some((name) => tables.has(name)) ? this.#spend.hold(pin) : undefined,
      readsInventory(statement) ? this.#inventory.hold(pin) : undefined,
    ])
    const rows = this.#holdRows(statement, pin)
    return {
      ...rows,
      ...(spend?.tables === undefined ? {} : { spend: spend.tables }),
      ...(inventory?.tables === undefined ? {} : { inventory: inventory.tables }),
      release: () => {
        for (const lease of [rows, spend, inventory]) lease?.release()
      },
    }
  }

  #holdRows(
    { narrow, tables, eventTimes: times }: Statement,
    pin: Pin,
  ): Pick<CachedViews, 'traces' | 'insights'> & { readonly release: () => void } {
    if (rowViewNames.some((name) => tables.has(name))) {
      const holding = this.#insights.hold(pin, pin.files)
      return { insights: cachedInsights(holding), release: holding.release }
    }
    if (!narrow) return { release: () => undefined }
    const holding = this.#holdTraces(pin, times.audit)
    return { traces: cachedRows(holding), release: holding.release }
  }

  warm(pin: Pin): void {
    this.#insights.hold(pin, pin.files).release()
  }

  holdEdges(span: EdgeQuery['span'], pin: Pin): HeldEdges {
    const times = timesOf(span)
    const traces = this.#holdTraces(pin, times.audit)
    const talks = this.#talks.hold(
      pin,
      isCacheable(times.traffic) ? rollupFiles('flows_1h', pin.files, times.traffic) : [],
    )
    return {
      refs: this.#refs,
      traces,
      talks,
      release: () => {
        for (const { release } of [traces, talks]) release()
      },
    }
  }

  #holdTraces(pin: Pin, when: TimeBounds | undefined) {
    return this.#traces.hold(pin, isCacheable(when) ? happenedWithin(pin.files, when) : [])
  }

  async idle(): Promise<void> {
    await Promise.all([
      this.#traces.idle(),
      this.#talks.idle(),
      this.#insights.idle(),
      this.#spend.idle(),
      this.#inventory.idle(),
    ])
  }

  async close(): Promise<void> {
    await Promise.all([
      this.#traces.close(),
      this.#talks.close(),
      this.#insights.close(),
      this.#spend.idle(),
      this.#inventory.idle(),
    ])
  }
}

function isCacheable(when: TimeBounds | undefined): when is TimeBounds {
  return when !== undefined && when.from !== -Infinity
}
