import { decodeBatch, encodeEvents } from '../../journal/bodies.ts'
import { families, type Family } from '../../model/batches.ts'
import { WeirError } from '../../model/errors.ts'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import type { StoredDeadLetter } from './dead-letters.ts'
import { isRecord } from '../../model/json.ts'

const names = [
  'id',
  'source',
  'type',
  'subject',
  'time',
  'datacontenttype',
  'dataschema',
  'extensions',
  'family',
  'key',
  'ref',
  'data',
  'data_base64',
] as const
type Edited = Partial<Record<(typeof names)[number], unknown>>

const maxBytes = 16 * 1024 * 1024

/** Throws WEIR_DEAD_LETTER_EDIT. Position, id and source stay unchanged. */
export function editedBody({ kind, body: bytes }: StoredDeadLetter, body: unknown): Uint8Array {
  if (kind === 'flows') throw refusal('A flow cannot be edited, because it is a measurement. Retry or drop it.')
  if (!isRecord(body)) throw refusal('The body of an event is a JSON object.')
  const edited = body as Edited
  const unknown = Object.keys(edited).find((name) => !(names as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw refusal(`"${unknown}" is nothing that an event has; further attributes stand in \`extensions\`.`)
  const batch = decodeBatch('events', new Uint8Array(Buffer.from(bytes, 'base64')))
  if (batch.kind !== 'events') throw refusal('It is no event.')
  const before = eventAt(batch, 0)
  if (edited.id !== before.id || edited.source !== before.source)
    throw refusal('The id and the source of an event cannot be changed: by them it is known elsewhere.')
  const type = word(edited, 'type')
  if (type === undefined) throw refusal('An event has a `type`.')
  const event = {
    id: before.id,
    source: before.source,
    type,
    family: familyOf(edited.family),
    ...present('subject', word(edited, 'subject')),
    ...present('datacontenttype', word(edited, 'datacontenttype')),
    ...present('dataschema', word(edited, 'dataschema')),
    ...present('key', word(edited, 'key')),
    ...present('ref', word(edited, 'ref')),
    ...present('time', timeOf(edited.time)),
    ...present('extensions', extensionsOf(edited.extensions)),
    ...dataOf(edited, before),
  } satisfies WeirEvent
  return encodeEvents([event]).raw
}

function refusal(message: string) {
  return new WeirError('WEIR_DEAD_LETTER_EDIT', message)
}

function present<Name extends string, Value>(name: Name, value: Value | undefined) {
  return (value === undefined ? {} : { [name]: value }) as { readonly [N in Name]?: Value }
}

function word(edited: Edited, name: keyof Edited): string | undefined {
  const value = edited[name]
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') throw refusal(`\`${name}\` is a text.`)
  return value
}

function familyOf(value: unknown): Family {
  const family = families.find((name) => name === (value ?? 'event'))
  if (family === undefined) throw refusal(`\`family\` is one of ${families.join(', ')}.`)
  return family
}

function timeOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  const time = typeof value === 'string' ? Date.parse(value) : value
  if (typeof time !== 'number' || !Number.isFinite(time))
    throw refusal('`time` is a number of milliseconds since 1970, or a time as 2026-01-31T12:00:00Z.')
  return time
}

function extensionsOf(value: unknown): WeirEvent['extensions'] {
  if (value === undefined || value === null) return undefined
  const entries =
    typeof value === 'object' && !Array.isArray(value)
      ? Object.entries(value as Readonly<Record<string, unknown>>)
      : undefined
  if (
    entries?.every(
      ([name, entry]) => /^[a-z0-9]+$/.test(name) && ['string', 'number', 'boolean'].includes(typeof entry),
    ) !== true
  ) {
    throw refusal(
      '`extensions` is an object. Its names consist of a-z and 0-9; its values are strings, numbers or booleans.',
    )
  }
  return Object.fromEntries(entries) as NonNullable<WeirEvent['extensions']>
}

function dataOf({ data, data_base64: base64 }: Edited, before: WeirEvent): Pick<WeirEvent, 'encoding' | 'data'> {
  if (data !== undefined && base64 !== undefined) throw refusal('An event has `data` or `data_base64`, not both.')
  if (base64 !== undefined) {
    if (typeof base64 !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64))
      throw refusal('`data_base64` is bytes in base64.')
    return sized('binary', new Uint8Array(Buffer.from(base64, 'base64')))
  }
  if (data === undefined) return { encoding: 'none' }
  // Invalid JSON is shown and stored as text.
  if (typeof data === 'string' && (before.encoding === 'text' || !isJson(before.data)))
    return sized(before.encoding === 'json' ? 'json' : 'text', new TextEncoder().encode(data))
  return sized('json', new TextEncoder().encode(JSON.stringify(data)))
}

function isJson(data: Uint8Array | undefined): boolean {
  try {
    JSON.parse(new TextDecoder().decode(data))
    return true
  } catch {
    return false
  }
}

function sized(encoding: 'json' | 'text' | 'binary', data: Uint8Array): Pick<WeirEvent, 'encoding' | 'data'> {
  if (data.length > maxBytes) throw new WeirError('WEIR_EVENT_TOO_LARGE', `the data has ${data.length} bytes`)
  return { encoding, data }
}
