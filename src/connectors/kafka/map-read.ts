import type { InMessage } from '../../codecs/bus-message/read.ts'

/** A record as it was read. */
export interface KafkaRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  /** Unix ms. */
  readonly time: number
  readonly key: Uint8Array | undefined
  /** The last of each name. */
  readonly headers: ReadonlyMap<string, Uint8Array>
  readonly value: Uint8Array
}

/** CloudEvents' attributes from its `ce_` headers. What is no UTF-8 has U+FFFD where it is none. */
export function fromRecord({ topic, partition, offset, time, key, headers, value }: KafkaRecord): InMessage {
  const attributes: Record<string, string> = {}
  for (const [name, text] of headers) if (name.startsWith('ce_')) attributes[name.slice(3)] = textOf(text)
  const contentType = headers.get('content-type')
  return {
    attributes, contentType: contentType === undefined ? undefined : textOf(contentType), body: value, place: `${topic}/${partition}/${offset}`,
    time: time < 0 ? undefined : time, key: key === undefined || key.length === 0 ? undefined : textOf(key),
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
