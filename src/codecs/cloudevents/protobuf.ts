import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { WeirEvent } from '../../model/events.ts'
import { eventLimit } from './decoder.ts'
import { attributeLimit, badTime, type Extensions, type ExtensionValue } from './attributes.ts'
import { decodeAttributed } from './binary.ts'
import { contentType, eventFields } from './encode.ts'
import { Fault, naming } from './errors.ts'
import { messageOf } from '../../model/errors.ts'

const field = {
  id: 1,
  source: 2,
  specversion: 3,
  type: 4,
  attributes: 5,
  binaryData: 6,
  textData: 7,
  protoData: 8,
} as const
const required: Readonly<Record<number, string>> = {
  [field.id]: 'id',
  [field.source]: 'source',
  [field.specversion]: 'specversion',
  [field.type]: 'type',
}
const ownRequired = new Set(Object.values(required))
const valueOf = { boolean: 1, integer: 2, string: 3, bytes: 4, uri: 5, uriRef: 6, timestamp: 7 } as const
const [first, second] = [1, 2]
const [minInteger, maxInteger] = [-(2 ** 31), 2 ** 31 - 1]

/** Only text/plain is text: receivers parse text under a JSON type as a JSON string. */
export function encodeProtobuf(event: WeirEvent, extensions?: Extensions): Uint8Array {
  const writer = new BinaryWriter()
  for (const [number, value] of [
    [field.id, event.id],
    [field.source, event.source],
    [field.specversion, '1.0'],
    [field.type, event.type],
  ] as const)
    writer.tag(number, WireType.LengthDelimited).string(value)
  const type = contentType(event) ?? (event.encoding === 'json' ? 'application/json' : undefined)
  for (const [name, value] of eventFields(event, extensions))
    if (!ownRequired.has(name)) writeAttribute(writer, name, value, event.time)
  if (type !== undefined) writeAttribute(writer, 'datacontenttype', type, undefined)
  const { data, encoding } = event
  if (data === undefined || encoding === 'none') return writer.finish()
  const text = encoding === 'text' && type === 'text/plain'
  return writer
    .tag(text ? field.textData : field.binaryData, WireType.LengthDelimited)
    .bytes(data)
    .finish()
}

function writeAttribute(writer: BinaryWriter, name: string, value: ExtensionValue, time: number | undefined) {
  writer
    .tag(field.attributes, WireType.LengthDelimited)
    .fork()
    .tag(first, WireType.LengthDelimited)
    .string(name)
    .tag(second, WireType.LengthDelimited)
    .fork()
  if (typeof value === 'boolean') writer.tag(valueOf.boolean, WireType.Varint).bool(value)
  else if (typeof value === 'number' && value >= minInteger && value <= maxInteger)
    writer.tag(valueOf.integer, WireType.Varint).int32(value)
  else if (name === 'time' && time !== undefined) {
    const seconds = Math.floor(time / 1000)
    writer
      .tag(valueOf.timestamp, WireType.LengthDelimited)
      .fork()
      .tag(first, WireType.Varint)
      .int64(seconds)
      .tag(second, WireType.Varint)
      .int32((time - 1000 * seconds) * 1_000_000)
      .join()
  } else
    writer.tag(name === 'dataschema' ? valueOf.uri : valueOf.string, WireType.LengthDelimited).string(String(value))
  writer.join().join()
}

export function joinProtobuf(events: readonly Uint8Array[]): Uint8Array {
  const writer = new BinaryWriter()
  for (const event of events) writer.tag(first, WireType.LengthDelimited).bytes(event)
  return writer.finish()
}

/** May be empty. Throws CloudEventsError with the index of the first invalid event. */
export function decodeProtobufBatch(body: Uint8Array): WeirEvent[] {
  const events: WeirEvent[] = []
  naming(undefined, () =>
    eachField(body, (number, value) => {
      if (number === first) events.push(decodeProtobuf(bytesOf(value), events.length))
    }),
  )
  return events
}

export function decodeProtobuf(body: Uint8Array, index?: number): WeirEvent {
  return naming(index, () => {
    if (body.length > eventLimit) throw new Fault(`the event is larger than ${eventLimit} bytes`, 'too-large')
    const { attributes, typed, data, text, schema } = readMessage(body)
    const { datacontenttype, ...named }: Record<string, string> & { datacontenttype?: string } = {
      ...(schema === undefined ? {} : { dataschema: schema }),
      ...attributes,
    }
    const event = decodeAttributed(named, datacontenttype, data)
    const contentType =
      text && datacontenttype === undefined && event.encoding === 'binary'
        ? { ...event, encoding: 'text' as const }
        : event
    const { extensions } = contentType
    return extensions === undefined
      ? contentType
      : {
          ...contentType,
          extensions: {
            ...extensions,
            ...Object.fromEntries(Object.entries(typed).filter(([name]) => Object.hasOwn(extensions, name))),
          },
        }
  })
}

type Message = Readonly<{
  attributes: Readonly<Record<string, string>>
  typed: Extensions
  data: Uint8Array
  text: boolean
  schema: string | undefined
}>

const nothing = new Uint8Array(0)

function readMessage(body: Uint8Array): Message {
  const attributes: Record<string, string> = {}
  const typed: Extensions = {}
  let [data, text, schema]: [Uint8Array, boolean, string | undefined] = [nothing, false, undefined]
  eachField(body, (number, value) => {
    const name = required[number]
    if (name !== undefined) attributes[name] = textOf(bytesOf(value), name)
    else if (number === field.attributes) {
      const [called, attribute] = readAttribute(bytesOf(value))
      attributes[called] = String(attribute)
      if (typeof attribute !== 'string') typed[called] = attribute
    } else if (number === field.binaryData || number === field.textData) {
      ;[data, text, schema] = [bytesOf(value), number === field.textData, undefined]
    } else if (number === field.protoData) {
      ;[data, text, schema] = [nothing, false, '']
      eachField(bytesOf(value), (part, of) => {
        if (part === first) schema = textOf(bytesOf(of), 'the type of the data')
        if (part === second) data = bytesOf(of)
      })
      attributes['datacontenttype'] ??= 'application/protobuf'
    }
  })
  return { attributes, typed, data, text, schema: schema === '' ? undefined : schema }
}

function readAttribute(entry: Uint8Array): [name: string, value: ExtensionValue] {
  let [name, value]: [string, ExtensionValue | undefined] = ['', undefined]
  eachField(entry, (number, part) => {
    if (number === first) name = textOf(bytesOf(part), 'the name of an attribute')
    if (number === second)
      eachField(bytesOf(part), (kind, of) => {
        value = readValue(kind, of, name)
      })
  })
  if (value === undefined) throw new Fault(`attribute ${JSON.stringify(name.slice(0, 64))} has no value`)
  return [name, value]
}

function readValue(kind: number, of: FieldValue, name: string): ExtensionValue {
  switch (kind) {
    case valueOf.boolean:
      return numberOf(of) !== 0n
    case valueOf.integer:
      return Number(BigInt.asIntN(32, numberOf(of)))
    case valueOf.bytes:
      return Buffer.from(bytesOf(of)).toString('base64')
    case valueOf.timestamp:
      return timeOf(bytesOf(of), name)
    case valueOf.string:
    case valueOf.uri:
    case valueOf.uriRef:
      return textOf(bytesOf(of), name)
    default:
      throw new Fault(`attribute ${name.slice(0, 64)} has a value of a kind that is not known`)
  }
}

function timeOf(bytes: Uint8Array, name: string): string {
  let [seconds, nanos] = [0, 0]
  eachField(bytes, (number, value) => {
    if (number === first) seconds = Number(BigInt.asIntN(64, numberOf(value)))
    if (number === second) nanos = Number(BigInt.asIntN(32, numberOf(value)))
  })
  const date = new Date(1000 * seconds + Math.floor(nanos / 1_000_000))
  if (Number.isNaN(date.getTime())) throw badTime(`${seconds} s of ${name}`)
  return date.toISOString()
}

type FieldValue = bigint | Uint8Array

function bytesOf(value: FieldValue): Uint8Array {
  if (typeof value === 'bigint') throw new Fault('it is no CloudEvent: a field is a number where bytes are expected')
  return value
}

function numberOf(value: FieldValue): bigint {
  if (typeof value !== 'bigint') throw new Fault('it is no CloudEvent: a field is bytes where a number is expected')
  return value
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textOf(bytes: Uint8Array, name: string): string {
  if (bytes.length > attributeLimit) throw new Fault(`${name} is longer than ${attributeLimit} bytes`, 'too-large')
  try {
    return decoder.decode(bytes)
  } catch {
    throw new Fault(`${name} is not UTF-8`)
  }
}

function eachField(bytes: Uint8Array, visit: (number: number, value: FieldValue) => void) {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    let found: readonly [number: number, value: FieldValue | undefined]
    try {
      const [number, wire] = reader.tag()
      if (wire === WireType.LengthDelimited) found = [number, reader.bytes()]
      else if (wire === WireType.Varint) found = [number, BigInt(reader.uint64())]
      else {
        reader.skip(wire, number)
        found = [number, undefined]
      }
    } catch (error) {
      throw new Fault(`it is no protobuf: ${messageOf(error)}`)
    }
    if (found[1] !== undefined) visit(found[0], found[1])
  }
}
