import type { OutMessage } from '../../messaging/message-sink.ts'

export interface KafkaMessage {
  readonly topic: string
  readonly key: string | undefined
  /** Names and text. */
  readonly headers: Readonly<Record<string, string>>
  readonly value: Uint8Array
  /** Equal for every attempt by any instance; also the header `id`. */
  readonly id: string
}

/** CloudEvents attributes as `ce_` headers in UTF-8, others under their names. */
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
): KafkaMessage {
  const headers: Record<string, string> = { id, ...facts }
  for (const [name, value] of Object.entries(attributes)) headers[`ce_${name}`] = value
  if (contentType !== undefined) headers['content-type'] = contentType
  return { topic, key, headers, value: body, id }
}
