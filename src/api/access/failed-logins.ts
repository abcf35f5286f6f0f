import type { Clock } from '../../host/index.ts'
import { parseIp } from '../../model/ip.ts'

type FailureLimits = Readonly<{
  perAddress: number
  inAll: number
  /** Leak interval per failure, in ms. */
  perAddressMs: number
  inAllMs: number
  addresses: number
}>

export const defaultFailureLimits: FailureLimits = {
  perAddress: 10,
  perAddressMs: 6_000,
  inAll: 200,
  inAllMs: 500,
  addresses: 10_000,
}

export class FailedLogins {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #limits: FailureLimits
  /** Monotonic ms, in order of the last failure. */
  readonly #empty = new Map<string, number>()
  #allEmpty = 0

  constructor(clock: Pick<Clock, 'monotonic'>, limits: FailureLimits = defaultFailureLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  get size(): number {
    return this.#empty.size
  }

  /** Ms until this address may fail again. `alone`: without the limit of all addresses. */
  wait(address: string, limit: 'shared' | 'alone' = 'shared'): number {
    const { perAddress, perAddressMs, inAll, inAllMs } = this.#limits
    const now = this.#clock.monotonic()
    const usedNow = (this.#empty.get(addressKey(address)) ?? 0) - now - (perAddress - 1) * perAddressMs
    const all = limit === 'alone' ? 0 : this.#allEmpty - now - (inAll - 1) * inAllMs
    return Math.max(0, usedNow, all)
  }

  failed(address: string): void {
    const { perAddressMs, inAllMs, addresses } = this.#limits
    const now = this.#clock.monotonic()
    const key = addressKey(address)
    const empty = Math.max(now, this.#empty.get(key) ?? 0) + perAddressMs
    this.#empty.delete(key)
    this.#empty.set(key, empty)
    this.#allEmpty = Math.max(now, this.#allEmpty) + inAllMs
    for (const [address, until] of this.#empty) {
      if (until > now && this.#empty.size <= addresses) break
      this.#empty.delete(address)
    }
  }
}

/** One client may use all addresses of an IPv6 /64. */
function addressKey(address: string) {
  const words = address.includes(':') ? parseIp(address) : undefined
  return words === undefined || (words[0] === 0 && words[1] === 0) ? address : `${words[0]}:${words[1]}`
}
