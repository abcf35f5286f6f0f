import type { OutMessage } from '../../messaging/message-sink.ts'

export type KafkaMessage = Readonly<{
  topic: string
  key: string | undefined
  flowKey?: Uint8Array | undefined
  headers: Readonly<Record<string, string>>
  value: Uint8Array
  id: string
}>

export function toMessage(
  {
    attributes,
    facts,
    contentType,
    body,
    id,
    key,
  }: Pick<OutMessage, 'attributes' | 'facts' | 'contentType' | 'body' | 'id' | 'key'>,
  topic: string,
  flowKey?: Uint8Array,
): KafkaMessage {
  const headers: Record<string, string> = { id, ...facts }
  for (const [name, value] of Object.entries(attributes)) headers[`ce_${name}`] = value
  if (contentType !== undefined) headers['content-type'] = contentType
  return { topic, key, headers, value: body, id, ...(flowKey === undefined ? {} : { flowKey }) }
}
