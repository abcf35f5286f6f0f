import type { WeirEvent } from '../../model/events.ts'
import { isoTime } from '../flow-json/index.ts'
import {
  familyExtension,
  keyExtension,
  refExtension,
  timeExtension,
  type Extensions,
  type ExtensionValue,
} from './attributes.ts'
import { encodeHeader } from './headers.ts'
import { isJsonType } from './media.ts'
import { parseTime } from './time.ts'
import { uriReference } from './validity.ts'

/** In wire order, without `datacontenttype`. */
export function eventFields(
  event: WeirEvent,
  extra: Extensions | undefined,
): [name: string, value: string | number | boolean][] {
  const list: [string, string | number | boolean][] = [
    ['specversion', '1.0'],
    ['id', event.id],
    ['source', uriReference(event.source)],
    ['type', event.type],
  ]
  if (event.subject !== undefined) list.push(['subject', event.subject])
  const { [timeExtension]: sent, ...extensions } = event.extensions ?? {}
  const time = timeOf(event.time, sent)
  if (time !== undefined) list.push(['time', time])
  const dataschema = event.dataschema === undefined ? undefined : uriReference(event.dataschema)
  // It has to be absolute.
  if (dataschema !== undefined && /^[A-Za-z][A-Za-z0-9+.-]*:/.test(dataschema)) list.push(['dataschema', dataschema])
  const ownExtensions: Extensions = {
    ...(event.family === undefined || event.family === 'event' ? {} : { [familyExtension]: event.family }),
    ...(event.key === undefined || event.key === event.subject ? {} : { [keyExtension]: event.key }),
    ...(event.ref === undefined ? {} : { [refExtension]: event.ref }),
  }
  for (const [name, value] of Object.entries({ ...ownExtensions, ...extensions, ...extra }))
    list.push([name, attributeOf(value)])
  return list
}

/** Integers of CloudEvents have 32 bits; others are emitted as text. */
function attributeOf(value: ExtensionValue): ExtensionValue {
  return typeof value === 'number' && value !== (value | 0) ? String(value) : value
}

/** As the sender wrote it, if it is still the time of the event. */
function timeOf(time: number | undefined, sent: ExtensionValue | undefined): string | undefined {
  if (time === undefined) return undefined
  if (typeof sent === 'string') {
    const bytes = Buffer.from(sent)
    if (parseTime(bytes, 0, bytes.length) === time) return sent
  }
  const written = isoTime(time)
  // RFC 3339 years have four digits.
  return written.length === 24 ? written : undefined
}

export function contentType(event: WeirEvent): string | undefined {
  return event.encoding === 'text' && event.datacontenttype === undefined ? 'text/plain' : event.datacontenttype
}

function jsonPieces(event: WeirEvent, extra: Extensions | undefined): [head: string, data: Uint8Array | undefined] {
  let head = ''
  for (const [name, value] of eventFields(event, extra))
    head += `${head === '' ? '{' : ','}"${name}":${JSON.stringify(value)}`
  const type = contentType(event)
  if (type !== undefined) head += `,"datacontenttype":${JSON.stringify(type)}`
  if (event.data === undefined || event.encoding === 'none') return [`${head}}`, undefined]
  const bytes = Buffer.from(event.data.buffer, event.data.byteOffset, event.data.length)
  if (event.encoding === 'json') return [`${head},"data":`, bytes]
  // A consumer would parse text under a JSON type as JSON.
  if (event.encoding === 'text' && !isJsonType(type))
    return [`${head},"data":${JSON.stringify(bytes.toString())}}`, undefined]
  return [`${head},"data_base64":"${bytes.toString('base64')}"}`, undefined]
}

const closing = Buffer.from('}')

/** application/cloudevents+json. `extra` overrides extensions. JSON data is unchanged. */
export function encodeStructured(event: WeirEvent, extra?: Extensions): Buffer {
  const [head, data] = jsonPieces(event, extra)
  return data === undefined ? Buffer.from(head) : Buffer.concat([Buffer.from(head), data, closing])
}

export function joinBatch(events: readonly Uint8Array[]): Buffer {
  const pieces: Uint8Array[] = []
  for (const event of events) pieces.push(pieces.length === 0 ? opening : comma, event)
  return Buffer.concat([...(pieces.length === 0 ? [opening] : pieces), ending])
}

const opening = Buffer.from('[')
const comma = Buffer.from(',')
const ending = Buffer.from(']')

export function encodeBatch(events: readonly WeirEvent[], extra?: Extensions): Buffer {
  return joinBatch(events.map((event) => encodeStructured(event, extra)))
}

export type BinaryMessage = Readonly<{
  /** `ce-…` in lower case, and `content-type`. Values are percent-encoded. */
  headers: Readonly<Record<string, string>>
  body: Uint8Array
}>

const nothing = new Uint8Array(0)

/** Binary mode before bus-specific names: all attributes as text, and the content type. */
export function eventAttributes(
  event: WeirEvent,
  extra?: Extensions,
): Readonly<{ attributes: Readonly<Record<string, string>>; contentType: string | undefined }> {
  const named: Record<string, string> = {}
  for (const [name, value] of eventFields(event, extra)) named[name] = String(value)
  return {
    attributes: named,
    contentType: contentType(event) ?? (event.encoding === 'json' ? 'application/json' : undefined),
  }
}

/** For HTTP and NATS. Throws if the content type is no valid header value. */
export function encodeBinary(event: WeirEvent, extra?: Extensions): BinaryMessage {
  const headers: Record<string, string> = {}
  const { attributes: named, contentType: type } = eventAttributes(event, extra)
  for (const [name, value] of Object.entries(named)) headers[`ce-${name}`] = encodeHeader(value)
  if (type !== undefined) headers['content-type'] = checkHeader(type)
  return { headers, body: event.data ?? nothing }
}

/** Not encoded, so it must not contain a line break. */
export function checkHeader(type: string): string {
  if (/^[\t\x20-\x7e]*$/.test(type)) return type
  throw new Error(`datacontenttype ${JSON.stringify(type.slice(0, 64))} can't be a header`)
}
