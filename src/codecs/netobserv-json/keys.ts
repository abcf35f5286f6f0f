import { flowFields, type Field, type FlowFieldName } from '../../model/fields.ts'

/** NetObserv's key, else the field's name. `extra` has none. */
export function keyOf({ name, netobserv }: Field): string {
  return netobserv ?? name
}

const olderKeys: Readonly<Record<string, FlowFieldName>> = {
  TcpFlags: 'tcp_flags',
  SamplingRate: 'sampling',
  SamplerAddress: 'exporter_addr',
}

export const fieldOfKey: ReadonlyMap<string, Field> = new Map([
  ...flowFields.filter(({ name }) => name !== 'extra').map((field): [string, Field] => [keyOf(field), field]),
  ...Object.entries(olderKeys).flatMap(([key, name]) =>
    flowFields.filter((field) => field.name === name).map((field): [string, Field] => [key, field]),
  ),
])

/** From the lowest bit; the last three combine two flags. */

export const flagBits: readonly (readonly [name: string, bit: number])[] = [
  ['FIN', 1],
  ['SYN', 2],
  ['RST', 4],
  ['PSH', 8],
  ['ACK', 16],
  ['URG', 32],
  ['ECE', 64],
  ['CWR', 128],
  ['SYN_ACK', 256],
  ['FIN_ACK', 512],
  ['RST_ACK', 1024],
]

/** The agent counts versions from 0. */
export function quicVersionName(version: number): string {
  return version === 0 ? 'QUIC v1' : version === 1 ? 'QUIC v2' : `QUIC Unknown (${version})`
}

/** Undefined: it is no such name. */
export function quicVersionOf(name: string): number | undefined {
  if (name === 'QUIC v1') return 0
  if (name === 'QUIC v2') return 1
  const version = Number(/^QUIC Unknown \((\d{1,10})\)$/.exec(name)?.[1] ?? Number.NaN)
  return version <= 0xffff_ffff ? version : undefined
}
