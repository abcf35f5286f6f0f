import { dataEncodings, type DataEncoding, type EventBatch, type Family, type Heap } from './batches.ts'
import { DictionaryBuilder } from './dictionary.ts'

/** One event as an object, for the edges of the system (HTTP, buses, console), never for the hot path. */
export type WeirEvent = Readonly<{
  id: string
  source: string
  type: string
  subject?: string
  time?: number
  datacontenttype?: string
  dataschema?: string
  extensions?: Readonly<Record<string, string | number | boolean>>
  family?: Family
  key?: string
  ref?: string
  encoding: DataEncoding
  data?: Uint8Array
}>

const utf8 = new TextEncoder()
const fromUtf8 = new TextDecoder()

function heap(items: readonly (Uint8Array | undefined)[], room?: Uint8Array): Heap {
  const offsets = new Uint32Array(items.length + 1)
  let total = 0
  items.forEach((item, index) => {
    total += item?.length ?? 0
    offsets[index + 1] = total
  })
  const bytes = room !== undefined && room.length >= total ? room.subarray(0, total) : new Uint8Array(total)
  items.forEach((item, index) => {
    if (item !== undefined) bytes.set(item, offsets[index])
  })
  return { offsets, bytes }
}

/** Fast path: ASCII texts are encoded at once, because each has as many bytes as UTF-16 units. */
export function textHeap(texts: readonly string[]): Heap {
  const joined = texts.join('')
  const bytes = utf8.encode(joined)
  if (bytes.length !== joined.length) return heap(texts.map((text) => utf8.encode(text)))
  const offsets = new Uint32Array(texts.length + 1)
  for (let index = 0, total = 0; index < texts.length; index++) offsets[index + 1] = total += texts[index]?.length ?? 0
  return { offsets, bytes }
}

export function heapItem(from: Heap, row: number): Uint8Array {
  return from.bytes.subarray(from.offsets[row], from.offsets[row + 1])
}

/** If the events' data fits into `room`, it is written there, from its beginning. */
export function toEventBatch(events: readonly WeirEvent[], room?: Uint8Array): EventBatch {
  const words = new DictionaryBuilder()
  const codes = (pick: (event: WeirEvent) => string | undefined): Uint32Array => {
    const all = new Uint32Array(events.length)
    let [last, code]: [string | undefined, number] = [undefined, 0]
    events.forEach((event, row) => {
      const text = pick(event)
      if (text !== last) [last, code] = [text, words.code(text)]
      all[row] = code
    })
    return all
  }
  return {
    kind: 'events',
    count: events.length,
    id: textHeap(events.map((event) => event.id)),
    source: codes((event) => event.source),
    type: codes((event) => event.type),
    subject: codes((event) => event.subject),
    datacontenttype: codes((event) => event.datacontenttype),
    dataschema: codes((event) => event.dataschema),
    extensions: codes((event) => (event.extensions === undefined ? undefined : JSON.stringify(event.extensions))),
    time: Float64Array.from(events, (event) => event.time ?? Number.NaN),
    family: codes((event) => event.family ?? 'event'),
    key: codes((event) => event.key),
    ref: codes((event) => event.ref),
    encoding: Uint8Array.from(events, (event) => dataEncodings.indexOf(event.encoding)),
    data: heap(
      events.map((event) => event.data),
      room,
    ),
    dictionary: words.strings,
  }
}

export function eventId(batch: EventBatch, row: number): string {
  return fromUtf8.decode(heapItem(batch.id, row))
}

export function eventAt(batch: EventBatch, row: number): WeirEvent {
  const word = (codes: Uint32Array) => {
    const code = codes[row] ?? 0
    return code === 0 ? undefined : batch.dictionary[code]
  }
  const time = batch.time[row] ?? Number.NaN
  const encoding = dataEncodings[batch.encoding[row] ?? 0] ?? 'none'
  const subject = word(batch.subject)
  const datacontenttype = word(batch.datacontenttype)
  const dataschema = word(batch.dataschema)
  const extensions = word(batch.extensions)
  const key = word(batch.key)
  const ref = word(batch.ref)
  return {
    id: eventId(batch, row),
    source: word(batch.source) ?? '',
    type: word(batch.type) ?? '',
    family: (word(batch.family) ?? 'event') as Family,
    encoding,
    ...(subject === undefined ? {} : { subject }),
    ...(Number.isNaN(time) ? {} : { time }),
    ...(datacontenttype === undefined ? {} : { datacontenttype }),
    ...(dataschema === undefined ? {} : { dataschema }),
    ...(extensions === undefined ? {} : { extensions: JSON.parse(extensions) as NonNullable<WeirEvent['extensions']> }),
    ...(key === undefined ? {} : { key }),
    ...(ref === undefined ? {} : { ref }),
    ...(encoding === 'none' ? {} : { data: heapItem(batch.data, row) }),
  }
}
