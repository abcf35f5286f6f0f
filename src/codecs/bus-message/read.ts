import { isUtf8 } from 'node:buffer'
import type { EventRows } from '../../model/event-rows.ts'
import type { WeirEvent } from '../../model/events.ts'
import {
  attributedReader,
  checkJson,
  decodeBatchToColumns,
  decodeStructured,
  httpMode,
  isProtobuf,
  isProtobufBatch,
  toEvents,
} from '../cloudevents/index.ts'
import { isLines, linesOf } from './lines.ts'
import type { RecordRules } from '../records/index.ts'

export type InMessage = Readonly<{
  attributes: Readonly<Record<string, string>>
  contentType: string | undefined
  body: Uint8Array
  /** Position on the bus, equal for each delivery. */
  place: string
  /** Unix ms by the bus. */
  time: number | undefined
  key: string | undefined
}>

export type ReadChoice = Readonly<{
  /** `cloudevents`: any mode. `kollect`: object changes. `json`, `raw`: events of `event_type`. */
  codec: 'cloudevents' | 'kollect' | 'json' | 'raw'
  event_type: string
  /** The content of messages becomes points, log lines or events; null: messages stay as they are. */
  parse: RecordRules | null
}>

export const rejectedType = 'weir.message.rejected'

/**
 * `source`: CloudEvents source for events without one. `received`: Unix ms, for records without a time. Throws with the
 * reason if undecodable.
 */
export type MessageReader = (message: InMessage, source: string, received: number) => readonly WeirEvent[]

/** As `MessageReader`, with the events as rows. Returns their number. */
export type RowReader = (message: InMessage, source: string, received: number, into: EventRows) => number

export async function rowReader(choice: ReadChoice, given?: MessageReader): Promise<RowReader> {
  const read = given ?? (await messageReader(choice))
  const { codec, event_type: type, parse } = choice
  const general: RowReader = (message, source, received, into) => {
    // An unreadable line rejects its message as a whole.
    const events =
      codec === 'json' && isLines(message)
        ? [...linesOf(message)].flatMap((line) => read(line, source, received))
        : read(message, source, received)
    for (const event of events) into.add(event)
    return events.length
  }
  if (given !== undefined || parse === null || (codec !== 'json' && codec !== 'raw')) return general
  const { flatPoints, pointRow } = await import('../records/index.ts')
  const flat = flatPoints(parse)
  if (flat === undefined) return general
  return (message, source, received, into) => {
    const at = flat(message.body, message.time, into.data)
    if (at === undefined) return general(message, source, received, into)
    into.row(pointRow(placed(message, type, source), parse, Number.isNaN(at) ? received : at))
    return 1
  }
}

export async function messageReader(choice: ReadChoice): Promise<MessageReader> {
  const { codec, event_type: type, parse } = choice
  if (parse === null) return plainReader(choice)
  const { recordParser } = await import('../records/index.ts')
  const parser = recordParser(parse)
  if (codec === 'json' || codec === 'raw')
    return (message, source, received) => parser(textOf(message.body), placed(message, type, source), received)
  const read = await plainReader(choice)
  return (message, source, received) =>
    read(message, source, received).flatMap((event) => parser(textOf(event.data), event, received))
}

function textOf(data: Uint8Array | undefined): string {
  if (data === undefined || !isUtf8(data)) throw new Error('it is not UTF-8')
  return Buffer.from(data.buffer, data.byteOffset, data.length).toString()
}

async function plainReader({ codec, event_type: type }: ReadChoice): Promise<MessageReader> {
  switch (codec) {
    case 'cloudevents': {
      const { decodeProtobuf, decodeProtobufBatch } = await import('../cloudevents/protobuf.ts')
      const attributed = attributedReader()
      return (message) => {
        if (isProtobuf(message.contentType)) return [decodeProtobuf(message.body)]
        return isProtobufBatch(message.contentType)
          ? decodeProtobufBatch(message.body)
          : cloudEvents(message, attributed)
      }
    }
    case 'kollect': {
      const { kollectChanges } = await import('../kollect/read.ts')
      return kollectChanges
    }
    case 'json':
      return (message, source) => {
        const { body } = message
        if (!isUtf8(body)) throw new Error('it is not UTF-8, as JSON is')
        checkJson(body)
        return [{ ...placed(message, type, source), datacontenttype: 'application/json', encoding: 'json', data: body }]
      }
    case 'raw':
      return (message, source) => [
        {
          ...placed(message, type, source),
          ...(message.contentType === undefined ? {} : { datacontenttype: message.contentType }),
          ...dataOf(message.body),
        },
      ]
  }
}

type Placed = { encoding: 'none' } & Pick<WeirEvent, 'id' | 'source' | 'type'> & {
    -readonly [Name in 'time' | 'key']?: NonNullable<WeirEvent[Name]>
  }

function placed({ place: id, time, key }: InMessage, type: string, source: string): Placed {
  const event: Placed = { id, source, type, encoding: 'none' }
  if (time !== undefined) event.time = time
  if (key !== undefined) event.key = key
  return event
}

/** Holds the bytes of an undecodable message, so that it is not lost and blocks no later one. */
export function rejectedMessage(
  { body, contentType, place, time, key }: InMessage,
  reason: string,
  source: string,
): WeirEvent {
  return {
    id: `rejected:${place}`,
    source,
    type: rejectedType,
    subject: place,
    ...(time === undefined ? {} : { time }),
    ...(key === undefined ? {} : { key }),
    ...(contentType === undefined ? {} : { datacontenttype: contentType.slice(0, 256) }),
    extensions: { reason: reason.slice(0, 512) },
    encoding: 'binary',
    data: body,
  }
}

function cloudEvents(
  { attributes, contentType, body }: InMessage,
  attributed: ReturnType<typeof attributedReader>,
): WeirEvent[] {
  const mode = httpMode(contentType)
  if (mode === 'structured') return toEvents(decodeStructured(body))
  if (mode === 'batched') return toEvents(decodeBatchToColumns(body))
  if (mode === undefined)
    throw new Error(`of the CloudEvents formats JSON and protobuf are understood, and it is ${contentType ?? ''}`)
  if (attributes['specversion'] !== undefined) return [attributed(attributes, contentType, body)]
  throw new Error(
    'it is no CloudEvent: it has neither the attributes of one nor its content type (set `codec` to `json` ' +
      'or `raw` if none is to be expected)',
  )
}

function dataOf(body: Uint8Array): Pick<WeirEvent, 'encoding' | 'data'> {
  if (body.length === 0) return { encoding: 'none' }
  return { encoding: isUtf8(body) ? 'text' : 'binary', data: body }
}
