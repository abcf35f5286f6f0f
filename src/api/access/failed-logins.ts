/**
 * Rate limit for failed logins: a leaky bucket for each address and one for all together. A bucket is stored as the
 * time at which it is empty.
 */
import type { Clock } from '../../host/index.ts'
import { parseIp } from '../../model/ip.ts'

export interface FailureLimits {
  /** Burst of failures, per address and in all. */
  readonly perAddress: number
  readonly inAll: number
  /** Time in ms in which one failure leaks. */
  readonly perAddressMs: number
  readonly inAllMs: number
  /** Maximum number of tracked addresses; the one with the oldest failure is evicted. */
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
  /** Monotonic ms at which the bucket of an address is empty, ordered by the last failure. */
  readonly #empty = new Map<string, number>()
  #allEmpty = 0

  constructor(clock: Pick<Clock, 'monotonic'>, limits: FailureLimits = defaultFailureLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Number of tracked addresses. */
  get size(): number {
    return this.#empty.size
  }

  /** Ms until this address may fail once more; 0: now. With `alone`, the shared bucket is ignored. */
  wait(address: string, alone = false): number {
    const { perAddress, perAddressMs, inAll, inAllMs } = this.#limits
    const now = this.#clock.monotonic()
    const own = (this.#empty.get(addressKey(address)) ?? 0) - now - (perAddress - 1) * perAddressMs
    const all = alone ? 0 : this.#allEmpty - now - (inAll - 1) * inAllMs
    return Math.max(0, own, all)
  }

  failed(address: string): void {
    const { perAddressMs, inAllMs, addresses } = this.#limits
    const now = this.#clock.monotonic()
    const place = addressKey(address)
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

/** Addresses of an IPv6 /64 count as one, since one client may use all 2^64 of them. */
function addressKey(address: string): string {
  const words = address.includes(':') ? parseIp(address) : undefined
  return words === undefined || (words[0] === 0 && words[1] === 0) ? address : `${words[0]}:${words[1]}`
}
