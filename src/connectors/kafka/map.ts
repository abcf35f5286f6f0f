import type { OutMessage } from '../../messaging/message-sink.ts'

export interface KafkaMessage {
  readonly topic: string
  readonly key: string | undefined
  /** Key of a flow's record, which chooses the partition. Flows of one key are not ordered over failures. */
  readonly flowKey?: Uint8Array | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly value: Uint8Array
  /** The same for every attempt by any instance; also the header `id`. */
  readonly id: string
}

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
