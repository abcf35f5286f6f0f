import type { FlowEnrichment, Metrics } from '../engine/contracts.ts'
import type { FlowBuilder } from '../model/flow-builder.ts'
import { mappedPrefix } from '../model/ip.ts'
import { listeningSides, shownSide, tcpBits, type Reporter } from '../model/service-port.ts'
import { AnyServers, Ipv4Servers, remembered } from './server-tables.ts'

const { src, dst } = listeningSides
const defaultSlots = 1 << 16

type Options = Readonly<{
  metrics: Metrics
  next?: FlowEnrichment | undefined
  /** Entries of each table: IPv4 without a scope, and others. A power of two. */
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
  readonly #ipv4: Ipv4Servers
  readonly #slots: number
  /** Many sites need none. */
  #others: AnyServers | undefined
  #unit = 0
  #entries = 0
  #evicted = 0
  #decided = 0

  constructor({ metrics, next, slots = defaultSlots }: Options) {
    this.#metrics = metrics
    this.#next = next
    this.#slots = slots
    this.#ipv4 = new Ipv4Servers(slots)
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
    const [sources, targets] = [flows.column('src_addr'), flows.column('dst_addr')]
    if (!from.used || !to.used || !sources.used || !targets.used) return
    const [source, target] = [signed(sources.items), signed(targets.items)]
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
      const reporter = agent > 0 && protocol.items[row] === agent ? 'agent' : 'exporter'
      const where = scopes?.[scope.items[row]!] ?? 0
      const shown = shownSide(a, b, bits, reporter)
      if (shown === 0) {
        if (sides.items[row] !== 0) continue
        const isSource = this.#touch(source, 4 * row, (a << 8) | kind, where)
        if (isSource === this.#touch(target, 4 * row, (b << 8) | kind, where)) continue
        sides.items[row] = isSource ? src : dst
        sides.mark(row)
        this.#decided++
      } else if (shown === src) {
        this.#forget(target, 4 * row, (b << 8) | kind, where)
        if (answered(bits, reporter)) this.#remember(source, 4 * row, (a << 8) | kind, where)
      } else {
        this.#forget(source, 4 * row, (a << 8) | kind, where)
        if (answered(bits, reporter)) this.#remember(target, 4 * row, (b << 8) | kind, where)
      }
    }
  }

  #touch(words: Int32Array, at: number, socket: number, scope: number): boolean {
    return isPlain(words, at, scope)
      ? this.#ipv4.touch(words[at + 3]!, socket, this.#unit)
      : this.#other.touch(words, at, socket, scope, this.#unit)
  }

  #forget(words: Int32Array, at: number, socket: number, scope: number) {
    const was = isPlain(words, at, scope)
      ? this.#ipv4.forget(words[at + 3]!, socket)
      : this.#other.forget(words, at, socket, scope)
    if (was) this.#entries--
  }

  #remember(words: Int32Array, at: number, socket: number, scope: number) {
    const outcome = isPlain(words, at, scope)
      ? this.#ipv4.remember(words[at + 3]!, socket, this.#unit)
      : this.#other.remember(words, at, socket, scope, this.#unit)
    if (outcome === remembered.added) this.#entries++
    else if (outcome === remembered.replaced) this.#evicted++
  }

  get #other(): AnyServers {
    return (this.#others ??= new AnyServers(this.#slots))
  }
}

function isPlain(words: Int32Array, at: number, scope: number): boolean {
  return words[at + 2] === mappedPrefix && words[at + 1] === 0 && words[at] === 0 && scope === 0
}

/** The same words, faster to compare. */
function signed(words: Uint32Array): Int32Array {
  return new Int32Array(words.buffer, words.byteOffset, words.length)
}

/** A refused or unanswered SYN, as of a scan, shows no server. NetFlow does not report answers to the sender. */
function answered(flags: number, reporter: Reporter): boolean {
  if ((flags & tcpBits.syn) === 0) return true
  return (flags & tcpBits.rst) === 0 && (reporter === 'exporter' || (flags & (tcpBits.ack | tcpBits.synAck)) !== 0)
}

function hashText(text: string): number {
  let hash = 0
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0
  return hash
}
