import type { OutMessage } from '../../messaging/message-sink.ts'

export interface RabbitMessage {
  readonly routingKey: string
  /** Names and text, in UTF-8. */
  readonly headers: Readonly<Record<string, string>>
  readonly contentType: string | undefined
  /** The same for every attempt at this event, by whichever Weir. */
  readonly messageId: string
  readonly body: Buffer
}

/** The client writes headers into a buffer of 64 KiB, and they must fit into one frame. */
const mostHeaderBytes = 60_000

/** CloudEvents' attributes as headers `cloudEvents:NAME`, the others by their names. Throws when they are too much for a message. */
export function toMessage(
  {
    attributes,
    facts,
    contentType,
    body,
    id,
  }: Pick<OutMessage, 'attributes' | 'facts' | 'contentType' | 'body' | 'id'>,
  routingKey: string,
): RabbitMessage {
  const headers: Record<string, string> = { ...facts }
  for (const [name, value] of Object.entries(attributes)) headers[`cloudEvents:${name}`] = value
  let bytes = 0
  for (const [name, value] of Object.entries(headers)) bytes += name.length + Buffer.byteLength(value) + 6
  if (bytes > mostHeaderBytes)
    throw new Error(`its attributes take ${bytes} bytes, and a message has room for ${mostHeaderBytes}`)
  if (contentType !== undefined && Buffer.byteLength(contentType) > 255)
    throw new Error('its content type is longer than 255 bytes')
  return {
    routingKey,
    headers,
    contentType,
    messageId: id,
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
  }
}
