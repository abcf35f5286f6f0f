export type NativeColumn = Readonly<{
  name: string
  /** As ClickHouse spells it: `Nullable(UInt16)`. */
  type: string
  /** In order; not copied until the block is written. */
  data: readonly Uint8Array[]
}>

const utf8 = new TextEncoder()

export function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let left = value
  while (left > 0x7f) {
    bytes.push((left % 128) | 0x80)
    left = Math.floor(left / 128)
  }
  bytes.push(left)
  return Uint8Array.from(bytes)
}

export function encodeBlock(columns: readonly NativeColumn[], rows: number): Uint8Array {
  const parts: Uint8Array[] = [varint(columns.length), varint(rows)]
  for (const { name, type, data } of columns) {
    for (const text of [name, type]) {
      const bytes = utf8.encode(text)
      parts.push(varint(bytes.length), bytes)
    }
    if (rows > 0) parts.push(...data)
  }
  return Buffer.concat(parts)
}
