import type { AmqpMessage } from '../../messaging/amqp/settings.ts'
import type { OutMessage } from '../../messaging/message-sink.ts'

/** The client encodes headers into a buffer of 64 KiB. */
const maxHeaderBytes = 60_000

/** CloudEvents attributes become headers `cloudEvents:NAME`, others keep their names. Throws if a limit is exceeded. */
export function toMessage(
  {
    attributes,
    facts,
    contentType,
    body,
    id,
  }: Pick<OutMessage, 'attributes' | 'facts' | 'contentType' | 'body' | 'id'>,
  routingKey: string,
): AmqpMessage {
  const headers: Record<string, string> = { ...facts }
  for (const [name, value] of Object.entries(attributes)) headers[`cloudEvents:${name}`] = value
  let bytes = 0
  for (const [name, value] of Object.entries(headers)) bytes += name.length + Buffer.byteLength(value) + 6
  if (bytes > maxHeaderBytes) throw new Error(`the attributes have ${bytes} bytes, and the limit is ${maxHeaderBytes}`)
  if (contentType !== undefined && Buffer.byteLength(contentType) > 255)
    throw new Error('the content type is longer than 255 bytes')
  return {
    routingKey,
    headers,
    contentType,
    messageId: id,
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
  }
}
