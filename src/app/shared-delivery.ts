import { sharedLedger } from '../engine/cluster/shared-ledger.ts'
import type { Pipeline } from '../engine/control.ts'
import { httpSource, type Settling } from '../engine/sources/pushed.ts'
import { sharedName } from '../engine/cluster/journal-name.ts'
import { sharedSource } from '../engine/cluster/names.ts'
import { begun, countedOf, outcomeBetween, partitionOfSource, passed } from '../engine/cluster/sink-progress.ts'
import { SharedDeadLetters } from '../engine/cluster/dead-letter-commands.ts'
import { ConfiguredSinks } from '../engine/cluster/configured-sinks.ts'
import { PartitionWorkers, sinksOf } from '../engine/cluster/partition-workers.ts'
import type { RuntimeParts } from '../engine/runtime-parts.ts'
import type { SinkDefinition, Traces } from '../engine/contracts.ts'
import type { LoadedTransform } from '../engine/sources/derive.ts'
import type { SinkEntry } from '../engine/delivery/sinks.ts'
import type { Host } from '../host/index.ts'
import type { NameSettings, StaticResolver } from '../identity/index.ts'
import { withTimeout } from '../host/with-timeout.ts'
import { messageOf, WeirError } from '../model/errors.ts'
import type { Log, Metrics } from '../telemetry/ports.ts'
import type { SharedAlertParts } from './shared-alerts.ts'
import { join, untilThere, type Joined, type SharedStart } from './shared.ts'
import { SharedWorkloads } from './shared-workloads.ts'

type SharedDeliveryParts = Readonly<{
  host: Host
  log: Log
  metrics: Metrics
  traces?: Traces | undefined
  data: string
  maxBytes: number
  names: NameSettings
  networks: StaticResolver
  load(type: string): Promise<SinkDefinition<unknown>>
  loadTransform(type: string): Promise<LoadedTransform> | undefined
}>

type OpenedParts = Readonly<{
  instance: string
  joined: Joined
  lanes: PartitionWorkers | undefined
  workloads: SharedWorkloads
  deadLetters: SharedDeadLetters
  name: string | undefined
}>

type Applied = Awaited<ReturnType<PartitionWorkers['apply']>>

const configureMs = 10_000
const closeMs = 500

export class SharedDelivery implements NonNullable<RuntimeParts['shared']> {
  readonly #instance: string
  readonly #joined: Joined
  readonly #lanes: PartitionWorkers | undefined
  readonly deadLetters: SharedDeadLetters
  readonly #workloads: SharedWorkloads
  readonly #configured: ConfiguredSinks
  readonly #options: Pick<SharedDeliveryParts, 'host' | 'log'>
  readonly name: string | undefined
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined
  #entries: readonly SinkEntry[] = []

  private constructor(
    { instance, joined, lanes, workloads, deadLetters, name }: OpenedParts,
    options: Pick<SharedDeliveryParts, 'host' | 'log'>,
  ) {
    this.deadLetters = deadLetters
    this.#instance = instance
    this.#options = options
    this.#configured = new ConfiguredSinks({ ...joined, instance, host: options.host, log: options.log })
    this.name = name
    this.#joined = joined
    this.#lanes = lanes
    this.#workloads = workloads
  }

  static async open(
    start: SharedStart,
    { data, maxBytes, names, networks, ...parts }: SharedDeliveryParts,
  ): Promise<SharedDelivery> {
    const joined = await join(start, { host: parts.host, log: parts.log, thread: 'main' }, new AbortController().signal)
    const { host, log, metrics } = parts
    const workloads = new SharedWorkloads({ ...joined, instance: start.instance, host, log, metrics, names, networks })
    const lanes = start.delivers
      ? new PartitionWorkers({
          ...parts,
          ...joined,
          enrichment: () => workloads.enrichment,
          instance: start.instance,
          directory: `${data}/lanes`,
          maxBytes: Math.ceil(maxBytes / joined.bus.partitions),
        })
      : undefined
    const name = start.serves
      ? await untilThere(() => sharedName({ ...joined, host, log }), host, log, new AbortController().signal)
      : undefined
    const { instance } = start
    const deadLetters = new SharedDeadLetters({ ...joined, instance, host, log })
    return new SharedDelivery({ instance, joined, lanes, workloads, deadLetters, name }, { host, log })
  }

  /** Parts for the evaluation of alert rules. Only an API has a name, and a store to query. */
  get evaluation(): Pick<SharedAlertParts, 'joined' | 'instance' | 'evaluates'> {
    return { joined: this.#joined, instance: this.#instance, evaluates: this.name !== undefined }
  }

  async apply(entries: readonly SinkEntry[]): Promise<Applied> {
    const before = this.#entries
    const failed = await this.#configure(entries)
    if (failed !== undefined) return { changed: [], orphaned: [], failed }
    const applied = (await this.#lanes?.apply(entries)) ?? { changed: [], orphaned: [] }
    if (applied.failed !== undefined) {
      await this.#configure(before)
      return applied
    }
    this.#entries = entries
    this.#running ??= this.#run(this.#stop.signal)
    return applied
  }

  /** Before sources run, so that no accepted row precedes a configured sink. A start waits for the bus. */
  async #configure(entries: readonly SinkEntry[]): Promise<Applied['failed']> {
    const { host, log } = this.#options
    const configure = () => this.#configured.apply(entries.map(({ id }) => id))
    if (this.#running === undefined) {
      await untilThere(configure, host, log, this.#stop.signal)
      return undefined
    }
    try {
      const late = 'the shared journal does not respond'
      await withTimeout(configure(), { timers: host.timers, ms: configureMs, late })
      return undefined
    } catch (error) {
      return { id: entries[0]?.id ?? '', message: messageOf(error) }
    }
  }

  clusters(ids: readonly string[]): void {
    if (this.#lanes !== undefined) this.#workloads.use(ids)
  }

  async #run(signal: AbortSignal) {
    await this.#workloads.first(signal)
    await this.#lanes?.run(signal)
  }

  async books(
    books: Parameters<NonNullable<RuntimeParts['shared']>['books']>[0],
  ): ReturnType<NonNullable<RuntimeParts['shared']>['books']> {
    // While the bus is unreachable the last ledger is used.
    await this.#joined.records.sync(this.#stop.signal).catch(() => undefined)
    return sharedLedger(this.#joined.records, books)
  }

  settling(sink: string): Settling | undefined {
    const { records, bus } = this.#joined
    const source = sharedSource(httpSource, this.#instance)
    const partition = partitionOfSource(records, source, bus.partitions)
    if (!begun(records, sink, partition)) return undefined
    const before = countedOf(records, sink, source, partition)
    return async ({ places = [], accepted }, signal) => {
      const progress = await passed(records, sink, places, signal)
      if (progress === 'gone') return undefined
      return progress === 'stopped'
        ? { is: 'pending' }
        : outcomeBetween(before, countedOf(records, sink, source, partition), accepted)
    }
  }

  async forget(sink: string): Promise<number> {
    if (this.#lanes === undefined)
      throw new WeirError(
        'WEIR_SINK_UNKNOWN',
        `this instance delivers no rows; send the request to one with the role \`deliverer\` to forget sink ${sink}`,
      )
    return this.#lanes.forget(sink)
  }

  get partitions(): number {
    return this.#joined.bus.partitions
  }

  sinks(): Pipeline['sinks'] {
    return sinksOf(this.#joined.records)
  }

  get problem(): string | undefined {
    return this.#lanes?.problem
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
    await this.#workloads.stop()
    await this.#configured.close(closeMs)
    await this.deadLetters.close()
    await this.#joined.close()
  }
}
