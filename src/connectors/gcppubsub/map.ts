import { hash } from 'node:crypto'
import type { BusMessage } from '../../codecs/bus-message/index.ts'
import type { InMessage } from '../../codecs/bus-message/read.ts'

export type PubSubMessage = Readonly<{
  data: Uint8Array
  attributes: Readonly<Record<string, string>>
  orderingKey?: string
}>

/** Attributes; bytes of a name, of a value and of an ordering key. */
const limits = { attributes: 100, name: 256, value: 1024, key: 1024 } as const
export const requestBytes = 10_000_000
const perMessage = 64

/** CloudEvents attributes become `ce-…`. A long key is hashed. Throws the reason if a limit of Pub/Sub is exceeded. */
export function toMessage(
  {
    attributes,
    facts,
    contentType,
    body,
    key,
  }: Pick<BusMessage, 'attributes' | 'facts' | 'contentType' | 'body' | 'key'>,
  { ordering }: Readonly<{ ordering: boolean }>,
): PubSubMessage {
  const all: Record<string, string> = {}
  for (const [name, value] of Object.entries(facts)) if (Buffer.byteLength(value) <= limits.value) all[name] = value
  for (const [name, value] of Object.entries(attributes)) {
    if (Buffer.byteLength(value) > limits.value || name.length + 3 > limits.name)
      throw new Error(
        `attribute ${name} exceeds the limit of Pub/Sub (${limits.value} bytes); use \`mode: structured\``,
      )
    all[`ce-${name}`] = value
  }
  if (contentType !== undefined && contentType.length <= limits.value) all['content-type'] = contentType
  if (Object.keys(all).length > limits.attributes)
    throw new Error(
      `the message exceeds the limit of Pub/Sub of ${limits.attributes} attributes; use \`mode: structured\``,
    )
  return { data: body, attributes: all, ...(!ordering || key === undefined ? {} : { orderingKey: orderingKey(key) }) }
}

function orderingKey(key: string) {
  return Buffer.byteLength(key) <= limits.key ? key : hash('sha256', key)
}

export function sizeOf({ data, attributes, orderingKey: key = '' }: PubSubMessage): number {
  let bytes = data.length + Buffer.byteLength(key) + perMessage
  for (const [name, value] of Object.entries(attributes)) bytes += name.length + Buffer.byteLength(value) + 8
  return bytes
}

type Received = Readonly<{
  messageId?: string | null
  data?: Uint8Array | string | null
  attributes?: Readonly<Record<string, string>> | null
  orderingKey?: string | null
  publishTime?: Readonly<{
    seconds?: number | string | { toString(): string } | null
    nanos?: number | null
  }> | null
}>

export function fromMessage(
  { messageId, data, attributes, orderingKey: key, publishTime }: Received,
  subscription: string,
): InMessage {
  const named: Record<string, string> = {}
  for (const [name, value] of Object.entries(attributes ?? {})) if (name.startsWith('ce-')) named[name.slice(3)] = value
  const body = typeof data === 'string' ? Buffer.from(data, 'base64') : (data ?? new Uint8Array(0))
  const seconds = Number(String(publishTime?.seconds ?? 'none'))
  return {
    attributes: named,
    contentType: attributes?.['content-type'],
    body,
    place: `${subscription}/${messageId ?? ''}`,
    time: Number.isNaN(seconds) ? undefined : seconds * 1000 + Math.floor((publishTime?.nanos ?? 0) / 1e6),
    key: key === null || key === '' ? undefined : key,
  }
}
