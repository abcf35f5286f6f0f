/** Names of addresses, as deliveries use them: read from the data folder, followed in the frames, never written. */
import type { Enrichment } from '../../engine/contracts.ts'
import type { Host } from '../../host/index.ts'
import { RangeNames, staticResolver, WorkloadFollower, WorkloadProjection } from '../../identity/index.ts'
import { LocalTail } from '../../journal/tail.ts'
import type { Frame } from '../../journal/types.ts'
import { componentOf, type Position } from '../../model/positions.ts'
import type { Log, Metrics } from '../../telemetry/ports.ts'
import type { WeirConfig } from '../config.ts'
import { clusterSources, identityFolder, nameSettings, receivesFlows } from '../config-entries.ts'

type NameParts = Readonly<{ host: Host; log: Log; metrics: Metrics; journal: string }>

export class RehearsedNames {
  readonly enrichment: Enrichment
  /** The data folder has no names: they are those of the frames. */
  readonly isPartial: boolean
  readonly #projection: WorkloadProjection | undefined

  private constructor(enrichment: Enrichment, projection?: Readonly<{ of: WorkloadProjection; isStored: boolean }>) {
    this.enrichment = enrichment
    this.isPartial = projection?.isStored === false
    this.#projection = projection?.of
  }

  /** `data`: the folder of the running server, of which the candidate may name another one. */
  static async open(
    config: WeirConfig,
    data: string,
    { host, log, metrics, journal }: NameParts,
  ): Promise<RehearsedNames> {
    const networks = await staticResolver(host, config.identity.networks ?? undefined, log)
    const clusters = new Set(clusterSources(config))
    if (clusters.size === 0 || !Object.values(config.sources).some(receivesFlows))
      return new RehearsedNames(new RangeNames(networks))
    const projection = new WorkloadProjection({
      host,
      log,
      metrics,
      directory: identityFolder({ ...config, data }),
      names: nameSettings(config),
      isCluster: (source) => clusters.has(componentOf(source)),
    })
    const isStored = await projection.open()
    const follower = new WorkloadFollower(projection, { host, log, journal, tail: new LocalTail(), networks })
    return new RehearsedNames(follower, { of: projection, isStored })
  }

  /** The frames after it have names that are not read yet; undefined: none. */
  get reached(): Position | undefined {
    return this.#projection?.reached
  }

  take(frame: Frame): void {
    this.#projection?.take([frame])
  }
}
