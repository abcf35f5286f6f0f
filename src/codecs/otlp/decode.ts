/** Requests of OTLP in protobuf, as the objects of OTLP's JSON. 64-bit integers are text. Throws if malformed. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import type { Fields } from '../../model/json.ts'

const scalars = {
  text: [WireType.LengthDelimited, (reader: BinaryReader) => reader.string()],
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
const pointsOf = (point: Message): (() => Message) => {
  const message: Message = {
    1: ['dataPoints', () => point, 'list'],
    2: ['aggregationTemporality', 'int32'],
    3: ['isMonotonic', 'bool'],
  }
  return () => message
}
const metric: Message = {
  1: ['name', 'text'],
  3: ['unit', 'text'],
  5: ['gauge', pointsOf(numberPoint)],
  7: ['sum', pointsOf(numberPoint)],
  9: ['histogram', pointsOf(histogramPoint)],
  10: ['exponentialHistogram', pointsOf(exponentialPoint)],
  11: ['summary', pointsOf(summaryPoint)],
}
const requestOf = (group: string, scopes: string, rows: string, row: Message): Message => {
  const ofScope: Message = { 1: ['scope', () => scope], 2: [rows, () => row, 'list'] }
  const ofResource: Message = { 1: ['resource', () => resource], 2: [scopes, () => ofScope, 'list'] }
  return { 1: [group, () => ofResource, 'list'] }
}
const requests = {
  logs: requestOf('resourceLogs', 'scopeLogs', 'logRecords', logRecord),
  metrics: requestOf('resourceMetrics', 'scopeMetrics', 'metrics', metric),
} as const

export type OtlpSignal = keyof typeof requests

export function decodeOtlp(signal: OtlpSignal, body: Uint8Array): Fields {
  return read(new BinaryReader(body), requests[signal], 0)
}

/** As other readers of protobuf. */
const maxDepth = 100

function read(reader: BinaryReader, message: Message, depth: number): Fields {
  if (depth > maxDepth) throw new Error('values are nested too deeply')
  const into: Record<string, unknown> = {}
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    const field = message[number]
    if (field === undefined) {
      reader.skip(wire, number)
      continue
    }
    const [name, type, count] = field
    if (count === undefined) into[name] = value(reader, wire, type, depth)
    else {
      const list = (into[name] ??= []) as unknown[]
      for (const one of values(reader, wire, type, depth)) list.push(one)
    }
  }
  return into
}

function value(reader: BinaryReader, wire: WireType, type: Field[1], depth: number): unknown {
  const expected = typeof type === 'function' ? WireType.LengthDelimited : scalars[type][0]
  if (wire !== expected) throw new Error('a field has the wrong type')
  return typeof type === 'function'
    ? read(new BinaryReader(reader.bytes()), type(), depth + 1)
    : scalars[type][1](reader)
}

/** Numbers of a list may be packed. */
function values(reader: BinaryReader, wire: WireType, type: Field[1], depth: number): unknown[] {
  if (typeof type === 'function' || wire === scalars[type][0]) return [value(reader, wire, type, depth)]
  if (wire !== WireType.LengthDelimited) throw new Error('a list has the wrong type')
  const packed = new BinaryReader(reader.bytes())
  const found: unknown[] = []
  while (packed.pos < packed.len) found.push(scalars[type][1](packed))
  return found
}
