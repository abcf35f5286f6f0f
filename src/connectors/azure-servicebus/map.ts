import { hash } from 'node:crypto'
import type { BusMessage } from '../../codecs/bus-message/index.ts'
import { withoutUndefined } from '../../model/json.ts'

export type ServiceBusMessage = Readonly<{
  body: Buffer
  applicationProperties: Record<string, string>
  contentType?: string
  messageId: string
  sessionId?: string
  partitionKey?: string
  timeToLive?: number
}>

type MessageForm = Readonly<{
  sessions: boolean
  default_session: string
  partition_key: boolean
  time_to_live: number | null
}>

/** Bytes of one property and of all; characters of a session or partition key. */
const limits = { property: 32_767, properties: 64_000, key: 128 } as const
const [perMessage, perProperty] = [768, 12]

/** A key beyond the limit is hashed. Throws the reason if a limit of Service Bus is exceeded. */
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
        `attribute ${name} exceeds the limit of Service Bus (${limits.property} bytes); use \`mode: structured\``,
      )
    properties[`cloudEvents:${name}`] = value
  }
  const bytes = bytesOf(properties)
  if (bytes > limits.properties)
    throw new Error(
      `the attributes have ${bytes} bytes, and the limit of Service Bus is ${limits.properties}; use \`mode: ` +
        `structured\``,
    )
  const session = form.sessions ? (key === undefined ? form.default_session : shortened(key)) : undefined
  const partition = form.partition_key && key !== undefined ? shortened(key) : undefined
  return {
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    applicationProperties: properties,
    messageId: id,
    ...withoutUndefined({ contentType, sessionId: session, partitionKey: partition }),
    ...(form.time_to_live === null ? {} : { timeToLive: form.time_to_live }),
  }
}

export function sizeOf({ body, applicationProperties: properties, contentType = '' }: ServiceBusMessage): number {
  return body.length + bytesOf(properties) + Buffer.byteLength(contentType) + perMessage
}

function bytesOf(properties: Readonly<Record<string, string>>) {
  let bytes = 0
  for (const [name, value] of Object.entries(properties))
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + perProperty
  return bytes
}

function shortened(key: string) {
  return key.length <= limits.key ? key : hash('sha256', key)
}
