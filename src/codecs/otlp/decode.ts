/** Messages of OTLP in protobuf, as the objects of OTLP's JSON. 64-bit integers are text. Throws if malformed. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import type { Fields } from '../../model/json.ts'

const scalars = {
  text: [WireType.LengthDelimited, (reader: BinaryReader) => utf8(reader)],
  hex: [WireType.LengthDelimited, (reader: BinaryReader) => Buffer.from(reader.bytes()).toString('hex')],
  base64: [WireType.LengthDelimited, (reader: BinaryReader) => Buffer.from(reader.bytes()).toString('base64')],
  bool: [WireType.Varint, (reader: BinaryReader) => reader.bool()],
  int32: [WireType.Varint, (reader: BinaryReader) => reader.int32()],
  sint32: [WireType.Varint, (reader: BinaryReader) => reader.sint32()],
  int64: [WireType.Varint, (reader: BinaryReader) => String(reader.int64())],
  uint64: [WireType.Varint, (reader: BinaryReader) => String(reader.uint64())],
  fixed64: [WireType.Bit64, (reader: BinaryReader) => String(reader.fixed64())],
  sfixed64: [WireType.Bit64, (reader: BinaryReader) => String(reader.sfixed64())],
  double: [WireType.Bit64, (reader: BinaryReader) => reader.double()],
} as const

type Field = readonly [name: string, type: keyof typeof scalars | (() => Message), count?: 'list']
type Message = Readonly<Record<number, Field>>

const anyValue: Message = {
  1: ['stringValue', 'text'],
  2: ['boolValue', 'bool'],
  3: ['intValue', 'int64'],
  4: ['doubleValue', 'double'],
  5: ['arrayValue', () => ({ 1: ['values', () => anyValue, 'list'] })],
  6: ['kvlistValue', () => ({ 1: ['values', () => keyValue, 'list'] })],
  7: ['bytesValue', 'base64'],
}
const keyValue: Message = { 1: ['key', 'text'], 2: ['value', () => anyValue] }
const attributes: Field = ['attributes', () => keyValue, 'list']
const resource: Message = { 1: attributes }
const scope: Message = { 1: ['name', 'text'], 2: ['version', 'text'], 3: attributes }

const logRecord: Message = {
  1: ['timeUnixNano', 'fixed64'],
  2: ['severityNumber', 'int32'],
  3: ['severityText', 'text'],
  5: ['body', () => anyValue],
  6: attributes,
  9: ['traceId', 'hex'],
  10: ['spanId', 'hex'],
  11: ['observedTimeUnixNano', 'fixed64'],
  12: ['eventName', 'text'],
}
const exemplars: Field = ['exemplars', () => ({}), 'list']
const ofAnyPoint: Message = { 2: ['startTimeUnixNano', 'fixed64'], 3: ['timeUnixNano', 'fixed64'] }
const numberPoint: Message = {
  ...ofAnyPoint,
  4: ['asDouble', 'double'],
  5: exemplars,
  6: ['asInt', 'sfixed64'],
  7: attributes,
  8: ['flags', 'int32'],
}
const histogramPoint: Message = {
  ...ofAnyPoint,
  4: ['count', 'fixed64'],
  5: ['sum', 'double'],
  6: ['bucketCounts', 'fixed64', 'list'],
  7: ['explicitBounds', 'double', 'list'],
  8: exemplars,
  9: attributes,
  10: ['flags', 'int32'],
  11: ['min', 'double'],
  12: ['max', 'double'],
}
const buckets: Message = { 1: ['offset', 'sint32'], 2: ['bucketCounts', 'uint64', 'list'] }
const exponentialPoint: Message = {
  ...ofAnyPoint,
  1: attributes,
  4: ['count', 'fixed64'],
  5: ['sum', 'double'],
  6: ['scale', 'sint32'],
  7: ['zeroCount', 'fixed64'],
  8: ['positive', () => buckets],
  9: ['negative', () => buckets],
  10: ['flags', 'int32'],
  11: exemplars,
  12: ['min', 'double'],
  13: ['max', 'double'],
  14: ['zeroThreshold', 'double'],
}
const summaryPoint: Message = {
  ...ofAnyPoint,
  4: ['count', 'fixed64'],
  5: ['sum', 'double'],
  6: ['quantileValues', () => ({ 1: ['quantile', 'double'], 2: ['value', 'double'] }), 'list'],
  7: attributes,
  8: ['flags', 'int32'],
}
const messages = {
  resource,
  scope,
  logRecord,
  gauge: numberPoint,
  sum: numberPoint,
  histogram: histogramPoint,
  exponentialHistogram: exponentialPoint,
  summary: summaryPoint,
} as const

/** A message has at most so many values, because each is an object until its row is written. */
export const maxValues = 20_000

export function decodeMessage(name: keyof typeof messages, bytes: Uint8Array): Fields {
  return read(new BinaryReader(bytes), messages[name], { depth: 0, values: maxValues })
}

type Left = { depth: number; values: number }

/** As other readers of protobuf. */
const maxDepth = 100

function utf8(reader: BinaryReader): string {
  try {
    return reader.string(true)
  } catch {
    throw new Error('a text is no valid UTF-8')
  }
}

function read(reader: BinaryReader, message: Message, left: Left): Fields {
  if (left.depth > maxDepth) throw new Error('values are nested too deeply')
  const into: Record<string, unknown> = {}
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    const field = message[number]
    if (field === undefined) {
      reader.skip(wire, number)
      continue
    }
    const [name, type, count] = field
    if (count === undefined) into[name] = value(reader, wire, type, left)
    else addValues((into[name] ??= []) as unknown[], reader, wire, type, left)
  }
  return into
}

function value(reader: BinaryReader, wire: WireType, type: Field[1], left: Left): unknown {
  if (left.values-- <= 0) throw new Error(`it has more than ${maxValues} values`)
  const expected = typeof type === 'function' ? WireType.LengthDelimited : scalars[type][0]
  if (wire !== expected) throw new Error('a field has the wrong type')
  if (typeof type !== 'function') return scalars[type][1](reader)
  left.depth++
  const inner = read(new BinaryReader(reader.bytes()), type(), left)
  left.depth--
  return inner
}

/** Numbers of a list may be packed. */
function addValues(into: unknown[], reader: BinaryReader, wire: WireType, type: Field[1], left: Left) {
  if (typeof type === 'function' || wire === scalars[type][0]) return void into.push(value(reader, wire, type, left))
  if (wire !== WireType.LengthDelimited) throw new Error('a list has the wrong type')
  const packed = new BinaryReader(reader.bytes())
  while (packed.pos < packed.len) into.push(value(packed, scalars[type][0], type, left))
}
