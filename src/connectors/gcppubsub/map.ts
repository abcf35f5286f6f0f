import { hash } from 'node:crypto'
import type { OutMessage } from '../../bus/message-sink.ts'

export interface PubsubMessage {
  readonly data: Uint8Array
  readonly attributes: Readonly<Record<string, string>>
  /** '' for what has no key. */
  readonly orderingKey: string
  /** Bytes as Pub/Sub counts them. */
  readonly bytes: number
}

/** One that Pub/Sub can't hold. */
export interface Unwritten {
  readonly problem: string
  readonly orderingKey: string
}

/** Bytes: https://cloud.google.com/pubsub/quotas#resource_limits */
const [longestKey, longestName, longestValue, mostAttributes] = [1024, 256, 1024, 100]
/** What each message and each attribute is counted for besides. */
const [perMessage, perAttribute] = [20, 6]

/** CloudEvents' attributes as `ce-NAME`, the others by their names, the id in every mode. */
export function toMessage({ attributes, facts, contentType, body, id, key }: Pick<OutMessage, 'attributes' | 'facts' | 'contentType' | 'body' | 'id' | 'key'>): PubsubMessage | Unwritten {
  const orderingKey = key === undefined ? '' : Buffer.byteLength(key) > longestKey ? hash('sha256', key, 'base64url') : key
  const unwritten = (why: string): Unwritten => ({ problem: `can't be written as a message: ${why}`, orderingKey })
  const all: Record<string, string> = { id, ...facts }
  for (const [name, value] of Object.entries(attributes)) all[`ce-${name}`] = value
  if (contentType !== undefined) all['Content-Type'] = contentType
  const entries = Object.entries(all)
  if (entries.length > mostAttributes) return unwritten(`it has ${entries.length} attributes, and Pub/Sub takes ${mostAttributes}`)
  let bytes = body.length + Buffer.byteLength(orderingKey) + perMessage
  for (const [name, value] of entries) {
    const length = Buffer.byteLength(value)
    if (Buffer.byteLength(name) > longestName || length > longestValue) return unwritten(`its attribute ${name.slice(0, longestName)} has ${length} bytes, and Pub/Sub takes ${longestValue}; \`mode: structured\` has room for it`)
    bytes += name.length + length + perAttribute
  }
  return { data: body, attributes: all, orderingKey, bytes }
}
