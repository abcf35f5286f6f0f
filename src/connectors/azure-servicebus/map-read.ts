import type { ServiceBusReceivedMessage } from '@azure/service-bus'
import type { InMessage } from '../../codecs/bus-message/read.ts'

type Received = Pick<
  ServiceBusReceivedMessage,
  'body' | 'applicationProperties' | 'contentType' | 'sessionId' | 'partitionKey' | 'enqueuedTimeUtc'
> & { readonly sequenceNumber?: { toString(): string } }

export function fromMessage(
  {
    body,
    applicationProperties: properties = {},
    contentType,
    sessionId,
    partitionKey,
    enqueuedTimeUtc: time,
    sequenceNumber,
  }: Received,
  path: string,
): InMessage {
  const attributes: Record<string, string> = {}
  for (const [name, value] of Object.entries(properties)) {
    const attribute = /^cloudEvents[:_]([a-z0-9]+)$/.exec(name)?.[1]
    if (attribute !== undefined && value !== null) attributes[attribute] = plain(value)
  }
  return {
    attributes,
    contentType,
    body: bytesOf(body),
    place: `${path}/${String(sequenceNumber)}`,
    time: time?.getTime(),
    key: sessionId ?? partitionKey,
  }
}

export function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body
  if (Array.isArray(body) && body.every((part) => part instanceof Uint8Array)) return Buffer.concat(body)
  if (body === undefined || body === null) return new Uint8Array(0)
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function plain(value: unknown) {
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return String(value)
}
