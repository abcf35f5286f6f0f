import type { Endpoint, Holders, Resolution, Resolver } from '../engine/contracts.ts'
import type { StaticResolver } from './static-resolver.ts'
import type { Workloads } from './workloads.ts'

const unknown: Resolution = { is: 'unknown' }

/**
 * Resolves addresses to their holder at the time, as reported by clusters, with the label of their network; otherwise
 * to the name of their network. `watching`: false while no cluster is watched, and no address is resolved.
 */
export class WorkloadResolver implements Resolver {
  readonly #networks: StaticResolver
  readonly #workloads: Workloads
  readonly #watching: () => boolean

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

  resolve(words: Uint32Array, offset: number, time: number, scope: string, mac = Number.NaN, network = ''): Resolution {
    const range = this.#networks.resolve(words, offset, time, scope)
    if (!this.#watching()) return range
    const workloads = this.#workloads
    const number = network === '' ? 0 : workloads.networkOf(network)
    const holder = workloads.endpoint(workloads.find(words, offset, time, workloads.clusterOf(scope), mac, number))
    if (holder === undefined) return range.is === 'endpoint' ? range : unknown
    const endpoint: Endpoint =
      range.is === 'endpoint' && range.endpoint.label !== undefined
        ? { label: range.endpoint.label, ...holder }
        : holder
    return { is: 'endpoint', endpoint }
  }
}
