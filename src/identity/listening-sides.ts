import type { FlowEnrichment, Metrics } from '../engine/contracts.ts'
import type { FlowBuilder } from '../model/flow-builder.ts'
import { listeningSides, shownSide, tcpBits } from '../model/service-port.ts'

const { src, dst } = listeningSides
const ways = 8
const keyWords = 6
const defaultSlots = 1 << 16

type Options = Readonly<{
  metrics: Metrics
  next?: FlowEnrichment | undefined
  /** Entries; a power of two. */
  slots?: number
}>

/**
 * Remembers the servers of flows that show them by address, port, protocol and scope. Sets `listening_side` of flows
 * that do not, if exactly one end was a server. The value is stored with the flow, so that a replay does not depend on
 * this memory. It is empty after a start and of fixed size: the entry of a set that was unused for longest is replaced.
 */
export class ListeningSides implements FlowEnrichment {
  readonly #metrics: Metrics
  readonly #next: FlowEnrichment | undefined
  readonly #sets: number
  /** Address (4), port and protocol, hash of the scope. */
  readonly #keys: Int32Array
  /** Hashes of the keys, so that a search reads one line of the cache; 0: free. */
  readonly #tags: Int32Array
  /** Number of the last unit that used the entry. */
  readonly #used: Uint32Array
  #unit = 0
  #entries = 0
  #evicted = 0
  #decided = 0

  constructor({ metrics, next, slots = defaultSlots }: Options) {
    this.#metrics = metrics
    this.#next = next
    this.#sets = slots / ways
    this.#keys = new Int32Array(keyWords * slots)
    this.#tags = new Int32Array(slots)
    this.#used = new Uint32Array(slots)
  }

  fill(flows: FlowBuilder): void {
    this.#unit++
    this.#read(flows)
    this.#metrics.set('weir_listening_entries', this.#entries)
    if (this.#evicted > 0) this.#metrics.count('weir_listening_evicted_entries_total', this.#evicted)
    if (this.#decided > 0) this.#metrics.count('weir_listening_decided_flows_total', this.#decided)
    this.#evicted = this.#decided = 0
    this.#next?.fill(flows)
  }

  #read(flows: FlowBuilder) {
    const [from, to] = [flows.column('src_port'), flows.column('dst_port')]
    const [source, target] = [flows.column('src_addr'), flows.column('dst_addr')]
    if (!from.used || !to.used || !source.used || !target.used) return
    const [flags, proto, sides] = [flows.column('tcp_flags'), flows.column('proto'), flows.column('listening_side')]
    const [protocol, scope] = [flows.column('protocol'), flows.column('scope')]
    const { dictionary } = flows.batch()
    const agent = dictionary.indexOf('netobserv')
    const scopes = scope.used ? dictionary.map(hashText) : undefined
    for (let row = 0; row < flows.count; row++) {
      const a = from.items[row]!
      const b = to.items[row]!
      if (a === 0 || b === 0) continue
      const bits = flags.items[row]!
      const kind = proto.items[row]!
      const isAgent = agent > 0 && protocol.items[row] === agent
      const where = scopes?.[scope.items[row]!] ?? 0
      const shown = shownSide(a, b, bits, isAgent)
      if (shown === 0) {
        if (sides.items[row] !== 0) continue
        const isSource = this.#touch(source.items, 4 * row, (a << 8) | kind, where)
        if (isSource === this.#touch(target.items, 4 * row, (b << 8) | kind, where)) continue
        sides.items[row] = isSource ? src : dst
        sides.mark(row)
        this.#decided++
      } else if (shown === src) {
        this.#forget(target.items, 4 * row, (b << 8) | kind, where)
        if (answered(bits, isAgent)) this.#remember(source.items, 4 * row, (a << 8) | kind, where)
      } else {
        this.#forget(source.items, 4 * row, (a << 8) | kind, where)
        if (answered(bits, isAgent)) this.#remember(target.items, 4 * row, (b << 8) | kind, where)
      }
    }
  }

  #touch(words: Uint32Array, at: number, socket: number, scope: number): boolean {
    const slot = this.#find(words, at, socket, scope, tagOf(words, at, socket, scope))
    if (slot < 0) return false
    this.#used[slot] = this.#unit
    return true
  }

  #forget(words: Uint32Array, at: number, socket: number, scope: number) {
    const slot = this.#find(words, at, socket, scope, tagOf(words, at, socket, scope))
    if (slot < 0) return
    this.#tags[slot] = 0
    this.#entries--
  }

  #remember(words: Uint32Array, at: number, socket: number, scope: number) {
    const tag = tagOf(words, at, socket, scope)
    const known = this.#find(words, at, socket, scope, tag)
    const slot = known < 0 ? this.#place(this.#firstOf(tag)) : known
    this.#used[slot] = this.#unit
    if (known >= 0) return
    if (this.#tags[slot] === 0) this.#entries++
    else this.#evicted++
    const key = keyWords * slot
    for (let word = 0; word < 4; word++) this.#keys[key + word] = words[at + word]!
    this.#keys[key + 4] = socket
    this.#keys[key + 5] = scope
    this.#tags[slot] = tag
  }

  /** A free slot of the set, else the one that was unused for longest. */
  #place(first: number): number {
    let slot = first
    for (let way = first; way < first + ways; way++) {
      if (this.#tags[way] === 0) return way
      if (this.#used[way]! < this.#used[slot]!) slot = way
    }
    return slot
  }

  #find(words: Uint32Array, at: number, socket: number, scope: number, tag: number): number {
    const first = this.#firstOf(tag)
    for (let slot = first; slot < first + ways; slot++)
      if (this.#tags[slot] === tag && this.#isAt(keyWords * slot, words, at, socket, scope)) return slot
    return -1
  }

  #isAt(key: number, words: Uint32Array, at: number, socket: number, scope: number): boolean {
    const keys = this.#keys
    return (
      keys[key + 4] === socket &&
      keys[key + 3] === (words[at + 3]! | 0) &&
      keys[key + 2] === (words[at + 2]! | 0) &&
      keys[key + 1] === (words[at + 1]! | 0) &&
      keys[key] === (words[at]! | 0) &&
      keys[key + 5] === scope
    )
  }

  #firstOf(tag: number): number {
    return ways * ((tag >>> 1) & (this.#sets - 1))
  }
}

/** A hash that is not 0. */
function tagOf(words: Uint32Array, at: number, socket: number, scope: number): number {
  let hash = Math.imul(words[at + 3]! ^ Math.imul(socket, 0x27d4eb2f), 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 15) ^ words[at + 2]! ^ scope, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13) ^ words[at + 1]! ^ Math.imul(words[at]!, 31), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) | 1
}

/** A refused or unanswered SYN, as of a scan, shows no server. NetFlow does not report answers to the sender. */
function answered(flags: number, isAgent: boolean): boolean {
  if ((flags & tcpBits.syn) === 0) return true
  return (flags & tcpBits.rst) === 0 && (!isAgent || (flags & (tcpBits.ack | tcpBits.synAck)) !== 0)
}

function hashText(text: string): number {
  let hash = 0
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0
  return hash
}
