import { hash } from 'node:crypto'
import { encodeBinary } from '../../codecs/cloudevents/index.ts'
import type { SinkRow } from '../../engine/rows.ts'

export interface NatsMessage {
  readonly subject: string
  /** Names and ASCII values. */
  readonly headers: Readonly<Record<string, string>>
  readonly data: Uint8Array
  /** The same for every attempt at this event, by whichever Weir: the stream drops what it has within its duplicate window. */
  readonly messageId: string
}

/** A row as CloudEvents binary mode: attributes as `ce-` headers, the data as payload. */
export function toMessage(row: SinkRow, subject: string): NatsMessage {
  const { headers, body } = encodeBinary(row.event)
  return { subject, headers, data: body, messageId: messageIdOf(row) }
}

/**
 * An event is the same event wherever (source, id) is the same; the two are hashed, because they may be long and hold
 * anything. A flow is known by its place.
 */
function messageIdOf({ kind, id, event }: SinkRow): string {
  if (kind === 'flows') return id
  return hash('sha256', `${event.source.length}:${event.source}${event.id}`, 'base64url')
}
