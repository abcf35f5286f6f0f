import type { Enrichment, Log, Metrics } from '../engine/contracts.ts'
import type { Frame } from '../journal/types.ts'
import type { ResourceData } from '../model/kubernetes.ts'
import { enrichFlows } from './enrich.ts'
import { toldResources } from './told-resources.ts'
import { rememberMs, worthForgetting } from './workload-projection.ts'
import { Workloads } from './workloads.ts'

export interface FeedOptions {
  readonly log: Log
  readonly metrics: Metrics
  /** Resolves when everything is fed that clusters have told by now, or the signal aborts. */
  readonly caughtUp: (signal: AbortSignal) => Promise<void>
}

/** Names flows by what it is fed, which comes on another way than they: there is no order between the two. Nothing is kept. */
export class WorkloadFeed implements Enrichment {
  readonly #workloads = new Workloads()
  readonly #options: FeedOptions
  /** Newest time of receipt, Unix ms. */
  #received = 0

  constructor(options: FeedOptions) {
    this.#options = options
  }

  /** What is there at a time. */
  tell(resources: Iterable<ResourceData>): void {
    for (const data of resources) this.#workloads.apply(data)
    this.#settled()
  }

  /** A frame of a source that watches a cluster. */
  take(frame: Frame): void {
    this.#received = Math.max(this.#received, frame.header.received)
    this.tell(
      toldResources(frame, (error) =>
        this.#options.log.error('A frame of a cluster cannot be read; what it tells of workloads is not known.', {
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
    return enrichFlows(batch, received, this.#workloads)
  }

  #settled(): void {
    this.#workloads.settle()
    this.#workloads.forget(this.#received - rememberMs, worthForgetting)
    const { objects, claims } = this.#workloads.size
    this.#options.metrics.set('weir_identity_workloads', objects)
    this.#options.metrics.set('weir_identity_claims', claims)
  }
}
