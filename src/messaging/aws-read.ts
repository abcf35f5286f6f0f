import type { InMessage } from '../codecs/bus-message/read.ts'

type Received = Readonly<{
  MessageId?: string | undefined
  Body?: string | undefined
  Attributes?: Readonly<Record<string, string>> | undefined
  MessageAttributes?: Readonly<Record<string, { readonly StringValue?: string | undefined }>> | undefined
}>

type Notification = Readonly<{
  Type: 'Notification'
  Message: string
  MessageAttributes?: Readonly<Record<string, { readonly Value?: unknown }>>
}>

/** Removes the SNS envelope, unescapes attributes, and yields the body as bytes. Messages of a group are ordered. */
export function fromSqs(
  { MessageId: id = '', Body: text = '', Attributes: system = {}, MessageAttributes: attributes = {} }: Received,
  queue: string,
): InMessage {
  const wrapped = notificationIn(text)
  const written =
    wrapped === undefined
      ? Object.entries(attributes).map(([name, { StringValue: value }]) => [name, value] as const)
      : Object.entries(wrapped.MessageAttributes ?? {}).map(([name, { Value: value }]) => [name, value] as const)
  const named = new Map(
    written.flatMap(([name, value]) =>
      typeof value === 'string' ? [[plainName(name), plainValue(value)] as const] : [],
    ),
  )
  const body = wrapped?.Message ?? text
  const sent = Number(system['SentTimestamp'])
  return {
    attributes: Object.fromEntries(
      [...named].flatMap(([name, value]) => (name.startsWith('ce-') ? [[name.slice(3), value]] : [])),
    ),
    contentType: named.get('content-type'),
    body: named.get('base64encoded') === 'true' ? Buffer.from(body, 'base64') : Buffer.from(body),
    place: `${queue}/${id}`,
    time: Number.isNaN(sent) ? undefined : sent,
    key: system['MessageGroupId'],
  }
}

function notificationIn(text: string): Notification | undefined {
  if (!text.startsWith('{') || !text.includes('"TopicArn"')) return undefined
  try {
    const document = JSON.parse(text) as Partial<Notification> & { readonly TopicArn?: unknown }
    return document.Type === 'Notification' &&
      typeof document.Message === 'string' &&
      typeof document.TopicArn === 'string'
      ? (document as Notification)
      : undefined
  } catch {
    return undefined
  }
}

function plainName(name: string) {
  return name.replaceAll(/__0x([0-9a-fA-F]{1,6})__/g, (whole, code: string) =>
    Number.parseInt(code, 16) <= 0x10ffff ? String.fromCodePoint(Number.parseInt(code, 16)) : whole,
  )
}

function plainValue(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
