import { count } from './format.ts'

type Sums = Readonly<{ packets?: number | string | null; flows?: number | string | null }>

/** Undefined: no flow reports packets. Each flow has a packet, so that a sum of 0 is not a count. */
export function packetCount({ packets, flows }: Sums): string | undefined {
  const known = Number(packets ?? 0) > 0 || Number(flows ?? 0) === 0
  return known ? count(packets ?? 0) : undefined
}

/** To put before another figure. */
export function packetsPart(sums: Sums): string {
  const packets = packetCount(sums)
  return packets === undefined ? '' : `${packets} packets · `
}
