import type { CapturedDatagram } from '../../codecs/pcap/udp.ts'

export type Protocol = 'netflow5' | 'netflow9' | 'ipfix' | 'sflow5' | 'unknown'

interface ProtocolCounts {
  datagrams: number
  bytes: number
}

export class Tally {
  readonly protocols = new Map<Protocol, ProtocolCounts>()
  readonly #exporters = new Set<string>()
  readonly ports = new Map<number, number>()
  datagrams = 0
  bytes = 0
  firstTime = Infinity
  lastTime = -Infinity

  get exporters(): number {
    return this.#exporters.size
  }

  add(datagram: CapturedDatagram & { readonly time: number }): void {
    const { payload, srcAddr, srcPort, dstPort, time } = datagram
    const protocol = protocolOf(payload)
    let counts = this.protocols.get(protocol)
    if (counts === undefined) this.protocols.set(protocol, (counts = { datagrams: 0, bytes: 0 }))
    counts.datagrams++
    counts.bytes += payload.length
    this.datagrams++
    this.bytes += payload.length
    this.#exporters.add(`${srcAddr} ${srcPort}`)
    this.ports.set(dstPort, (this.ports.get(dstPort) ?? 0) + 1)
    if (Number.isNaN(time)) return
    this.firstTime = Math.min(this.firstTime, time)
    this.lastTime = Math.max(this.lastTime, time)
  }
}

export function protocolOf(payload: Uint8Array): Protocol {
  const [a = -1, b = -1, c = -1, d = -1] = payload
  if (a !== 0) return 'unknown'
  if (b === 5) return 'netflow5'
  if (b === 9) return 'netflow9'
  if (b === 10) return 'ipfix'
  return b === 0 && c === 0 && d === 5 ? 'sflow5' : 'unknown'
}
