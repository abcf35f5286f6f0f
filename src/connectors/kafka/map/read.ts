import type { InMessage } from '../../../codecs/bus-message/read.ts'

export type KafkaRecord = Readonly<{
  topic: string
  partition: number
  offset: bigint
  /** Unix ms. */
  time: number
  key: Uint8Array | undefined
  headers: Iterable<readonly [name: string | Uint8Array, value: Uint8Array]>
  value: Uint8Array
}>

export class RecordReader {
  readonly #names = new RepeatedTexts()
  readonly #values = new RepeatedTexts()

  /** CloudEvents attributes from `ce_` headers. Invalid UTF-8 becomes U+FFFD. */
  read({ topic, partition, offset, time, key, headers, value }: KafkaRecord): InMessage {
    const attributes: Record<string, string> = {}
    let contentType: string | undefined
    let position = 0
    for (const [written, text] of headers) {
      const name = typeof written === 'string' ? written : this.#names.text(position, written)
      if (name.startsWith('ce_')) attributes[name.slice(3)] = this.#values.text(position, text)
      else if (name === 'content-type') contentType = this.#values.text(position, text)
      position++
    }
    return {
      attributes,
      contentType,
      body: value,
      place: `${topic}/${partition}/${offset}`,
      time: time < 0 ? undefined : time,
      key: key === undefined || key.length === 0 ? undefined : textOf(key),
    }
  }
}

const maxTexts = 64

class RepeatedTexts {
  readonly #last: Readonly<{ bytes: Uint8Array; text: string }>[] = []

  text(index: number, bytes: Uint8Array): string {
    const last = this.#last[index]
    if (last !== undefined && same(last.bytes, bytes)) return last.text
    const text = textOf(bytes)
    if (index < maxTexts) this.#last[index] = { bytes, text }
    return text
  }
}

function same(a: Uint8Array, b: Uint8Array) {
  const { length } = a
  if (length !== b.length) return false
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return false
  return true
}

function textOf(bytes: Uint8Array) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
}
