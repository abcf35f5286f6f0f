import { isUtf8 } from 'node:buffer'
import type { EventBatch } from '../../model/batches.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import {
  attributeLimit,
  badTime,
  checkFamily,
  checkName,
  checkText,
  checkVersion,
  extensionCountLimit,
  familyExtension,
  keyExtension,
  refExtension,
  timeExtension,
  tooLong,
  type Extensions,
} from './attributes.ts'
import { Fault, naming } from './errors.ts'
import { decodeHeader } from './headers.ts'
import { checkJson } from './json.ts'
import { encodingOf } from './media.ts'
import { isUsualTime, parseTime } from './time.ts'

/** Names in lower case, as Node's `request.headers`. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

export function decodeBinary(headers: Headers, body: Uint8Array): EventBatch {
  return toEventBatch([
    naming(undefined, () =>
      readEvent(
        readAttributes(headers),
        single(headers['content-type'], 'content-type'),
        body,
        (name) => `header ce-${name}`,
      ),
    ),
  ])
}

/** As `decodeBinary`, from attribute names and text values, for buses. */
export function decodeAttributed(
  named: Readonly<Record<string, string>>,
  contentType: string | undefined,
  body: Uint8Array,
): WeirEvent {
  return naming(undefined, () => {
    const attributes = new Map(Object.entries(named))
    for (const [name, text] of attributes) {
      checkName(name)
      if (name === 'datacontenttype' || name === 'data') throw new Fault(`${name} is no attribute in binary mode`)
      if (text.length > attributeLimit) throw tooLong(name)
    }
    return readEvent(attributes, contentType, body, (name) => `attribute ${name}`)
  })
}

/** `decodeAttributed` for a sequence of messages; equal attributes are validated once. */
export function attributedReader(): typeof decodeAttributed {
  let last: Last | undefined
  return (named, contentType, body) => {
    if (last === undefined || contentType !== last.contentType || !alike(named, last)) {
      const event = decodeAttributed(named, contentType, body)
      const { id: _id, time: _time, encoding: _encoding, data: _data, ...rest } = event
      // The time as sent is of one event.
      last =
        rest.extensions?.[timeExtension] === undefined
          ? { named, contentType, names: Object.keys(named).length, rest }
          : undefined
      return event
    }
    const { rest } = last
    if (sentTime(named['time']) !== undefined) return decodeAttributed(named, contentType, body)
    return naming(undefined, () => {
      const { id = '', time: text } = named
      if (id.length > attributeLimit) throw tooLong('id')
      const time = readTime(text)
      return {
        id: checkText('id', id),
        ...rest,
        ...(time === undefined ? {} : { time }),
        ...readData(contentType, body),
      }
    })
  }
}

type Last = Readonly<{
  named: Readonly<Record<string, string>>
  contentType: string | undefined
  names: number
  rest: Omit<WeirEvent, 'id' | 'time' | 'encoding' | 'data'>
}>

function alike(named: Readonly<Record<string, string>>, last: Last): boolean {
  let names = 0
  for (const name in named) {
    names++
    const before = last.named[name]
    if (before === undefined || (before !== named[name] && name !== 'id' && name !== 'time')) return false
  }
  return names === last.names
}

function readEvent(
  attributes: Map<string, string>,
  contentType: string | undefined,
  body: Uint8Array,
  called: (name: string) => string,
): WeirEvent {
  const { size } = attributes
  let taken = 0
  const take = (name: string) => {
    const value = attributes.get(name)
    if (value === undefined) return undefined
    taken++
    return checkText(name, value)
  }
  const need = (name: string) => {
    const value = take(name)
    if (value === undefined) throw new Fault(`${called(name)} is missing`)
    return value
  }
  checkVersion(need('specversion'))
  const [subject, time, dataschema, ref] = [
    take('subject'),
    readTime(take('time')),
    take('dataschema'),
    take(refExtension),
  ]
  const sent = sentTime(attributes.get('time'))
  const [id, source, type, family] = [need('id'), need('source'), need('type'), take(familyExtension)]
  const key = attributes.get(keyExtension) ?? subject
  if (size - taken > extensionCountLimit)
    throw new Fault(`the event has more than ${extensionCountLimit} extensions`, 'too-large')
  return {
    id,
    source,
    type,
    ...(subject === undefined ? {} : { subject }),
    ...(time === undefined ? {} : { time }),
    ...(contentType === undefined ? {} : { datacontenttype: contentType }),
    ...(dataschema === undefined ? {} : { dataschema }),
    ...(ref === undefined ? {} : { ref }),
    ...(family === undefined ? {} : { family: checkFamily(family) }),
    ...(key === undefined ? {} : { key: checkText(keyExtension, key) }),
    ...(size === taken && sent === undefined
      ? {}
      : {
          extensions: {
            ...Object.fromEntries([...attributes].filter(([name]) => !columns.has(name))),
            ...sent,
          } as Extensions,
        }),
    ...readData(contentType, body),
  }
}

const columns = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'subject',
  'time',
  'dataschema',
  refExtension,
  familyExtension,
])

function readAttributes(headers: Headers): Map<string, string> {
  const attributes = new Map<string, string>()
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith('ce-') || value === undefined) continue
    const name = header.slice(3)
    checkName(name)
    if (name === 'datacontenttype')
      throw new Fault('ce-datacontenttype is not allowed in binary mode; use the Content-Type header')
    if (name === 'data') throw new Fault('data is no attribute; in binary mode it is the body')
    const text = single(value, header) ?? ''
    if (text.length > attributeLimit) throw tooLong(name)
    attributes.set(name, decodeHeader(name, text))
  }
  return attributes
}

function single(value: string | readonly string[] | undefined, name: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  if (value.length !== 1) throw new Fault(`header ${name} occurs ${value.length} times`)
  return value[0]
}

/** As extension; undefined for a time as Weir writes it. */
function sentTime(text: string | undefined): Extensions | undefined {
  const bytes = Buffer.from(text ?? '')
  return text === undefined || isUsualTime(bytes, 0, bytes.length) ? undefined : { [timeExtension]: text }
}

function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const bytes = Buffer.from(text)
  const time = parseTime(bytes, 0, bytes.length)
  if (Number.isNaN(time)) throw badTime(text)
  return time
}

/** A JSON body must be valid: it is embedded in JSON later. */
function readData(contentType: string | undefined, body: Uint8Array): Pick<WeirEvent, 'encoding' | 'data'> {
  if (body.length === 0) return { encoding: 'none' }
  const encoding = encodingOf(contentType)
  if (encoding === 'binary') return { encoding, data: body }
  const utf8 = isUtf8(body)
  if (encoding === 'text') return { encoding: utf8 ? 'text' : 'binary', data: body }
  if (!utf8) throw new Fault(`the body is not UTF-8, as ${contentType} has to be`)
  checkJson(body)
  return { encoding, data: body }
}
