import type { ConsumeMessage } from 'amqplib'
import type { InMessage } from '../../codecs/bus-message/read.ts'

const none: InMessage['attributes'] = Object.freeze({})

/** `connection`: makes the id of a delivery unique, for a message without its own id. */
export function fromMessage(
  { content, fields, properties }: ConsumeMessage,
  queue: string,
  connection: string,
): InMessage {
  let attributes: Record<string, string> | undefined
  const headers: Readonly<Record<string, unknown>> = properties.headers ?? {}
  for (const name in headers) {
    // JMS clients use names with `_`.
    const attribute = /^cloudEvents[:_]([a-z0-9]+)$/.exec(name)?.[1]
    if (attribute !== undefined) (attributes ??= {})[attribute] = plain(headers[name])
  }
  const { contentType, messageId, timestamp } = properties as Readonly<
    Record<'contentType' | 'messageId' | 'timestamp', unknown>
  >
  const messageKey =
    typeof messageId === 'string' && messageId !== '' ? messageId : `${connection}.${fields.deliveryTag}`
  const key = offsetOf(headers) ?? messageKey
  return {
    attributes: attributes ?? none,
    contentType: typeof contentType === 'string' ? contentType : undefined,
    body: content,
    place: `${queue}/${key}`,
    time: typeof timestamp === 'number' ? timestamp * 1000 : undefined,
    key: fields.routingKey === '' ? undefined : fields.routingKey,
  }
}

/** Stream offset of a message; undefined for other queues. */
export function offsetOf(headers: Readonly<Record<string, unknown>> | undefined): number | undefined {
  const offset = headers?.['x-stream-offset']
  return typeof offset === 'number' ? offset : undefined
}

function plain(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value === 'object' && value !== null && '!' in value && value['!'] === 'timestamp' && 'value' in value)
    return new Date(Number(value.value) * 1000).toISOString()
  return String(value)
}
