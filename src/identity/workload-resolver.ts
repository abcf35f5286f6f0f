import type { Endpoint, Holders, Resolution, Resolver, RowHints } from '../engine/contracts.ts'
import type { StaticResolver } from './static-resolver.ts'
import type { Workloads } from './workloads.ts'

const unknown: Resolution = { is: 'unknown' }

/** By holder, otherwise by network. `watching`: false while no cluster is watched. */
export class WorkloadResolver implements Resolver {
  readonly #networks: StaticResolver
  readonly #workloads: Workloads
  readonly #watching: () => boolean
  readonly #hints: RowHints<number> = { mac: Number.NaN, network: 0 }

  constructor(networks: StaticResolver, workloads: Workloads, watching: () => boolean) {
    this.#networks = networks
    this.#workloads = workloads
    this.#watching = watching
  }

  get generation(): number {
    return this.#networks.generation + this.#workloads.generation
  }

  get holders(): Holders | undefined {
    return this.#watching() ? this.#workloads : undefined
  }

  resolve(words: Uint32Array, offset: number, time: number, scope: string, beside?: RowHints<string>): Resolution {
    const range = this.#networks.resolve(words, offset, time, scope)
    if (!this.#watching()) return range
    const workloads = this.#workloads
    const hints = beside === undefined ? undefined : this.#numbered(beside)
    const holder = workloads.endpoint(workloads.find(words, offset, time, workloads.clusterOf(scope), hints))
    if (holder === undefined) return range.is === 'endpoint' ? range : unknown
    const endpoint: Endpoint =
      range.is === 'endpoint' && range.endpoint.label !== undefined
        ? { label: range.endpoint.label, ...holder }
        : holder
    return { is: 'endpoint', endpoint }
  }

  #numbered({ mac, network }: RowHints<string>): RowHints<number> {
    this.#hints.mac = mac
    this.#hints.network = network === '' ? 0 : this.#workloads.networkOf(network)
    return this.#hints
  }
}
