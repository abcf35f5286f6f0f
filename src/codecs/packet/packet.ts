export const part = {
  macs: 1,
  vlan: 1 << 1,
  innerVlan: 1 << 2,
  etype: 1 << 3,
  ip: 1 << 4,
  length: 1 << 5,
  proto: 1 << 6,
  ports: 1 << 7,
  tcpFlags: 1 << 8,
  icmp: 1 << 9,
  fragment: 1 << 10,
  ttl: 1 << 11,
  /** A packet within this one, a tunnel. */
  inner: 1 << 12,
  vni: 1 << 13,
} as const

export const etherType = { ipv4: 0x0800, ipv6: 0x86dd } as const
export const ipProtocol = {
  icmp: 1,
  ipv4: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  gre: 47,
  icmp6: 58,
  sctp: 132,
  ethernet: 143,
} as const

const maxLabels = 16

/** Headers of one packet. Reused: fields without their bit in {@link parts} are stale. */
export class Packet {
  parts = 0
  /** Source in words 0 and 1, destination in 2 and 3; low word first. */
  readonly macs = new Uint32Array(4)
  vlan = 0
  innerVlan = 0
  etype = 0
  labelCount = 0
  readonly labels = new Uint32Array(maxLabels)
  /** Source in words 0 to 3, destination in 4 to 7, v4-mapped. */
  readonly addresses = new Uint32Array(8)
  /** Bytes before the IP header, or before unreadable bytes. */
  linkBytes = 0
  /** Where the frame ends, which may be behind the copied bytes; Infinity if unknown. */
  frameEnd = Infinity
  length = 0
  proto = 0
  dscp = 0
  ttl = 0
  /** 0: none. */
  flowLabel = 0
  fragmentId = 0
  /** In units of 8 bytes. */
  fragmentOffset = 0
  srcPort = 0
  dstPort = 0
  /** Flags of the 14th byte. */
  tcpFlags = 0
  icmpType = 0
  icmpCode = 0
  /** Network of an overlay (VXLAN, GENEVE, NVGRE). */
  vni = 0
  innerKind: 'ethernet' | 'ip' | 'mpls' = 'ip'
  innerStart = 0
  innerEnd = 0
  #inner: Packet | undefined

  /** The packet within this one, if {@link parts} has it. Tunnels in it are not entered. */
  get inner(): Packet {
    return (this.#inner ??= new Packet())
  }

  clear(frameEnd = Infinity): void {
    this.frameEnd = frameEnd
    this.parts = 0
    this.labelCount = 0
    this.linkBytes = 0
    this.flowLabel = 0
  }

  has(parts: number): boolean {
    return (this.parts & parts) !== 0
  }

  addLabel(label: number): void {
    if (this.labelCount < maxLabels) this.labels[this.labelCount++] = label
  }
}

export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

export function u32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  )
}
