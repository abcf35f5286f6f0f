import type { InMessage } from '../../codecs/bus-message/read.ts'

/** A record as it was read. */
export interface KafkaRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  /** Unix ms. */
  readonly time: number
  readonly key: Uint8Array | undefined
  /** Of two of one name the last counts. */
  readonly headers: Iterable<readonly [name: string | Uint8Array, value: Uint8Array]>
  readonly value: Uint8Array
}

/** CloudEvents' attributes from its `ce_` headers. What is no UTF-8 has U+FFFD where it is none. */
export function fromRecord({ topic, partition, offset, time, key, headers, value }: KafkaRecord): InMessage {
  const attributes: Record<string, string> = {}
  let contentType: string | undefined
  for (const [written, text] of headers) {
    const name = typeof written === 'string' ? written : textOf(written)
    if (name.startsWith('ce_')) attributes[name.slice(3)] = textOf(text)
    else if (name === 'content-type') contentType = textOf(text)
  }
  return {
    attributes, contentType, body: value, place: `${topic}/${partition}/${offset}`,
    time: time < 0 ? undefined : time, key: key === undefined || key.length === 0 ? undefined : textOf(key),
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
}
