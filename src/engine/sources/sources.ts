import type { ManifestQuery, ManifestState } from '../../model/kubernetes.ts'
import type { Host } from '../../host/index.ts'
import type { JournalWriter, Unit } from '../../journal/types.ts'
import { arrivedSettings } from '../../schema/values.ts'
import type { MetricTable } from '../../telemetry/metric-table.ts'
import type { Admission } from '../dedupe/admission.ts'
import type {
  AwaitedSink,
  FlowEnrichment,
  Log,
  Metrics,
  Replay,
  Source,
  SourceContext,
  SourceDefinition,
  Traces,
} from '../contracts.ts'
import { withCluster } from './cluster-name.ts'
import type { SourceFeed } from './feed.ts'
import { healthOf, type SourceHealth } from './health.ts'
import { endsWithin } from '../stopping.ts'
import { tracedEvents } from '../delivery/traced.ts'
import { messageOf, stackOf } from '../../model/errors.ts'
import { withoutUndefined } from '../../model/json.ts'

export type SourceEntry = Readonly<{
  id: string
  type: string
  settings: unknown
  cluster?: string
  /** Module of a package, and the metrics of its connector. */
  packaged?: Readonly<{ module: string; metrics: MetricTable }>
}>

export type SourceReport = Readonly<{
  id: string
  type: string
  addresses: readonly string[]
}>

export type ApplyReport = Readonly<{
  running: readonly SourceReport[]
  changed: readonly string[]
  failed?: Readonly<{ id: string; message: string; code?: string }>
}>

const drainMs = 8000

type Running = Readonly<{
  entry: SourceEntry
  source: Source
  stop: AbortController
  done: Promise<void>
}>

export type SourceJournal = Pick<JournalWriter, 'append' | 'epoch' | 'totals'>

type SourceSetOptions = Readonly<{
  host: Host
  log: Log
  metrics: Metrics
  traces?: Traces | undefined
  admission?: Pick<Admission, 'append'>
  journal: SourceJournal
  frames?: (id: string) => Replay
  state?: string
  storeRetentionMs?: number
  awaited: (sink: string, source: string) => AwaitedSink
  enrichment?: FlowEnrichment | undefined
  load(type: string, module?: string): Promise<SourceDefinition<unknown>>
}>

export class SourceSet {
  readonly #host: Host
  readonly #log: Log
  readonly #metrics: Metrics
  readonly #traces: Traces | undefined
  readonly #admission: SourceSetOptions['admission']
  readonly #journal: SourceJournal
  readonly #frames: SourceSetOptions['frames']
  readonly #state: string | undefined
  readonly #storeRetentionMs: number | undefined
  readonly #awaited: SourceSetOptions['awaited']
  readonly #enrichment: FlowEnrichment | undefined
  readonly #load: SourceSetOptions['load']
  readonly #running = new Map<string, Running>()
  readonly #shed = new Map<string, Record<string, number>>()

  constructor(options: SourceSetOptions) {
    this.#host = options.host
    this.#log = options.log
    this.#metrics = options.metrics
    this.#traces = options.traces
    this.#journal = options.journal
    this.#admission = options.admission
    this.#frames = options.frames
    this.#state = options.state
    this.#storeRetentionMs = options.storeRetentionMs
    this.#awaited = options.awaited
    this.#enrichment = options.enrichment
    this.#load = (type, module) => options.load(type, module)
  }

  /** A port can be bound only once: changed sources are drained first. If one fails, all changes are undone. */
  async apply(entries: readonly SourceEntry[]): Promise<ApplyReport> {
    const wanted = new Map(entries.map((entry) => [entry.id, entry]))
    const stopping = [...this.#running.values()].filter(({ entry }) => !same(wanted.get(entry.id), entry))
    const starting = entries.filter((entry) => !same(this.#running.get(entry.id)?.entry, entry))
    for (const running of stopping) await this.#stop(running)
    const started: Running[] = []
    for (const entry of starting) {
      try {
        started.push(await this.#start(entry))
      } catch (error) {
        for (const running of started) await this.#stop(running)
        for (const { entry: old } of stopping) await this.#restart(old)
        const code = error instanceof Error && 'code' in error ? { code: String(error.code) } : {}
        return { running: this.report(), changed: [], failed: { id: entry.id, message: messageOf(error), ...code } }
      }
    }
    const changed = new Set([...stopping, ...started].map(({ entry }) => entry.id))
    return { running: this.report(), changed: [...changed] }
  }

  report(): readonly SourceReport[] {
    return [...this.#running.values()].map(({ entry, source }) => ({
      id: entry.id,
      type: entry.type,
      addresses: source.addresses,
    }))
  }

  status(): Readonly<Record<string, unknown>> {
    const all: Record<string, unknown> = {}
    for (const { entry, source } of this.#running.values())
      all[entry.id] = 'status' in source && typeof source.status === 'function' ? source.status() : {}
    return all
  }

  feeds(): Readonly<Record<string, SourceFeed>> {
    return Object.fromEntries(
      [...this.#running.values()].flatMap(({ entry, source }) => {
        const feed = source.feed?.()
        return feed === undefined ? [] : [[entry.id, feed]]
      }),
    )
  }

  manifest(query: ManifestQuery): ManifestState | undefined {
    for (const { source } of this.#running.values()) {
      const manifest = source.manifest?.(query)
      if (manifest !== undefined) return manifest
    }
    return undefined
  }

  health(): Readonly<Record<string, SourceHealth>> {
    return Object.fromEntries(
      [...this.#running.values()].flatMap(({ entry, source }) => {
        const health = healthOf(source)
        return health === undefined ? [] : [[entry.id, health]]
      }),
    )
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => this.#stop(running)))
  }

  async #start(entry: SourceEntry): Promise<Running> {
    const definition = await this.#load(entry.type, entry.packaged?.module)
    const source = await definition.build(arrivedSettings(entry.settings), this.#context(entry))
    const stop = new AbortController()
    const done = source.run(stop.signal).catch((error: unknown) => {
      this.#log.error(`source ${entry.id} ended by itself`, { error: stackOf(error) })
    })
    const running = { entry, source, stop, done }
    this.#running.set(entry.id, running)
    return running
  }

  async #stop(running: Running) {
    running.stop.abort()
    // Unacknowledged rows are redelivered to the successor.
    if (!(await endsWithin(running.done, drainMs, this.#host.timers)))
      this.#log.error(
        `source ${running.entry.id} did not stop within ${drainMs} ms and is abandoned; its unacknowledged ` +
          'rows are redelivered',
      )
    this.#running.delete(running.entry.id)
  }

  async #restart(entry: SourceEntry) {
    try {
      await this.#start(entry)
    } catch (error) {
      this.#log.error(`source ${entry.id} could not be started again as it was`, { error: String(error) })
    }
  }

  #context({ id, cluster }: SourceEntry): SourceContext {
    const enrichment = cluster === undefined ? this.#enrichment : withCluster(cluster, this.#enrichment)
    const journal = this.#journal
    const admission = this.#admission
    const awaited = this.#awaited
    // Shed rows outlive the source: the next unit stores them.
    const shed = this.#shed
    const metrics = this.#metrics
    const [traces, clock] = [this.#traces, this.#host.clock]
    const withCounts = async <Result>(unit: Omit<Unit, 'source'>, append: (whole: Unit) => Promise<Result>) => {
      const counts = shed.get(id)
      shed.delete(id)
      try {
        return await append({ ...unit, source: id, ...withoutUndefined({ shed: counts }) })
      } catch (error) {
        const since = shed.get(id) ?? {}
        for (const [reason, rows] of Object.entries(counts ?? {})) since[reason] = (since[reason] ?? 0) + rows
        if (counts !== undefined) shed.set(id, since)
        throw error
      }
    }
    return {
      id,
      host: this.#host,
      log: this.#log,
      metrics: this.#metrics,
      cursor: journal.totals().get(id)?.cursor,
      epoch: journal.epoch,
      ...(this.#frames === undefined ? {} : { replay: this.#frames(id) }),
      ...(this.#state === undefined ? {} : { state: `${this.#state}/${id}` }),
      ...(this.#storeRetentionMs === undefined ? {} : { storeRetentionMs: this.#storeRetentionMs }),
      awaited: (sink) => awaited(sink, id),
      ...withoutUndefined({ enrichment }),
      shed(reason, rows) {
        const counts = shed.get(id) ?? {}
        counts[reason] = (counts[reason] ?? 0) + rows
        shed.set(id, counts)
        metrics.count('weir_source_shed_total', rows, { source: id, reason })
      },
      append:
        traces === undefined
          ? (unit) => withCounts(unit, (whole) => journal.append(whole))
          : async (unit, events = []) => {
              const end = tracedEvents(events, unit.received, traces)
              const appended = await withCounts(unit, (whole) => journal.append(whole))
              end(clock.now())
              return appended
            },
      ...(admission === undefined
        ? {}
        : { appendOnce: (unit) => withCounts(unit, (whole) => admission.append(whole)) }),
    }
  }
}

function same(a: SourceEntry | undefined, b: SourceEntry | undefined) {
  return a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b)
}
