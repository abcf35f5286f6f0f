import { BinaryReader } from '@bufbuild/protobuf/wire'

export function describeLog(
  record: Uint8Array,
): Readonly<{ headers: Readonly<Record<string, string>>; body: Uint8Array }> {
  const headers: Record<string, string> = {}
  let body: Uint8Array = new Uint8Array(0)
  for (const [field, bytes] of fieldsOf(record)) {
    if (field === 5) body = fieldsOf(bytes)[0]?.[1] ?? body
    if (field !== 6) continue
    const [[, key] = [], [, any] = []] = fieldsOf(bytes)
    if (key !== undefined && any !== undefined) headers[Buffer.from(key).toString()] = valueText(any)
  }
  return { headers, body }
}

function fieldsOf(bytes: Uint8Array): [field: number, value: Uint8Array][] {
  const fields: [number, Uint8Array][] = []
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag()
    if (type === 2) fields.push([field, reader.bytes()])
    else reader.skip(type, field)
  }
  return fields
}

function valueText(any: Uint8Array): string {
  const reader = new BinaryReader(any)
  if (reader.len === 0) return ''
  const [field] = reader.tag()
  switch (field) {
    case 1:
      return reader.string()
    case 2:
      return String(reader.bool())
    case 3:
      return String(reader.int64())
    case 4:
      return String(reader.double())
    default:
      return fieldsOf(reader.bytes())
        .map(([, item]) => valueText(item))
        .join(', ')
  }
}
