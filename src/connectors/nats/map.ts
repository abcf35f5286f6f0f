import { checkHeader, encodeHeader } from '../../codecs/cloudevents/index.ts'
import type { OutMessage } from '../../messaging/message-sink.ts'

export type NatsMessage = Readonly<{
  subject: string
  headers: Readonly<Record<string, string>>
  data: Uint8Array
  messageId: string
}>

/** CloudEvents attributes become `ce-` headers; values are percent-encoded as in HTTP. */
export function toMessage(
  {
    attributes,
    facts,
    contentType,
    body,
    id,
  }: Pick<OutMessage, 'attributes' | 'facts' | 'contentType' | 'body' | 'id'>,
  subject: string,
): NatsMessage {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(facts)) headers[name] = encodeHeader(value)
  for (const [name, value] of Object.entries(attributes)) headers[`ce-${name}`] = encodeHeader(value)
  if (contentType !== undefined) headers['content-type'] = checkHeader(contentType)
  return { subject, headers, data: body, messageId: id }
}
