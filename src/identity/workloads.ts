import { formatIp, parseIp } from '../model/ip.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { ResourceData } from '../model/kubernetes.ts'
import { Claims } from './claims.ts'
import { HeldColumns } from './held-columns.ts'
import { Kin, type KinRecord } from './kin.ts'
import { KnownObjects } from './known-objects.ts'
import { OwnRanges } from './own-ranges.ts'
import { claimedBy, handsOn, heldOf, ownerOf, type Claimed, type Held } from './workload-facts.ts'

/** One line of what an index is kept as: see {@link Workloads.records}. */
export type WorkloadRecord =
  | KinRecord
  | { readonly is: 'ranges'; readonly ranges: readonly string[] }
  /** `key`: of the object, while these claims are open; `until` null is open. */
  | {
      readonly is: 'held'
      readonly key?: string
      readonly held: Held
      readonly network?: string
      readonly claims: readonly (readonly [
        ip: string,
        rank: number,
        from: number,
        until: number | null,
        mac: number | null,
      ])[]
    }

/**
 * Which workload had an address when, from what clusters were told of (`resource` events, in their order). Who had it is a
 * number that is good in this process until `generation` rises; {@link endpoint} names it.
 */
export class Workloads {
  #claims = new Claims()
  /** By the number of who holds; 0 is nobody. */
  #held = new HeldColumns()
  /** Further network, by the number of who holds: of few. */
  #networks = new Map<number, string>()
  /** What has an address now. All claims of an object are of numbers by which it is held as it is now. */
  #known = new KnownObjects()
  #kin = new Kin()
  #ranges = new OwnRanges()
  #nodeRanges = new Set<string>()
  #clusters = new Map<string, number>()
  /** What was answered before, by number. */
  #endpoints: (Endpoint | undefined)[] = []
  #ended = 0
  #generation = 0
  readonly #listeners = new Set<(words: Uint32Array) => void>()

  /** Rises when numbers or names given before may be others now; see {@link settle}. */
  get generation(): number {
    return this.#generation
  }

  /** For which times the last answer of `find` is the same, whatever the row; an empty span where rows differ. */
  get from(): number {
    return this.#claims.from
  }
  get until(): number {
    return this.#claims.until
  }

  /** Nothing was ever told: every answer is 0. */
  get empty(): boolean {
    return this.#clusters.size === 0
  }

  /** Objects that have addresses, and claims in all. */
  get size(): { readonly objects: number; readonly claims: number } {
    return { objects: this.#known.live, claims: this.#claims.count }
  }

  /** Objects of a cluster that have addresses. */
  countOf(cluster: string): number {
    let count = 0
    for (const object of this.#known.all()) if (this.#held.clusterOf(this.#holderOf(object)) === cluster) count++
    return count
  }

  /** Tells of an address whose answers changed; the words are good until it returns. */
  onChange(listener: (words: Uint32Array) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Number of a cluster by its name; 0 when there is none, as for the default scope. */
  clusterOf(name: string): number {
    return this.#clusters.get(name) ?? 0
  }

  /** Who had the address at that time (Unix ms); 0 when nobody is known. `cluster` 0 asks all; `mac` of the row or NaN. */
  find(words: Uint32Array, at: number, time: number, cluster: number, mac: number): number {
    return this.#claims.find(words, at, time, cluster, mac)
  }

  /** Is the address one that a cluster gives to pods, nodes or services? */
  within(words: Uint32Array, at: number): boolean {
    return this.#ranges.has(words, at)
  }

  /** What a number stands for, by what is known now of its node and its owners. */
  endpoint(number: number): Endpoint | undefined {
    const known = this.#endpoints[number]
    if (known !== undefined) return known
    const held = this.#held.at(number)
    return held === undefined ? undefined : (this.#endpoints[number] = this.#name(held, this.#networks.get(number)))
  }

  #name(held: Held, network: string | undefined): Endpoint {
    const { cluster, kind, namespace, name, node } = held
    const owner = this.#kin.ownerOf(held)
    const zone = node === undefined ? undefined : this.#kin.node(cluster, node)?.zone
    return {
      kind,
      name,
      cluster,
      owner_kind: owner.kind,
      owner_name: owner.name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(node === undefined ? {} : { node }),
      ...(zone === undefined ? {} : { zone }),
      ...(network === undefined ? {} : { network }),
    }
  }

  /** Address of the node that a number is on. */
  nodeAddress(number: number): string | undefined {
    const held = this.#held.at(number)
    return held?.node === undefined ? undefined : this.#kin.node(held.cluster, held.node)?.address
  }

  /** Takes the next state of an object. Call {@link settle} after some. */
  apply(data: ResourceData): void {
    const since = Date.parse(data.since)
    const key = `${data.cluster}/${data.uid}`
    const gone = data.state === 'gone'
    if (Number.isNaN(since)) return
    if (!this.#clusters.has(data.cluster)) this.#clusters.set(data.cluster, this.#clusters.size + 1)
    if (handsOn.has(data.kind)) this.#kin.own(key, ownerOf(data), gone ? since : undefined)
    if (data.kind === 'Node' && data.group === '' && !gone) {
      this.#kin.place(data)
      for (const range of data.podRanges ?? []) this.#range(range)
    }
    const claimed = gone ? [] : claimedBy(data)
    const cluster = this.clusterOf(data.cluster)
    const known = this.#known.find(cluster, data.uid)
    const before = known < 0 ? [] : this.#known.claimsOf(known)
    if (before.length === 0 && claimed.length === 0) return
    const object = known < 0 ? this.#known.add(cluster, data.uid) : known
    this.#known.claim(object, this.#claim(before, claimed.length === 0 ? undefined : heldOf(data), claimed, since))
  }

  #range(text: string): void {
    if (this.#nodeRanges.has(text)) return
    this.#nodeRanges.add(text)
    this.#ranges.addRange(text)
  }

  /** Claims that an object has now, where it had those before. `held` undefined: it has none. */
  #claim(
    before: readonly number[],
    held: Held | undefined,
    claimed: readonly Claimed[],
    since: number,
  ): readonly number[] {
    const was = before[0] === undefined ? undefined : this.#held.at(this.#claims.holderOf(before[0]))
    const same = was !== undefined && held !== undefined && sameHeld(was, held)
    const now: number[] = []
    const numbers = new Map<string | undefined, number>()
    for (const { words, rank, network, mac } of claimed) {
      if (held === undefined) break
      const is = (claim: number): boolean =>
        this.#claims.is(claim, words, rank, mac) && this.#networks.get(this.#claims.holderOf(claim)) === network
      if (now.some(is)) continue
      const open = before.find(is)
      if (open === undefined || !same) {
        let number = numbers.get(network)
        if (number === undefined) numbers.set(network, (number = this.#number(held, network)))
        // What became known of the object holds for as long as it has had the address.
        if (open !== undefined) this.#claims.hand(open, number)
        now.push(open ?? this.#claims.add(words, number, this.clusterOf(held.cluster), rank, since, Infinity, mac))
        this.#ranges.add(words)
        this.#tell(words)
      } else now.push(open)
    }
    for (const claim of before) {
      if (now.includes(claim)) continue
      this.#claims.end(claim, since)
      this.#ended++
      this.#tell(this.#claims.wordsOf(claim))
    }
    return now
  }

  /** Number by which an object is held that has claims. */
  #holderOf(object: number): number {
    return this.#claims.holderOf(this.#known.claimsOf(object)[0] ?? 0)
  }

  #number(held: Held, network: string | undefined): number {
    const number = this.#held.add(held)
    if (network !== undefined) this.#networks.set(number, network)
    return number
  }

  #tell(words: Uint32Array): void {
    for (const listener of this.#listeners) listener(words)
  }

  /** After some states: names that came late void what was answered before. */
  settle(): void {
    if (!this.#kin.settle()) return
    this.#endpoints = []
    this.#generation++
  }

  /** Forgets what ended before this time (Unix ms) when there is much of it. Numbers are then others: `generation` rises. */
  forget(before: number, much: number): void {
    if (this.#ended < Math.max(much, this.#known.live / 2)) return
    const kept = new Workloads()
    ;[kept.#clusters, kept.#ranges, kept.#nodeRanges] = [this.#clusters, this.#ranges, this.#nodeRanges]
    for (const record of this.records(before)) kept.load(record)
    ;[this.#claims, this.#held, this.#networks, this.#known, this.#kin, this.#ended] = [
      kept.#claims,
      kept.#held,
      kept.#networks,
      kept.#known,
      kept.#kin,
      kept.#ended,
    ]
    this.#endpoints = []
    this.#generation++
  }

  /** Everything that is known, but for claims that ended before this time, to be given to `load` of an empty index, in order. */
  *records(before: number): Generator<WorkloadRecord> {
    yield* this.#kin.records(before)
    yield { is: 'ranges', ranges: [...this.#nodeRanges] }
    // Of each number its newest claim + 1, of each claim the one before it.
    const [newest, older] = [new Int32Array(this.#held.count + 1), new Int32Array(this.#claims.count)]
    for (let claim = 0; claim < this.#claims.count; claim++) {
      const number = this.#claims.holderOf(claim)
      older[claim] = newest[number] as number
      newest[number] = claim + 1
    }
    const objects = new Int32Array(this.#held.count + 1).fill(-1)
    for (const object of this.#known.all())
      for (const claim of this.#known.claimsOf(object)) objects[this.#claims.holderOf(claim)] = object
    for (let number = 1; number <= this.#held.count; number++) {
      const claims: [ip: string, rank: number, from: number, until: number | null, mac: number | null][] = []
      for (let claim = (newest[number] as number) - 1; claim >= 0; claim = (older[claim] as number) - 1) {
        const { words, rank, from, until, mac } = this.#claims.at(claim)
        if (until >= before) claims.push([formatIp(words), rank, from, until === Infinity ? null : until, mac ?? null])
      }
      const held = this.#held.at(number)
      if (held === undefined || claims.length === 0) continue
      const network = this.#networks.get(number)
      const object = objects[number] as number
      const key = object < 0 ? undefined : `${held.cluster}/${this.#known.uidOf(object)}`
      yield {
        is: 'held',
        ...(key === undefined ? {} : { key }),
        held,
        ...(network === undefined ? {} : { network }),
        claims,
      }
    }
  }

  load(record: WorkloadRecord): void {
    switch (record.is) {
      case 'node':
      case 'owner':
        return this.#kin.load(record)
      case 'ranges':
        return record.ranges.forEach((range) => this.#range(range))
      case 'held':
        return this.#loadHeld(record)
    }
  }

  #loadHeld({ key, held, network, claims }: Extract<WorkloadRecord, { is: 'held' }>): void {
    if (!this.#clusters.has(held.cluster)) this.#clusters.set(held.cluster, this.#clusters.size + 1)
    const number = this.#number(held, network)
    const now: number[] = []
    for (const [ip, rank, from, until, mac] of claims.toReversed()) {
      const words = parseIp(ip)
      if (words === undefined) continue
      const claim = this.#claims.add(
        words,
        number,
        this.clusterOf(held.cluster),
        rank,
        from,
        until ?? Infinity,
        mac ?? undefined,
      )
      this.#ranges.add(words)
      if (until !== null) this.#ended++
      else now.push(claim)
    }
    if (key === undefined || now.length === 0) return
    // Claims of several networks are several records of one object.
    const object = this.#known.add(this.clusterOf(held.cluster), key.slice(held.cluster.length + 1))
    this.#known.claim(object, [...this.#known.claimsOf(object), ...now])
  }
}

function sameHeld(a: Held, b: Held): boolean {
  return (
    a.name === b.name &&
    a.kind === b.kind &&
    a.namespace === b.namespace &&
    a.node === b.node &&
    a.cluster === b.cluster &&
    a.template === b.template &&
    a.owner?.uid === b.owner?.uid &&
    a.owner?.kind === b.owner?.kind &&
    a.owner?.name === b.owner?.name
  )
}
