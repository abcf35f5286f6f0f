export interface Flow {
  readonly src: string
  readonly dst: string
  readonly srcPort: number
  readonly dstPort: number
  readonly proto: number
  readonly packets: number
  readonly bytes: number
  readonly tcpFlags: number
  /** ms */
  readonly duration: number
}

export interface Exporter {
  /** `now`: Unix ms, end of the flows. */
  datagrams(flows: readonly Flow[], now: number): Buffer[]
}

export function address(text: string): number {
  return text.split('.').reduce((word, part) => word * 256 + Number(part), 0)
}
