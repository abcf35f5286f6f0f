import { eventCodes, type EventBatch, type Heap } from '../../model/batches.ts'
import { DictionaryBuilder } from '../../model/dictionary.ts'

type CodeName = (typeof eventCodes)[number]

export const slot: Readonly<Record<CodeName, number>> = {
  source: 0,
  type: 1,
  subject: 2,
  datacontenttype: 3,
  dataschema: 4,
  extensions: 5,
  family: 6,
  key: 7,
  ref: 8,
}

class HeapBuilder {
  readonly ends: number[] = []
  length = 0
  #bytes: Buffer

  constructor(room: number) {
    this.#bytes = Buffer.allocUnsafe(room)
  }

  take(from: Buffer, start: number, end: number): void {
    const size = end - start
    this.#reserve(size)
    if (size < 48) for (let i = 0; i < size; i++) this.#bytes[this.length + i] = from[start + i]!
    else from.copy(this.#bytes, this.length, start, end)
    this.length += size
    this.ends.push(this.length)
  }

  takeText(text: string, encoding: 'utf8' | 'base64'): void {
    this.#reserve(Buffer.byteLength(text, encoding))
    this.length += this.#bytes.write(text, this.length, encoding)
    this.ends.push(this.length)
  }

  takeNothing(): void {
    this.ends.push(this.length)
  }

  #reserve(size: number) {
    if (this.length + size <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.length + size, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.length)
    this.#bytes = larger
  }

  finish(): Heap {
    const offsets = new Uint32Array(this.ends.length + 1)
    for (let i = 0; i < this.ends.length; i++) offsets[i + 1] = this.ends[i]!
    // Exact size, because the batch must not retain a larger buffer.
    return { offsets, bytes: new Uint8Array(this.#bytes.subarray(0, this.length)) }
  }
}

export class ColumnsBuilder {
  readonly dictionary = new DictionaryBuilder()
  readonly id: HeapBuilder
  readonly data: HeapBuilder
  /** By {@link slot}; cleared by `endRow`. */
  readonly codes = new Uint32Array(eventCodes.length)
  readonly #rows: number[] = []
  readonly #times: number[] = []
  readonly #encodings: number[] = []

  constructor(bytes: number) {
    this.id = new HeapBuilder(Math.min(bytes, 4096))
    this.data = new HeapBuilder(bytes)
  }

  /** `encoding`: index into `dataEncodings`. */
  endRow(time: number, encoding: number): void {
    for (let i = 0; i < this.codes.length; i++) this.#rows.push(this.codes[i]!)
    this.codes.fill(0)
    this.#times.push(time)
    this.#encodings.push(encoding)
  }

  finish(): EventBatch {
    const count = this.#times.length
    const column = (name: CodeName): Uint32Array => {
      const values = new Uint32Array(count)
      for (let row = 0, at = slot[name]; row < count; row++, at += eventCodes.length) values[row] = this.#rows[at]!
      return values
    }
    return {
      kind: 'events',
      count,
      dictionary: this.dictionary.strings,
      id: this.id.finish(),
      source: column('source'),
      type: column('type'),
      subject: column('subject'),
      datacontenttype: column('datacontenttype'),
      dataschema: column('dataschema'),
      extensions: column('extensions'),
      time: Float64Array.from(this.#times),
      family: column('family'),
      key: column('key'),
      ref: column('ref'),
      encoding: Uint8Array.from(this.#encodings),
      data: this.data.finish(),
    }
  }
}
