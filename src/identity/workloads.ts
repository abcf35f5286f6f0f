import { formatIp, parseIp } from '../model/ip.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { ResourceData } from '../model/kubernetes.ts'
import { Claims } from './claims.ts'
import { Kin, type KinRecord } from './kin.ts'
import { OwnRanges } from './own-ranges.ts'
import { claimedBy, handsOn, heldOf, ownerOf, type Claimed, type Held, type Owner } from './workload-facts.ts'

/** What has an address now. */
interface Known {
  readonly held: Held
  readonly claims: number[]
}

/** One line of what an index is kept as: see {@link Workloads.records}. */
export type WorkloadRecord =
  | KinRecord
  | { readonly is: 'ranges'; readonly ranges: readonly string[] }
  /** `key`: of the object, while these claims are open; `until` null is open. */
  | { readonly is: 'held'; readonly key?: string; readonly held: Held; readonly network?: string; readonly claims: readonly (readonly [ip: string, rank: number, from: number, until: number | null, mac: number | null])[] }

/**
 * Which workload had an address when, from what clusters were told of (`resource` events, in their order). Who had it is a
 * number that is good in this process until `generation` rises; {@link endpoint} names it.
 */
export class Workloads {
  #claims = new Claims()
  /** By the number of who holds; 0 is nobody. */
  #held: (Held | undefined)[] = [undefined]
  /** Further network, by the number of who holds: of few. */
  #networks = new Map<number, string>()
  /** What many objects share is there once. */
  #shared = new Map<string, Owner>()
  #texts = new Map<string, string>()
  #known = new Map<string, Known>()
  #kin = new Kin()
  #ranges = new OwnRanges()
  readonly #nodeRanges = new Set<string>()
  readonly #clusters = new Map<string, number>()
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
    return { objects: this.#known.size, claims: this.#claims.count }
  }

  /** Objects of a cluster that have addresses. */
  countOf(cluster: string): number {
    let count = 0
    for (const { held } of this.#known.values()) if (held.cluster === cluster) count++
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
    const held = this.#held[number]
    return held === undefined ? undefined : (this.#endpoints[number] ??= this.#name(held, this.#networks.get(number)))
  }

  #name(held: Held, network: string | undefined): Endpoint {
    const { cluster, kind, namespace, name, node } = held
    const owner = this.#kin.ownerOf(held)
    const zone = node === undefined ? undefined : this.#kin.node(cluster, node)?.zone
    return {
      kind, name, cluster, owner_kind: owner.kind, owner_name: owner.name,
      ...(namespace === undefined ? {} : { namespace }), ...(node === undefined ? {} : { node }),
      ...(zone === undefined ? {} : { zone }), ...(network === undefined ? {} : { network }),
    }
  }

  /** Address of the node that a number is on. */
  nodeAddress(number: number): string | undefined {
    const held = this.#held[number]
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
    const before = this.#known.get(key)
    if (before === undefined && claimed.length === 0) return
    this.#claim(key, before, gone || claimed.length === 0 ? undefined : this.#sharing(heldOf(data)), claimed, since)
  }

  #range(text: string): void {
    if (this.#nodeRanges.has(text)) return
    this.#nodeRanges.add(text)
    this.#ranges.addRange(text)
  }

  #claim(key: string, before: Known | undefined, held: Held | undefined, claimed: readonly Claimed[], since: number): void {
    const same = before !== undefined && held !== undefined && sameHeld(before.held, held)
    const now: Known | undefined = held === undefined ? undefined : { held: same ? before.held : held, claims: [] }
    const numbers = new Map<string | undefined, number>()
    for (const { words, rank, network, mac } of claimed) {
      if (now === undefined) break
      const is = (claim: number): boolean => this.#claims.is(claim, words, rank, mac) && this.#networks.get(this.#claims.holderOf(claim)) === network
      if (now.claims.some(is)) continue
      const open = before?.claims.find(is)
      if (open === undefined || !same) {
        let number = numbers.get(network)
        if (number === undefined) numbers.set(network, (number = this.#number(now.held, network)))
        // What became known of the object holds for as long as it has had the address.
        if (open !== undefined) this.#claims.hand(open, number)
        now.claims.push(open ?? this.#claims.add(words, number, this.clusterOf(now.held.cluster), rank, since, Infinity, mac))
        this.#ranges.add(words)
        this.#tell(words)
      } else now.claims.push(open)
    }
    for (const claim of before?.claims ?? []) {
      if (now?.claims.includes(claim) === true) continue
      this.#claims.end(claim, since)
      this.#ended++
      this.#tell(this.#claims.wordsOf(claim))
    }
    if (now === undefined || now.claims.length === 0) this.#known.delete(key)
    else this.#known.set(key, now)
  }

  #number(held: Held, network: string | undefined): number {
    const number = this.#held.push(held) - 1
    if (network !== undefined) this.#networks.set(number, network)
    return number
  }

  /** The same, with texts and owners that others have, too, in common with them: there are as many as pods. */
  #sharing(held: Held): Held {
    const { cluster, namespace, node, owner, template } = held
    return {
      ...held, cluster: this.#text(cluster),
      ...(namespace === undefined ? {} : { namespace: this.#text(namespace) }), ...(node === undefined || held.kind === 'Node' ? {} : { node: this.#text(node) }),
      ...(template === undefined ? {} : { template: this.#text(template) }), ...(owner === undefined ? {} : { owner: this.#owner(owner) }),
    }
  }

  #text(text: string): string {
    const known = this.#texts.get(text)
    if (known === undefined) this.#texts.set(text, text)
    return known ?? text
  }

  #owner(owner: Owner): Owner {
    const known = this.#shared.get(owner.uid)
    if (known !== undefined && known.kind === owner.kind && known.name === owner.name) return known
    this.#shared.set(owner.uid, owner)
    return owner
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
    if (this.#ended < Math.max(much, this.#known.size / 2)) return
    const records = [...this.records(before)]
    this.#claims = new Claims()
    this.#held = [undefined]
    this.#networks = new Map()
    this.#shared = new Map()
    this.#texts = new Map()
    this.#endpoints = []
    this.#known = new Map()
    this.#kin = new Kin()
    this.#ended = 0
    for (const record of records) this.load(record)
    this.#generation++
  }

  /** Everything that is known, but for claims that ended before this time, to be given to `load` of an empty index, in order. */
  *records(before: number): Generator<WorkloadRecord> {
    yield* this.#kin.records(before)
    yield { is: 'ranges', ranges: [...this.#nodeRanges] }
    const claims = new Map<number, [ip: string, rank: number, from: number, until: number | null, mac: number | null][]>()
    for (const { words, holder, rank, from, until, mac } of this.#claims.all()) {
      if (until < before) continue
      const list = claims.get(holder)
      const claim: [string, number, number, number | null, number | null] = [formatIp(words), rank, from, until === Infinity ? null : until, mac ?? null]
      if (list === undefined) claims.set(holder, [claim])
      else list.push(claim)
    }
    const keys = new Map<Held, string>()
    for (const [key, { held }] of this.#known) keys.set(held, key)
    for (const [number, list] of [...claims].toSorted(([a], [b]) => a - b)) {
      const held = this.#held[number] as Held
      const network = this.#networks.get(number)
      const key = list.some(([, , , until]) => until === null) ? keys.get(held) : undefined
      yield { is: 'held', ...(key === undefined ? {} : { key }), held, ...(network === undefined ? {} : { network }), claims: list }
    }
  }

  load(record: WorkloadRecord): void {
    switch (record.is) {
      case 'node':
      case 'owner': return this.#kin.load(record)
      case 'ranges': return record.ranges.forEach((range) => this.#range(range))
      case 'held': return this.#loadHeld(record)
    }
  }

  #loadHeld({ key, held, network, claims }: Extract<WorkloadRecord, { is: 'held' }>): void {
    if (!this.#clusters.has(held.cluster)) this.#clusters.set(held.cluster, this.#clusters.size + 1)
    // Claims of several networks are several records of one object.
    const shared = this.#sharing(held)
    const known = key === undefined ? undefined : (this.#known.get(key) ?? { held: shared, claims: [] })
    const number = this.#number(known?.held ?? shared, network)
    for (const [ip, rank, from, until, mac] of claims.toReversed()) {
      const words = parseIp(ip)
      if (words === undefined) continue
      const claim = this.#claims.add(words, number, this.clusterOf(held.cluster), rank, from, until ?? Infinity, mac ?? undefined)
      this.#ranges.add(words)
      if (until !== null) this.#ended++
      else known?.claims.push(claim)
    }
    if (key !== undefined && known !== undefined) this.#known.set(key, known)
  }
}

function sameHeld(a: Held, b: Held): boolean {
  return a.name === b.name && a.kind === b.kind && a.namespace === b.namespace && a.node === b.node && a.cluster === b.cluster
    && a.template === b.template && a.owner?.uid === b.owner?.uid && a.owner?.kind === b.owner?.kind && a.owner?.name === b.owner?.name
}
