export type Flow = Readonly<{
  src: string
  dst: string
  srcPort: number
  dstPort: number
  proto: number
  packets: number
  bytes: number
  tcpFlags: number
  duration: number
}>

export interface Exporter {
  /** `now`: Unix ms, end of the flows. */
  datagrams(flows: readonly Flow[], now: number): Buffer[]
}

export function address(text: string): number {
  return text.split('.').reduce((word, part) => word * 256 + Number(part), 0)
}
