import type { ByteCounts } from './bytes.ts'
import type { Domain, ParkedSet } from './state.ts'

export type ParkingLimits = Readonly<{
  bytes: number
  exporterBytes: number
  time: number
}>

/** Limit of a domain, against forged source ports. */
const domainShare = 1 / 2
/** Limit of exporters seen once, against forged addresses. */
const unprovenShare = 1 / 4

const overhead = 256

class Pool {
  readonly most: number
  readonly sets = new Set<ParkedSet>()
  cost = 0

  constructor(most: number) {
    this.most = most
  }
}

const costOf = ({ bytes }: Pick<ParkedSet, 'bytes'>) => bytes.length + overhead

/** Data sets without a template, bounded in bytes and time; oldest evicted first. */
export class Parking {
  readonly #limits: ParkingLimits
  readonly #totals: ByteCounts
  readonly #proven: Pool
  readonly #unproven: Pool

  constructor(limits: ParkingLimits, totals: ByteCounts) {
    this.#limits = limits
    this.#totals = totals
    this.#unproven = new Pool(Math.floor(limits.bytes * unprovenShare))
    this.#proven = new Pool(limits.bytes - this.#unproven.most)
  }

  park(domain: Domain, set: Omit<ParkedSet, 'domain'>): boolean {
    const { exporter } = domain.session
    const cost = costOf(set)
    const pool = exporter.proven ? this.#proven : this.#unproven
    const { exporterBytes } = this.#limits
    if (
      cost > pool.most ||
      exporter.parkedCost + cost > exporterBytes ||
      domain.parkedCost + cost > exporterBytes * domainShare
    )
      return false
    const parked: ParkedSet = { ...set, bytes: new Uint8Array(set.bytes), domain }
    const others = domain.parked.get(set.id)
    if (others === undefined) domain.parked.set(set.id, [parked])
    else others.push(parked)
    pool.sets.add(parked)
    this.#account(pool, parked, 1)
    for (const oldest of pool.sets) {
      if (pool.cost <= pool.most) break
      this.#expire(oldest)
    }
    exporter.parkedSets++
    return true
  }

  take(domain: Domain, id: number): readonly ParkedSet[] {
    const sets = domain.parked.get(id) ?? []
    domain.parked.delete(id)
    for (const set of sets) this.#remove(set)
    return sets
  }

  sweep(now: number): void {
    for (const pool of [this.#unproven, this.#proven]) {
      for (const set of pool.sets) {
        if (now - set.received < this.#limits.time) break
        this.#expire(set)
      }
    }
  }

  drop(domain: Domain): void {
    for (const id of domain.parked.keys()) for (const set of this.take(domain, id)) this.#expireSet(set)
  }

  #expire(set: ParkedSet) {
    const { domain, id } = set
    const left = (domain.parked.get(id) ?? []).filter((candidate) => candidate !== set)
    if (left.length === 0) domain.parked.delete(id)
    else domain.parked.set(id, left)
    this.#remove(set)
    this.#expireSet(set)
  }

  #expireSet({
    domain: {
      session: { exporter },
    },
    bytes,
  }: ParkedSet) {
    exporter.bytes.skipped += bytes.length
    this.#totals.skipped += bytes.length
    exporter.expiredSets++
  }

  #remove(set: ParkedSet) {
    const pool = this.#proven.sets.delete(set) ? this.#proven : this.#unproven
    pool.sets.delete(set)
    this.#account(pool, set, -1)
  }

  #account(pool: Pool, set: ParkedSet, sign: 1 | -1) {
    const { domain } = set
    const { exporter } = domain.session
    const cost = sign * costOf(set)
    const bytes = sign * set.bytes.length
    pool.cost += cost
    domain.parkedCost += cost
    domain.parkedBytes += bytes
    exporter.parkedCost += cost
    exporter.bytes.parked += bytes
    this.#totals.parked += bytes
  }
}
