// Messages of the agent, written field by field: an encoder that shares no code with the decoder.

export type Field = readonly [number: number, value: number | bigint | string | Uint8Array | Fixed]

export interface Fixed {
  readonly fixed32: number
}

export function message(...fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.map(([number, value]) => field(number, value)))
}

/** `Records` with these entries. */
export function records(...entries: readonly Uint8Array[]): Buffer {
  return message(...entries.map((entry): Field => [1, entry]))
}

export const ipv4 = (text: string): Buffer =>
  message([1, { fixed32: Buffer.from(text.split('.').map(Number)).readUInt32BE() }])

export const ipv6 = (hex: string): Buffer => message([2, Buffer.from(hex, 'hex')])

/** A `Timestamp` or `Duration`. */
export const time = (ms: number): Buffer => message([1, Math.floor(ms / 1000)], [2, Math.round((ms % 1000) * 1e6)])

/** A flow with the fields that every agent sends, and `more`. */
export function flow(
  more: readonly Field[] = [],
  { etype = 2048, proto = 6, ports = [40_000, 443] as readonly [number, number] } = {},
): Buffer {
  return message(
    [1, etype],
    [3, time(1_700_000_000_500)],
    [4, time(1_700_000_009_000)],
    [5, message([1, 0x0200_0000_0001n], [2, 0x0200_0000_0002n])],
    [6, message([1, ipv4('10.0.0.1')], [2, ipv4('10.0.0.2')], [3, 46])],
    [7, message([1, ports[0]], [2, ports[1]], [3, proto])],
    [8, 1000],
    [9, 10],
    [12, ipv4('192.0.2.1')],
    ...more,
  )
}

function field(number: number, value: Field[1]): Buffer {
  if (typeof value === 'object' && 'fixed32' in value) {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value.fixed32)
    return Buffer.concat([varint(BigInt((number << 3) | 5)), bytes])
  }
  if (typeof value === 'number' || typeof value === 'bigint')
    return Buffer.concat([varint(BigInt(number << 3)), varint(BigInt.asUintN(64, BigInt(value)))])
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([varint(BigInt((number << 3) | 2)), varint(BigInt(bytes.length)), bytes])
}

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  for (; value > 0x7fn; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(value)])
}
