import { formatIp, parseIp } from '../model/ip.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { ResourceData } from '../model/kubernetes.ts'
import { Claims } from './claims.ts'
import { OwnRanges } from './own-ranges.ts'
import { claimedBy, handsOn, heldOf, ownerOf, type Claimed, type Held, type Owner } from './workload-facts.ts'

const mostHops = 3

/** What has an address now. */
interface Known {
  readonly held: Held
  /** By what tells claims of one object apart. */
  readonly claims: Map<string, { readonly claim: number; readonly words: Uint32Array; readonly network: string | undefined }>
}

interface Named {
  readonly held: Held
  readonly network: string | undefined
}

interface Node {
  readonly zone?: string
  readonly address?: string
}

/** One line of what an index is kept as: see {@link Workloads.records}. */
export type WorkloadRecord =
  | { readonly is: 'node'; readonly key: string; readonly node: Node }
  | { readonly is: 'owner'; readonly key: string; readonly owner: Owner | null; readonly gone?: number }
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
  #named: (Named | undefined)[] = [undefined]
  #known = new Map<string, Known>()
  #owners = new Map<string, { readonly owner: Owner | undefined; readonly gone: number | undefined }>()
  #nodes = new Map<string, Node>()
  #ranges = new OwnRanges()
  readonly #nodeRanges = new Set<string>()
  readonly #clusters = new Map<string, number>()
  /** Nodes and owners that somebody was to be named by before they were told of. */
  #missing = new Set<string>()
  #late = false
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
    const named = this.#named[number]
    return named === undefined ? undefined : (this.#endpoints[number] ??= this.#name(named))
  }

  #name({ held, network }: Named): Endpoint {
    const { cluster, kind, namespace, name, node } = held
    const owner = this.#ownerOf(held)
    const zone = node === undefined ? undefined : this.#node(cluster, node)?.zone
    return {
      kind, name, cluster, owner_kind: owner.kind, owner_name: owner.name,
      ...(namespace === undefined ? {} : { namespace }), ...(node === undefined ? {} : { node }),
      ...(zone === undefined ? {} : { zone }), ...(network === undefined ? {} : { network }),
    }
  }

  /** Address of the node that a number is on. */
  nodeAddress(number: number): string | undefined {
    const held = this.#named[number]?.held
    return held?.node === undefined ? undefined : this.#node(held.cluster, held.node)?.address
  }

  #node(cluster: string, name: string): Node | undefined {
    const key = `${cluster}/${name}`
    const node = this.#nodes.get(key)
    if (node === undefined) this.#missing.add(key)
    return node
  }

  #ownerOf({ cluster, kind, name, owner, template }: Held): { readonly kind: string; readonly name: string } {
    let found = owner ?? { kind, name, uid: '' }
    for (let hop = 0; hop < mostHops && handsOn.has(found.kind); hop++) {
      const key = `${cluster}/${found.uid}`
      const known = this.#owners.get(key)
      if (known === undefined) {
        this.#missing.add(key)
        // A Deployment names its ReplicaSets by itself and the hash.
        if (found.kind === 'ReplicaSet' && template !== undefined && found.name.endsWith(`-${template}`)) return { kind: 'Deployment', name: found.name.slice(0, -template.length - 1) }
      }
      if (known?.owner === undefined) break
      found = known.owner
    }
    return found
  }

  /** Takes the next state of an object. Call {@link settle} after some. */
  apply(data: ResourceData): void {
    const since = Date.parse(data.since)
    const key = `${data.cluster}/${data.uid}`
    const gone = data.state === 'gone'
    if (Number.isNaN(since)) return
    if (!this.#clusters.has(data.cluster)) this.#clusters.set(data.cluster, this.#clusters.size + 1)
    if (handsOn.has(data.kind)) this.#own(key, gone ? undefined : ownerOf(data), gone ? since : undefined)
    if (data.kind === 'Node' && data.group === '' && !gone) this.#place(data)
    const claimed = gone ? [] : claimedBy(data)
    const before = this.#known.get(key)
    if (before === undefined && claimed.length === 0) return
    this.#claim(key, before, gone || claimed.length === 0 ? undefined : heldOf(data), claimed, since)
  }

  #own(key: string, owner: Owner | undefined, gone: number | undefined): void {
    const before = this.#owners.get(key)
    this.#owners.set(key, { owner: gone === undefined ? owner : before?.owner, gone })
    if (this.#missing.delete(key)) this.#late = true
  }

  #place(data: ResourceData): void {
    const key = `${data.cluster}/${data.name}`
    const before = this.#nodes.get(key)
    const address = data.addresses?.find(({ as }) => as === 'node')?.ip
    const node: Node = { ...(data.zone === undefined ? {} : { zone: data.zone }), ...(address === undefined ? {} : { address }) }
    this.#nodes.set(key, node)
    for (const range of data.podRanges ?? []) this.#range(range)
    if (this.#missing.delete(key) || (before !== undefined && (before.zone !== node.zone || before.address !== node.address))) this.#late = true
  }

  #range(text: string): void {
    if (this.#nodeRanges.has(text)) return
    this.#nodeRanges.add(text)
    this.#ranges.addRange(text)
  }

  #claim(key: string, before: Known | undefined, held: Held | undefined, claimed: readonly Claimed[], since: number): void {
    const same = before !== undefined && held !== undefined && sameHeld(before.held, held)
    const now: Known | undefined = held === undefined ? undefined : { held: same ? before.held : held, claims: new Map() }
    const numbers = new Map<string | undefined, number>()
    for (const { words, rank, network, mac } of claimed) {
      const id = `${rank} ${words.join(' ')} ${network ?? ''} ${mac ?? ''}`
      if (now === undefined || now.claims.has(id)) continue
      const open = before?.claims.get(id)
      if (open !== undefined && same) {
        now.claims.set(id, open)
        continue
      }
      let number = numbers.get(network)
      if (number === undefined) numbers.set(network, (number = this.#named.push({ held: now.held, network }) - 1))
      // What became known of the object holds for as long as it has had the address.
      if (open !== undefined) this.#claims.hand(open.claim, number)
      const claim = open?.claim ?? this.#claims.add(words, number, this.clusterOf(now.held.cluster), rank, since, Infinity, mac)
      now.claims.set(id, { claim, words, network })
      this.#ranges.add(words)
      this.#tell(words)
    }
    for (const [id, { claim, words }] of before?.claims ?? []) {
      if (now?.claims.has(id) === true) continue
      this.#claims.end(claim, since)
      this.#ended++
      this.#tell(words)
    }
    if (now === undefined || now.claims.size === 0) this.#known.delete(key)
    else this.#known.set(key, now)
  }

  #tell(words: Uint32Array): void {
    for (const listener of this.#listeners) listener(words)
  }

  /** After some states: names that came late void what was answered before. */
  settle(): void {
    if (!this.#late) return
    this.#late = false
    this.#endpoints = []
    this.#generation++
  }

  /** Forgets what ended before this time (Unix ms) when there is much of it. Numbers are then others: `generation` rises. */
  forget(before: number, much: number): void {
    if (this.#ended < Math.max(much, this.#known.size / 2)) return
    const records = [...this.records(before)]
    this.#claims = new Claims()
    this.#named = [undefined]
    this.#endpoints = []
    this.#known = new Map()
    this.#owners = new Map()
    this.#nodes = new Map()
    this.#missing = new Set()
    this.#ended = 0
    for (const record of records) this.load(record)
    this.#generation++
  }

  /** Everything that is known, but for claims that ended before this time, to be given to `load` of an empty index, in order. */
  *records(before: number): Generator<WorkloadRecord> {
    for (const [key, node] of this.#nodes) yield { is: 'node', key, node }
    for (const [key, { owner, gone }] of this.#owners) if (gone === undefined || gone >= before) yield { is: 'owner', key, owner: owner ?? null, ...(gone === undefined ? {} : { gone }) }
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
      const named = this.#named[number] as Named
      const key = list.some(([, , , until]) => until === null) ? keys.get(named.held) : undefined
      yield { is: 'held', ...(key === undefined ? {} : { key }), held: named.held, ...(named.network === undefined ? {} : { network: named.network }), claims: list }
    }
  }

  load(record: WorkloadRecord): void {
    switch (record.is) {
      case 'node': return void this.#nodes.set(record.key, record.node)
      case 'owner': return void this.#owners.set(record.key, { owner: record.owner ?? undefined, gone: record.gone })
      case 'ranges': return record.ranges.forEach((range) => this.#range(range))
      case 'held': return this.#loadHeld(record)
    }
  }

  #loadHeld({ key, held, network, claims }: Extract<WorkloadRecord, { is: 'held' }>): void {
    if (!this.#clusters.has(held.cluster)) this.#clusters.set(held.cluster, this.#clusters.size + 1)
    // Claims of several networks are several records of one object.
    const known = key === undefined ? undefined : (this.#known.get(key) ?? { held, claims: new Map() })
    const number = this.#named.push({ held: known?.held ?? held, network }) - 1
    for (const [ip, rank, from, until, mac] of claims.toReversed()) {
      const words = parseIp(ip)
      if (words === undefined) continue
      const claim = this.#claims.add(words, number, this.clusterOf(held.cluster), rank, from, until ?? Infinity, mac ?? undefined)
      this.#ranges.add(words)
      if (until !== null) this.#ended++
      else known?.claims.set(`${rank} ${words.join(' ')} ${network ?? ''} ${mac ?? ''}`, { claim, words, network })
    }
    if (key !== undefined && known !== undefined) this.#known.set(key, known)
  }
}

function sameHeld(a: Held, b: Held): boolean {
  return a.name === b.name && a.kind === b.kind && a.namespace === b.namespace && a.node === b.node && a.cluster === b.cluster
    && a.template === b.template && a.owner?.uid === b.owner?.uid && a.owner?.kind === b.owner?.kind && a.owner?.name === b.owner?.name
}
