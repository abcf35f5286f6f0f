import { hash } from 'node:crypto'
import type { BusMessage } from '../../codecs/bus-message/index.ts'

export interface ServiceBusMessage {
  readonly body: Buffer
  readonly applicationProperties: Record<string, string>
  readonly contentType?: string
  /** The same for every attempt at this event, by whichever Weir: what duplicate detection goes by. */
  readonly messageId: string
  readonly sessionId?: string
  readonly partitionKey?: string
  /** ms. */
  readonly timeToLive?: number
}

export interface MessageForm {
  readonly sessions: boolean
  readonly default_session: string
  readonly partition_key: boolean
  /** ms. */
  readonly time_to_live: number | null
}

/** Limits of Service Bus: bytes of one property, and of all; characters of a session or partition key. */
const limits = { property: 32_767, properties: 64_000, key: 128 } as const
/** What a message takes beside its body and properties, and a property beside its name and value, at most. */
const [perMessage, perProperty] = [768, 12]

/**
 * CloudEvents' attributes as application properties `cloudEvents:NAME`, the others by their names. A key that is longer than a session id may
 * be becomes its hash. Throws, with the reason, for what Service Bus has no place for.
 */
export function toMessage(
  {
    attributes,
    facts,
    contentType,
    body,
    id,
    key,
  }: Pick<BusMessage, 'attributes' | 'facts' | 'contentType' | 'body' | 'id' | 'key'>,
  form: MessageForm,
): ServiceBusMessage {
  const properties: Record<string, string> = { ...facts }
  for (const [name, value] of Object.entries(attributes)) {
    if (Buffer.byteLength(value) > limits.property)
      throw new Error(
        `its attribute ${name} is longer than Service Bus takes (${limits.property} bytes); \`mode: structured\` has room for it`,
      )
    properties[`cloudEvents:${name}`] = value
  }
  const bytes = bytesOf(properties)
  if (bytes > limits.properties)
    throw new Error(
      `its attributes take ${bytes} bytes, and Service Bus takes ${limits.properties}; \`mode: structured\` has room for them`,
    )
  const session = form.sessions ? (key === undefined ? form.default_session : shortened(key)) : undefined
  const partition = form.partition_key && key !== undefined ? shortened(key) : undefined
  return {
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    applicationProperties: properties,
    messageId: id,
    ...(contentType === undefined ? {} : { contentType }),
    ...(session === undefined ? {} : { sessionId: session }),
    ...(partition === undefined ? {} : { partitionKey: partition }),
    ...(form.time_to_live === null ? {} : { timeToLive: form.time_to_live }),
  }
}

/** No fewer than it takes on the wire. */
export function sizeOf({ body, applicationProperties: properties, contentType = '' }: ServiceBusMessage): number {
  return body.length + bytesOf(properties) + Buffer.byteLength(contentType) + perMessage
}

function bytesOf(properties: Readonly<Record<string, string>>): number {
  let bytes = 0
  for (const [name, value] of Object.entries(properties))
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + perProperty
  return bytes
}

function shortened(key: string): string {
  return key.length <= limits.key ? key : hash('sha256', key)
}
