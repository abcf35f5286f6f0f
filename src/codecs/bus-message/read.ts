/** A message of a bus as events, by the codec that its source is given. Pure. */
import { isUtf8 } from 'node:buffer'
import type { WeirEvent } from '../../model/events.ts'
import {
  attributedReader,
  checkJson,
  decodeBatchToColumns,
  decodeStructured,
  httpMode,
  isProtobuf,
  toEvents,
} from '../cloudevents/index.ts'

export interface InMessage {
  /** Attributes of a CloudEvent in binary mode by their plain names, as plain text; none where the message has none. */
  readonly attributes: Readonly<Record<string, string>>
  readonly contentType: string | undefined
  readonly body: Uint8Array
  /** Where it lies on the bus, the same whenever it is delivered: the id of an event that has none of its own. */
  readonly place: string
  /** Unix ms at which the bus took it. */
  readonly time: number | undefined
  /** Messages of one key are in order. */
  readonly key: string | undefined
}

export interface ReadChoice {
  /** `cloudevents`: in whichever mode they are. `kollect`: changes of objects. `json`, `raw`: each message an event of `event_type`. */
  readonly codec: 'cloudevents' | 'kollect' | 'json' | 'raw'
  readonly event_type: string
}

/** Event type of a message that could not be read. */
export const rejectedType = 'weir.message.rejected'

/** Events of a message; none of one that tells of nothing. `source`: CloudEvents source of events that have none. Throws, with the reason, for what can't be read. */
export type MessageReader = (message: InMessage, source: string) => readonly WeirEvent[]

/** What reads messages by a codec; brings what it needs for that. */
export async function messageReader({ codec, event_type: type }: ReadChoice): Promise<MessageReader> {
  switch (codec) {
    case 'cloudevents': {
      const { decodeProtobuf } = await import('../cloudevents/protobuf.ts')
      const attributed = attributedReader()
      return (message) =>
        isProtobuf(message.contentType) ? [decodeProtobuf(message.body)] : cloudEvents(message, attributed)
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

/** An event that is known by its place on the bus. */
function placed(
  { place: id, time, key }: InMessage,
  type: string,
  source: string,
): Pick<WeirEvent, 'id' | 'source' | 'type' | 'time' | 'key'> {
  return { id, source, type, ...(time === undefined ? {} : { time }), ...(key === undefined ? {} : { key }) }
}

/** What stands in the journal for a message that could not be read, with its bytes: it is not lost, and nothing waits behind it. */
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
    'it is no CloudEvent: it has neither the attributes of one nor its content type (set `codec` to `json` or `raw` if none is to be expected)',
  )
}

function dataOf(body: Uint8Array): Pick<WeirEvent, 'encoding' | 'data'> {
  if (body.length === 0) return { encoding: 'none' }
  return { encoding: isUtf8(body) ? 'text' : 'binary', data: body }
}
