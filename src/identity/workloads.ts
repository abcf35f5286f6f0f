import type { RowHints } from '../engine/contracts.ts'
import { formatIp, parseIp } from '../model/ip.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { ResourceData } from '../model/kubernetes.ts'
import { Claims } from './claims.ts'
import { HolderColumns } from './held-columns.ts'
import { RelatedObjects } from './related-objects.ts'
import { KnownObjects } from './known-objects.ts'
import { OwnRanges } from './own-ranges.ts'
import { layerOf, primaryNetwork, usualNames, type NameSettings } from './name-settings.ts'
import {
  claimedBy,
  heldOf,
  intermediateOwners,
  labelText,
  ownerOf,
  sameHolder,
  type Claimed,
  type HolderFacts,
} from './workload-facts.ts'
import type { WorkloadRecord } from './workload-record.ts'

/** A holder is a number, valid in this process until `generation` increases; {@link endpoint} describes it. */
export class Workloads {
  #claims = new Claims()
  #held = new HolderColumns()
  #networks = new Map<number, string>()
  /** The map never shrinks, so that numbers stay valid. */
  readonly #networkNumbers = new Map<string, number>()
  /** Objects with current addresses. All claims of an object have its current holder number. */
  #known = new KnownObjects()
  #related = new RelatedObjects()
  #ranges = new OwnRanges()
  #nodeRanges = new Set<string>()
  #clusters = new Map<string, number>()
  #endpoints: (Endpoint | undefined)[] = []
  #ended = 0
  #generation = 0
  #loadedLabels: string[] = ['']
  readonly #listeners = new Set<(words: Uint32Array) => void>()
  readonly #settings: NameSettings

  constructor(settings: NameSettings = usualNames) {
    this.#settings = settings
  }

  get generation(): number {
    return this.#generation
  }

  /** Validity interval of the last result of `find` for any row; empty if rows differ. */
  get from(): number {
    return this.#claims.from
  }
  get until(): number {
    return this.#claims.until
  }

  get empty(): boolean {
    return this.#clusters.size === 0
  }

  get size(): Readonly<{ objects: number; claims: number }> {
    return { objects: this.#known.live, claims: this.#claims.count }
  }

  countOf(cluster: string): number {
    let count = 0
    for (const object of this.#known.all()) if (this.#held.clusterOf(this.#holderOf(object)) === cluster) count++
    return count
  }

  onChange(listener: (words: Uint32Array) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  clusterOf(name: string): number {
    return this.#clusters.get(name) ?? 0
  }

  networkOf(name: string): number {
    return this.#networkNumbers.get(name) ?? 0
  }

  /** Time in Unix ms; 0 if unknown. `cluster` 0 searches all. */
  find(words: Uint32Array, at: number, time: number, cluster: number, beside?: RowHints<number>): number {
    return this.#claims.find(words, at, time, cluster, beside)
  }

  inClusterRange(words: Uint32Array, at: number): boolean {
    return this.#ranges.has(words, at)
  }

  endpoint(number: number): Endpoint | undefined {
    const endpoint = this.#endpoints[number]
    if (endpoint !== undefined) return endpoint
    const holder = this.#held.at(number)
    return holder === undefined ? undefined : (this.#endpoints[number] = this.#name(holder, this.#networks.get(number)))
  }

  labels(number: number): string {
    return this.#held.labelsOf(number)
  }

  #name(held: HolderFacts, network: string | undefined): Endpoint {
    const { cluster, kind, namespace, name, node } = held
    const owner = this.#related.ownerOf(held)
    const nodeFacts = node === undefined ? undefined : this.#related.node(cluster, node)
    const zone = this.#settings.zones ? nodeFacts?.zone : undefined
    const layer = layerOf(held, this.#settings)
    return {
      kind,
      name,
      cluster,
      owner_kind: owner.kind,
      owner_name: owner.name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(node === undefined ? {} : { node }),
      ...(zone === undefined ? {} : { zone }),
      ...(nodeFacts?.address === undefined ? {} : { node_addr: nodeFacts.address }),
      ...(layer === undefined ? {} : { layer }),
      network: network ?? primaryNetwork,
    }
  }

  apply(data: ResourceData): void {
    const since = Date.parse(data.since)
    const key = `${data.cluster}/${data.uid}`
    const isGone = data.state === 'gone'
    if (Number.isNaN(since)) return
    if (!this.#clusters.has(data.cluster)) this.#clusters.set(data.cluster, this.#clusters.size + 1)
    if (intermediateOwners.has(data.kind)) this.#related.own(key, ownerOf(data), isGone ? since : undefined)
    if (data.kind === 'Node' && data.group === '' && !isGone) {
      this.#related.place(data)
      for (const range of data.podRanges ?? []) this.#range(range)
    }
    const claimed = isGone ? [] : claimedBy(data)
    const cluster = this.clusterOf(data.cluster)
    const existing = this.#known.find(cluster, data.uid)
    const before = existing < 0 ? [] : this.#known.claimsOf(existing)
    if (before.length === 0 && claimed.length === 0) return
    const object = existing < 0 ? this.#known.add(cluster, data.uid) : existing
    const now = this.#claim(before, claimed.length === 0 ? undefined : heldOf(data), claimed, since)
    this.#known.claim(object, now)
    const labels = now.length === 0 ? '' : labelText(data)
    for (const claim of now) this.#held.label(this.#claims.holderOf(claim), labels)
  }

  #range(text: string) {
    if (this.#nodeRanges.has(text)) return
    this.#nodeRanges.add(text)
    this.#ranges.addRange(text)
  }

  #claim(
    before: readonly number[],
    held: HolderFacts | undefined,
    claimed: readonly Claimed[],
    since: number,
  ): readonly number[] {
    const formerHolder = before[0] === undefined ? undefined : this.#held.at(this.#claims.holderOf(before[0]))
    const isSameHolder = formerHolder !== undefined && held !== undefined && sameHolder(formerHolder, held)
    const now: number[] = []
    const numbers = new Map<string | undefined, number>()
    for (const { words, rank, network, mac } of claimed) {
      if (held === undefined) break
      const isSameClaim = (claim: number) =>
        this.#claims.is(claim, words, rank, mac) && this.#networks.get(this.#claims.holderOf(claim)) === network
      if (now.some(isSameClaim)) continue
      const openClaim = before.find(isSameClaim)
      if (openClaim === undefined || !isSameHolder) {
        let number = numbers.get(network)
        if (number === undefined) numbers.set(network, (number = this.#number(held, network)))
        if (openClaim !== undefined) this.#claims.hand(openClaim, number)
        now.push(openClaim ?? this.#add({ words, rank, mac, network }, number, held.cluster, since, Infinity))
        this.#ranges.add(words)
        this.#notify(words)
      } else now.push(openClaim)
    }
    for (const claim of before) {
      if (now.includes(claim)) continue
      this.#claims.end(claim, since)
      this.#ended++
      this.#notify(this.#claims.wordsOf(claim))
    }
    return now
  }

  #holderOf(object: number) {
    return this.#claims.holderOf(this.#known.claimsOf(object)[0] ?? 0)
  }

  #number(held: HolderFacts, network: string | undefined) {
    const number = this.#held.add(held)
    if (network !== undefined) this.#networks.set(number, network)
    return number
  }

  #add({ words, rank, mac, network }: Claimed, holder: number, clusterName: string, from: number, until: number) {
    const numbers = this.#networkNumbers
    if (network !== undefined && !numbers.has(network)) numbers.set(network, numbers.size + 1)
    const number = network === undefined ? 0 : this.networkOf(network)
    const cluster = this.clusterOf(clusterName)
    return this.#claims.add(words, { holder, cluster, rank, from, until, mac, network: number })
  }

  #notify(words: Uint32Array) {
    for (const listener of this.#listeners) listener(words)
  }

  settle(): void {
    if (!this.#related.settle()) return
    this.#endpoints = []
    this.#generation++
  }

  /** Forgets claims that ended before this time (Unix ms), if there are at least `much`. `generation` increases. */
  forget(before: number, much: number): void {
    if (this.#ended < Math.max(much, this.#known.live / 2)) return
    const keptWorkloads = new Workloads()
    for (const [name, number] of this.#networkNumbers) keptWorkloads.#networkNumbers.set(name, number)
    ;[keptWorkloads.#clusters, keptWorkloads.#ranges, keptWorkloads.#nodeRanges] = [
      this.#clusters,
      this.#ranges,
      this.#nodeRanges,
    ]
    for (const record of this.records(before)) keptWorkloads.load(record)
    ;[this.#claims, this.#held, this.#networks, this.#known, this.#related, this.#ended] = [
      keptWorkloads.#claims,
      keptWorkloads.#held,
      keptWorkloads.#networks,
      keptWorkloads.#known,
      keptWorkloads.#related,
      keptWorkloads.#ended,
    ]
    this.#endpoints = []
    this.#generation++
  }

  *records(before: number): Generator<WorkloadRecord> {
    yield* this.#related.records(before)
    yield { is: 'ranges', ranges: [...this.#nodeRanges] }
    const [newest, older] = [new Int32Array(this.#held.count + 1), new Int32Array(this.#claims.count)]
    for (let claim = 0; claim < this.#claims.count; claim++) {
      const number = this.#claims.holderOf(claim)
      older[claim] = newest[number]!
      newest[number] = claim + 1
    }
    const objects = new Int32Array(this.#held.count + 1).fill(-1)
    for (const object of this.#known.all())
      for (const claim of this.#known.claimsOf(object)) objects[this.#claims.holderOf(claim)] = object
    const labelNumbers = new Map([['', 0]])
    for (let number = 1; number <= this.#held.count; number++) {
      const claims: [ip: string, rank: number, from: number, until: number | null, mac: number | null][] = []
      for (let claim = newest[number]! - 1; claim >= 0; claim = older[claim]! - 1) {
        const { words, rank, from, until, mac } = this.#claims.at(claim)
        if (until >= before) claims.push([formatIp(words), rank, from, until === Infinity ? null : until, mac ?? null])
      }
      const holder = this.#held.at(number)
      if (holder === undefined || claims.length === 0) continue
      const network = this.#networks.get(number)
      const text = this.#held.labelsOf(number)
      let labels = labelNumbers.get(text)
      if (labels === undefined) {
        labelNumbers.set(text, (labels = labelNumbers.size))
        yield { is: 'labels', text }
      }
      const object = objects[number]!
      const key = object < 0 ? undefined : `${holder.cluster}/${this.#known.uidOf(object)}`
      yield {
        is: 'held',
        ...(key === undefined ? {} : { key }),
        held: holder,
        ...(network === undefined ? {} : { network }),
        ...(labels === 0 ? {} : { labels }),
        claims,
      }
    }
  }

  load(record: WorkloadRecord): void {
    switch (record.is) {
      case 'node':
      case 'owner':
        return this.#related.load(record)
      case 'ranges':
        return record.ranges.forEach((range) => this.#range(range))
      case 'labels':
        this.#loadedLabels.push(record.text)
        return
      case 'held':
        return this.#loadHeld(record)
    }
  }

  #loadHeld({ key, held, network, labels = 0, claims }: Extract<WorkloadRecord, { is: 'held' }>) {
    if (!this.#clusters.has(held.cluster)) this.#clusters.set(held.cluster, this.#clusters.size + 1)
    const number = this.#number(held, network)
    this.#held.label(number, this.#loadedLabels[labels] ?? '')
    const now: number[] = []
    for (const [ip, rank, from, until, mac] of claims.toReversed()) {
      const words = parseIp(ip)
      if (words === undefined) continue
      const claimed = { words, rank, mac: mac ?? undefined, network }
      const claim = this.#add(claimed, number, held.cluster, from, until ?? Infinity)
      this.#ranges.add(words)
      if (until !== null) this.#ended++
      else now.push(claim)
    }
    if (key === undefined || now.length === 0) return
    const object = this.#known.add(this.clusterOf(held.cluster), key.slice(held.cluster.length + 1))
    this.#known.claim(object, [...this.#known.claimsOf(object), ...now])
  }
}
