import { ByteBuffer } from './byte-buffer.ts'
import { dataEncodings, eventCodes, type EventBatch } from './batches.ts'
import { DictionaryBuilder } from './dictionary.ts'
import { textHeap, type WeirEvent } from './events.ts'
import { releaseBuffer } from './release-buffer.ts'

/** Events as columns, one row at a time. */
export class EventRows {
  /** A row without an object: its data are appended here before `row`. */
  readonly data: ByteBuffer
  count = 0
  readonly #ids: string[] = []
  readonly #words = new DictionaryBuilder()
  readonly #lastText: (string | undefined)[] = eventCodes.map(() => undefined)
  readonly #lastCode = new Uint32Array(eventCodes.length)
  #capacity: number
  /** The columns of codes one after the other. */
  #codes: Uint32Array
  #dataEnds: Uint32Array
  #times: Float64Array
  #encodings: Uint8Array

  constructor(capacity = 16, dataBytes = 4096) {
    this.data = new ByteBuffer(dataBytes)
    this.#capacity = Math.max(1, capacity)
    this.#codes = new Uint32Array(this.#capacity * eventCodes.length)
    this.#dataEnds = new Uint32Array(this.#capacity + 1)
    this.#times = new Float64Array(this.#capacity)
    this.#encodings = new Uint8Array(this.#capacity)
  }

  add(event: WeirEvent): void {
    if (event.data !== undefined) this.data.raw(event.data)
    this.row(event)
  }

  row(event: Omit<WeirEvent, 'data'>): void {
    if (this.count === this.#capacity) this.#grow()
    const row = this.count++
    this.#ids.push(event.id)
    this.#put(0, row, event.source)
    this.#put(1, row, event.type)
    this.#put(2, row, event.subject)
    this.#put(3, row, event.datacontenttype)
    this.#put(4, row, event.dataschema)
    this.#put(5, row, event.extensions === undefined ? undefined : JSON.stringify(event.extensions))
    this.#put(6, row, event.family ?? 'event')
    this.#put(7, row, event.key)
    this.#put(8, row, event.ref)
    this.#times[row] = event.time ?? Number.NaN
    this.#encodings[row] = dataEncodings.indexOf(event.encoding)
    this.#dataEnds[row + 1] = this.data.at
  }

  /** Views, valid until the next row. */
  batch(): EventBatch {
    const { count } = this
    const codes = (column: number) => {
      const from = column * this.#capacity
      return this.#codes.subarray(from, from + count)
    }
    return {
      kind: 'events',
      count,
      id: textHeap(this.#ids),
      source: codes(0),
      type: codes(1),
      subject: codes(2),
      datacontenttype: codes(3),
      dataschema: codes(4),
      extensions: codes(5),
      time: this.#times.subarray(0, count),
      family: codes(6),
      key: codes(7),
      ref: codes(8),
      encoding: this.#encodings.subarray(0, count),
      data: { offsets: this.#dataEnds.subarray(0, count + 1), bytes: this.data.slice() },
      dictionary: this.#words.strings,
    }
  }

  /** Neither rows nor batches are usable afterwards. */
  release(): void {
    for (const all of [this.#codes, this.#dataEnds, this.#times, this.#encodings, this.data.bytes])
      releaseBuffer(new Uint8Array(all.buffer))
  }

  #put(column: number, row: number, text: string | undefined) {
    if (text !== this.#lastText[column]) {
      this.#lastText[column] = text
      this.#lastCode[column] = this.#words.code(text)
    }
    this.#codes[column * this.#capacity + row] = this.#lastCode[column]!
  }

  #grow() {
    const [before, after] = [this.#capacity, 2 * this.#capacity]
    const codes = new Uint32Array(after * eventCodes.length)
    for (let column = 0; column < eventCodes.length; column++)
      codes.set(this.#codes.subarray(column * before, (column + 1) * before), column * after)
    this.#codes = codes
    this.#dataEnds = larger(this.#dataEnds, new Uint32Array(after + 1))
    this.#times = larger(this.#times, new Float64Array(after))
    this.#encodings = larger(this.#encodings, new Uint8Array(after))
    this.#capacity = after
  }
}

function larger<T extends Uint8Array | Uint32Array | Float64Array>(items: T, into: T): T {
  into.set(items)
  return into
}
