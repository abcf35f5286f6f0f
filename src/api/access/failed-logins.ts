/**
 * How often somebody may guess. Each address has a budget of failures that refills with time, and so have all addresses
 * together; both are one number each (a leaky bucket kept as the time at which it will be empty).
 */
import type { Clock } from '../../host/index.ts'
import { parseIp } from '../../model/ip.ts'

export interface FailureLimits {
  /** Failures at once, from one address and from all. */
  readonly perAddress: number
  readonly inAll: number
  /** Time in ms after which one of them is forgiven. */
  readonly perAddressMs: number
  readonly inAllMs: number
  /** Addresses that are remembered; beyond, the one that failed longest ago is forgotten. */
  readonly addresses: number
}

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
  /** Monotonic ms at which the bucket of an address is empty; in the order of the last failure. */
  readonly #empty = new Map<string, number>()
  #allEmpty = 0

  constructor(clock: Pick<Clock, 'monotonic'>, limits: FailureLimits = defaultFailureLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#empty.size
  }

  /** Ms until this address may fail once more; 0: now. With `alone`, what others do does not count. */
  wait(address: string, alone = false): number {
    const { perAddress, perAddressMs, inAll, inAllMs } = this.#limits
    const now = this.#clock.monotonic()
    const own = (this.#empty.get(placeOf(address)) ?? 0) - now - (perAddress - 1) * perAddressMs
    const all = alone ? 0 : this.#allEmpty - now - (inAll - 1) * inAllMs
    return Math.max(0, own, all)
  }

  failed(address: string): void {
    const { perAddressMs, inAllMs, addresses } = this.#limits
    const now = this.#clock.monotonic()
    const place = placeOf(address)
    const empty = Math.max(now, this.#empty.get(place) ?? 0) + perAddressMs
    this.#empty.delete(place)
    this.#empty.set(place, empty)
    this.#allEmpty = Math.max(now, this.#allEmpty) + inAllMs
    for (const [known, until] of this.#empty) {
      if (until > now && this.#empty.size <= addresses) break
      this.#empty.delete(known)
    }
  }
}

/** Who has one IPv6 address has 2^64 of them: those of a /64 are one. */
function placeOf(address: string): string {
  const words = address.includes(':') ? parseIp(address) : undefined
  return words === undefined || (words[0] === 0 && words[1] === 0) ? address : `${words[0]}:${words[1]}`
}
