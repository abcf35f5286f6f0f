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
