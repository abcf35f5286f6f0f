import type { StoreReader } from '../engine/control.ts'
import type { Enrichment } from '../engine/contracts.ts'
import type { Host } from '../host/index.ts'
import { RangeNames, WorkloadFollower, WorkloadProjection, type StaticResolver } from '../identity/index.ts'
import type { Tail } from '../journal/types.ts'
import { componentOf, nowhere, type Position } from '../model/positions.ts'
import type { ResourceData } from '../model/kubernetes.ts'
import type { Log, Metrics } from '../telemetry/ports.ts'
import type { WeirConfig } from './config.ts'
import { clusterSources, receivesFlows, identityFolder, nameSettings } from './config-entries.ts'
import { messageOf } from '../model/errors.ts'

type WorkloadsOptions = Readonly<{
  host: Host
  log: Log
  metrics: Metrics
  journal: string
  tail: Tail
  config: WeirConfig
  networks: StaticResolver
  follows: boolean
  store: Readonly<{ reader: StoreReader; position: Position }> | undefined
}>

function storedObjects({ dialect }: StoreReader): string {
  const [ms, recent] =
    dialect === 'clickhouse'
      ? [(time: string) => `toUnixTimestamp64Milli(${time})`, 'now() - INTERVAL 3 HOUR']
      : [(time: string) => `epoch_ms(${time})::DOUBLE`, 'now()::TIMESTAMPTZ - INTERVAL 3 HOUR']
  return `SELECT data, ${ms('valid_from')} AS since, ${ms('valid_to')} AS until
  FROM resources
  WHERE kind IN ('Pod', 'Node', 'Service', 'EndpointSlice', 'ReplicaSet', 'Job', 'ReplicationController')
    AND (valid_to IS NULL OR valid_to > ${recent})
  ORDER BY valid_from`
}

export class Workloads {
  readonly follower: WorkloadFollower
  readonly #options: WorkloadsOptions
  readonly #ranges: RangeNames
  #clusters: ReadonlySet<string> = new Set()
  #begun = false
  readonly #stop = new AbortController()

  private constructor(options: WorkloadsOptions) {
    const { host, log, metrics, config, journal, tail, networks } = options
    this.#options = options
    this.#ranges = new RangeNames(networks)
    const projection = new WorkloadProjection({
      host,
      log,
      metrics,
      directory: identityFolder(config),
      names: nameSettings(config),
      isCluster: (source) => this.#clusters.has(componentOf(source)),
    })
    this.follower = new WorkloadFollower(projection, { host, log, journal, tail, networks })
  }

  static async open(options: WorkloadsOptions): Promise<Workloads> {
    const workloads = new Workloads(options)
    await workloads.use(options.config)
    if (!workloads.watching) await workloads.follower.projection.discard()
    return workloads
  }

  get clusters(): readonly string[] {
    return [...this.#clusters]
  }

  get watching(): boolean {
    return this.#options.follows && this.#clusters.size > 0
  }

  get holds(): number | undefined {
    return this.watching ? this.follower.holds : undefined
  }

  of(cluster: string): number | undefined {
    return this.named() ? this.follower.projection.workloads.countOf(cluster) : undefined
  }

  named(): boolean {
    if (!this.watching) return false
    this.follower.wanted()
    return true
  }

  get enrichment(): Enrichment {
    return this.watching ? this.follower : this.#ranges
  }

  async use(config: WeirConfig): Promise<void> {
    const named = this.#begun || Object.values(config.sources).some(receivesFlows)
    this.#clusters = new Set(named ? clusterSources(config) : [])
    if (this.#begun || !this.watching) return
    this.#begun = true
    await this.#begin()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.follower.stopped()
  }

  async #begin() {
    const { projection } = this.follower
    if (!(await projection.open())) await this.#ask()
    this.follower.start(this.#stop.signal)
  }

  async #ask() {
    const { store, log } = this.#options
    try {
      this.follower.projection.begin(
        store === undefined ? [] : await objectsOf(store.reader),
        store?.position ?? nowhere,
      )
      await this.follower.projection.commit()
    } catch (error) {
      log.error(
        'The workloads in the store cannot be read; flows have no workload names until the cluster is listed again.',
        { error: messageOf(error) },
      )
    }
  }
}

async function objectsOf(reader: StoreReader): Promise<ResourceData[]> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const bytes of await reader.query(storedObjects(reader), 'ndjson', new AbortController().signal))
    text += decoder.decode(bytes, { stream: true })
  const objects: Readonly<{ at: number; data: ResourceData }>[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    const { data, since, until } = JSON.parse(line) as Readonly<{
      data: ResourceData | string
      since: number
      until: number | null
    }>
    const object = typeof data === 'string' ? (JSON.parse(data) as ResourceData) : data
    objects.push({ at: since, data: object })
    // A later version has its own row.
    if (until !== null)
      objects.push({ at: until - 0.5, data: { ...object, state: 'gone', since: new Date(until).toISOString() } })
  }
  return objects.toSorted((a, b) => a.at - b.at).map(({ data }) => data)
}
