import type { Enrichment, Log, Metrics } from '../engine/contracts.ts'
import type { Frame } from '../journal/types.ts'
import type { ResourceData } from '../model/kubernetes.ts'
import { enrichFlows, type Names } from './enrich.ts'
import { resourcesOf } from './frame-resources.ts'
import type { NameSettings } from './name-settings.ts'
import { retainEndedMs, minEndedClaims } from './workload-projection.ts'
import { Workloads } from './workloads.ts'

type FeedOptions = Readonly<{
  log: Log
  metrics: Metrics
  caughtUp: (signal: AbortSignal) => Promise<void>
  names?: NameSettings | undefined
  networks?: Names['networks']
}>

/** Cluster updates arrive on a separate path without an order relative to flows. Has no persistent state. */
export class WorkloadFeed implements Enrichment {
  readonly #workloads: Workloads
  readonly #options: FeedOptions
  #received = 0

  constructor(options: FeedOptions) {
    this.#options = options
    this.#workloads = new Workloads(options.names)
  }

  update(resources: Iterable<ResourceData>): void {
    for (const data of resources) this.#workloads.apply(data)
    this.#settled()
  }

  take(frame: Frame): void {
    this.#received = Math.max(this.#received, frame.header.received)
    this.update(
      resourcesOf(frame, (error) =>
        this.#options.log.error('Cannot decode a frame of a cluster; its workloads are unknown.', {
          source: frame.header.source,
          error: String(error),
        }),
      ),
    )
  }

  ready(_sequence: number, signal: AbortSignal): Promise<void> {
    return this.#options.caughtUp(signal)
  }

  enrich(...[batch, received]: Parameters<Enrichment['enrich']>): ReturnType<Enrichment['enrich']> {
    const { networks, names } = this.#options
    return enrichFlows(batch, received, { holders: this.#workloads, networks, labels: names?.labels })
  }

  #settled() {
    this.#workloads.settle()
    this.#workloads.forget(this.#received - retainEndedMs, minEndedClaims)
    const { objects, claims } = this.#workloads.size
    this.#options.metrics.set('weir_identity_workloads', objects)
    this.#options.metrics.set('weir_identity_claims', claims)
  }
}
