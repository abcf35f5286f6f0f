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

/** Reads records that come one after the other. */
export class RecordReader {
  readonly #names = new TextsByPlace()
  readonly #values = new TextsByPlace()

  /** CloudEvents' attributes from its `ce_` headers. What is no UTF-8 has U+FFFD where it is none. */
  read({ topic, partition, offset, time, key, headers, value }: KafkaRecord): InMessage {
    const attributes: Record<string, string> = {}
    let contentType: string | undefined
    let place = 0
    for (const [written, text] of headers) {
      const name = typeof written === 'string' ? written : this.#names.text(place, written)
      if (name.startsWith('ce_')) attributes[name.slice(3)] = this.#values.text(place, text)
      else if (name === 'content-type') contentType = this.#values.text(place, text)
      place++
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

const mostPlaces = 64

/** Headers of one record after the other have the same names and nearly all the same values: these are compared instead of decoded. */
class TextsByPlace {
  readonly #last: { readonly bytes: Uint8Array; readonly text: string }[] = []

  text(place: number, bytes: Uint8Array): string {
    const last = this.#last[place]
    if (last !== undefined && same(last.bytes, bytes)) return last.text
    const text = textOf(bytes)
    if (place < mostPlaces) this.#last[place] = { bytes, text }
    return text
  }
}

/** These are short: a call to compare them costs more than that. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  const { length } = a
  if (length !== b.length) return false
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return false
  return true
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
}
