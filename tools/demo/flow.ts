/** A flow as its exporter saw it. */
export interface Flow {
  readonly src: string
  readonly dst: string
  readonly srcPort: number
  readonly dstPort: number
  /** 6 TCP, 17 UDP, 1 ICMP. */
  readonly proto: number
  readonly packets: number
  readonly bytes: number
  /** All flags seen, or-ed. */
  readonly tcpFlags: number
  /** Milliseconds between the first packet and the last. */
  readonly duration: number
}

/** What turns flows into the datagrams of a protocol. */
export interface Exporter {
  /** Datagrams that report flows which ended at `now` (Unix ms). */
  datagrams(flows: readonly Flow[], now: number): Buffer[]
}

/** An IPv4 address as a number. */
export function address(text: string): number {
  return text.split('.').reduce((word, part) => word * 256 + Number(part), 0)
}
