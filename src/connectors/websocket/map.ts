/** Messages of a feed as events. */
import { createHash } from 'node:crypto'
import { isUtf8 } from 'node:buffer'
import type { WeirEvent } from '../../model/events.ts'
import { assertShallow } from '../../model/json-depth.ts'
import { jsonMemory } from '../../model/json-memory.ts'
import { jsonAt } from '../../model/json-pointer.ts'
import type { WebsocketConfig } from './config.ts'
import type { Gap } from './map-sequence.ts'

type Rules = Pick<WebsocketConfig, 'ack' | 'drop' | 'sequence' | 'key' | 'event_type'>

export type FeedMessage = Readonly<{
  is: 'event' | 'drop' | 'ack'
  document: unknown
}>

/** A message that is not JSON. */
export const unparsed: FeedMessage = { is: 'event', document: undefined }

/** Memory that {@link classified} needs for a moment. */
export function feedMemory(data: Uint8Array): number {
  return data[0] === 0x7b || data[0] === 0x5b ? jsonMemory(data) : data.length
}

/** The document is undefined if the message is not JSON, or nests too deeply. */
export function classified(data: Uint8Array, { ack, drop }: Rules): FeedMessage {
  let document: unknown
  try {
    assertShallow(data)
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data))
  } catch {
    return unparsed
  }
  const has = (pointer: string, values: readonly string[]) => {
    const json = jsonAt(document, pointer)
    return json !== undefined && json !== null && values.includes(textOf(json))
  }
  if (ack !== null && Object.entries(ack.match).every(([pointer, value]) => has(pointer, [value])))
    return { is: 'ack', document }
  const isDropped = Object.entries(drop).some(([pointer, values]) => has(pointer, values))
  return { is: isDropped ? 'drop' : 'event', document }
}

/** Rejected subscriptions in a response, as text. Empty: none. */
export function rejectedIn(document: unknown, pointer: string | null): string {
  const value = pointer === null ? undefined : jsonAt(document, pointer)
  if (value === undefined || value === null || value === false) return ''
  if (Array.isArray(value)) return value.map(textOf).join(', ')
  return typeof value === 'object' && Object.keys(value).length === 0 ? '' : textOf(value)
}

export function sequenceOf(document: unknown, { sequence }: Rules): Readonly<{ key: string; at: number }> | undefined {
  if (sequence === null) return undefined
  const sequenceNumber = Number(jsonAt(document, sequence.at) ?? Number.NaN)
  return Number.isSafeInteger(sequenceNumber) ? { key: keyOf(document, sequence.by), at: sequenceNumber } : undefined
}

/**
 * Undefined: the message has no values that identify it. The digest distinguishes messages with equal numbers after a
 * feed was reset.
 */
export function idOf(data: Uint8Array, document: unknown, rules: Rules): string | undefined {
  if (document === undefined) return undefined
  const { key, sequence } = rules
  const numbered = sequenceOf(document, rules)
  if (key.length > 0) {
    if (key.some((pointer) => jsonAt(document, pointer) === undefined)) return undefined
    return keyOf(document, key)
  }
  if (sequence === null || numbered === undefined) return undefined
  return `${numbered.key}:${numbered.at}:${createHash('sha256').update(data).digest('base64url').slice(0, 11)}`
}

export function messageEvent(
  data: Uint8Array,
  document: unknown,
  given: Pick<WeirEvent, 'id' | 'source' | 'type'>,
): WeirEvent {
  if (document !== undefined) return { ...given, datacontenttype: 'application/json', encoding: 'json', data }
  return { ...given, encoding: isUtf8(data) ? 'text' : 'binary', data }
}

export const gapType = 'weir.feed.gap'

export function gapEvent(
  { key, from, to, reconnected }: Gap & Readonly<{ reconnected: boolean }>,
  source: string,
  time: number,
): WeirEvent {
  const body = { ...(key === '' ? {} : { key }), from, to, missing: to - from + 1, reconnected }
  return {
    id: `gap:${key}:${from}-${to}`,
    source,
    type: gapType,
    ...(key === '' ? {} : { subject: key }),
    time,
    datacontenttype: 'application/json',
    encoding: 'json',
    data: new TextEncoder().encode(JSON.stringify(body)),
  }
}

function keyOf(document: unknown, pointers: readonly string[]): string {
  return pointers.map((pointer) => textOf(jsonAt(document, pointer) ?? '')).join(':')
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
