import type { ProtoWriter } from '../proto-writer/index.ts'

type AttributeValue = string | number | boolean

export function writeAttribute(writer: ProtoWriter, field: number, key: string, value: AttributeValue): void {
  const start = writer.begin(field)
  writer.text(1, key)
  const any = writer.begin(2)
  if (typeof value === 'string') writer.text(1, value)
  else if (typeof value === 'boolean') writer.uint(2, Number(value))
  else if (Number.isSafeInteger(value)) writer.int(3, value)
  else writer.double(4, value)
  writer.end(any)
  writer.end(start)
}

export function writeListAttribute(
  writer: ProtoWriter,
  field: number,
  key: string,
  values: readonly (string | number)[],
): void {
  const start = writer.begin(field)
  writer.text(1, key)
  const any = writer.begin(2)
  const list = writer.begin(5)
  for (const value of values) {
    const item = writer.begin(1)
    if (typeof value === 'string') writer.text(1, value)
    else writer.int(3, value)
    writer.end(item)
  }
  writer.end(list)
  writer.end(any)
  writer.end(start)
}

export function writeTime(writer: ProtoWriter, field: number, ms: number): void {
  if (!(ms >= 0 && ms < 1.8e13)) return
  // Products of 32 and 20 bits are exact in a double.
  const low = ms % 0x1_0000_0000
  const nanos = Math.floor(low) * 1_000_000 + Math.round((low % 1) * 1e6)
  const high = Math.floor(ms / 0x1_0000_0000) * 1_000_000 + Math.floor(nanos / 0x1_0000_0000)
  writer.fixed64(field, nanos % 0x1_0000_0000, high)
}

export type OtlpResource = Readonly<{
  attributes: Readonly<Record<string, string>>
  scope: Readonly<{ name: string; version: string }>
}>

export function writeExport(
  writer: ProtoWriter,
  { attributes, scope }: OtlpResource,
  write: (writer: ProtoWriter) => void,
): void {
  const all = writer.begin(1)
  const resource = writer.begin(1)
  for (const [key, value] of Object.entries(attributes)) writeAttribute(writer, 1, key, value)
  writer.end(resource)
  const scoped = writer.begin(2)
  const named = writer.begin(1)
  writer.text(1, scope.name)
  writer.text(2, scope.version)
  writer.end(named)
  write(writer)
  writer.end(scoped)
  writer.end(all)
}
