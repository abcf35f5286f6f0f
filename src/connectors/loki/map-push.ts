/** Bodies of Loki's push API. `rows`: sorted by stream. */
import { snappyCompress } from '../../codecs/snappy/index.ts'
import type { Entries } from './map-entries.ts'
import type { Streams } from './map-labels.ts'

export type PushBody = Readonly<{
  type: string
  bytes: Uint8Array
}>

export function pushBody(
  encoding: 'protobuf' | 'json',
  entries: Entries,
  streams: Streams,
  rows: Uint32Array,
): PushBody {
  return encoding === 'json'
    ? { type: 'application/json', bytes: Buffer.from(inJson(entries, streams, rows)) }
    : { type: 'application/x-protobuf', bytes: snappyCompress(inProtobuf(entries, streams, rows)) }
}

function inJson(entries: Entries, streams: Streams, rows: Uint32Array): string {
  const texts: string[] = []
  for (let from = 0; from < rows.length;) {
    const stream = entries.stream[rows[from] ?? 0] ?? 0
    const values: string[] = []
    let to = from
    for (; to < rows.length && entries.stream[rows[to] ?? 0] === stream; to++) {
      const row = rows[to] ?? 0
      const nanos = String(entries.nanos[row] ?? 0).padStart(6, '0')
      values.push(`["${entries.ms[row] ?? 0}${nanos}",${JSON.stringify(entries.line(row))}]`)
    }
    texts.push(`{"stream":${JSON.stringify(streams.labels[stream])},"values":[${values.join(',')}]}`)
    from = to
  }
  return `{"streams":[${texts.join(',')}]}`
}

const utf8 = new TextEncoder()

// PushRequest { 1: streams }, Stream { 1: labels, 2: entries }, Entry { 1: timestamp, 2: line },
// Timestamp { 1: seconds, 2: nanoseconds }
const field1 = 0x0a
const field2 = 0x12
const seconds = 0x08
const nanoseconds = 0x10

function inProtobuf(entries: Entries, streams: Streams, rows: Uint32Array): Uint8Array {
  const sizes = new Uint32Array(rows.length)
  const parts: Readonly<{ labels: Uint8Array; from: number; to: number; size: number }>[] = []
  let total = 0
  for (let from = 0; from < rows.length;) {
    const stream = entries.stream[rows[from] ?? 0] ?? 0
    const labels = utf8.encode(streams.texts[stream] ?? '')
    let size = delimited(labels.length)
    let to = from
    for (; to < rows.length && entries.stream[rows[to] ?? 0] === stream; to++) {
      const row = rows[to] ?? 0
      sizes[to] = delimited(timeSize(entries, row)) + delimited(entries.size(row))
      size += delimited(sizes[to] ?? 0)
    }
    parts.push({ labels, from, to, size })
    total += delimited(size)
    from = to
  }
  const writer = new Writer(total)
  for (const { labels, from, to, size } of parts) {
    writer.head(field1, size)
    writer.head(field1, labels.length)
    writer.raw(labels, 0, labels.length)
    for (let at = from; at < to; at++) {
      const row = rows[at] ?? 0
      writer.head(field2, sizes[at] ?? 0)
      writer.head(field1, timeSize(entries, row))
      writer.head(seconds, secondsOf(entries, row))
      if (nanosOf(entries, row) > 0) writer.head(nanoseconds, nanosOf(entries, row))
      writer.head(field2, entries.size(row))
      writer.raw(entries.bytes, entries.starts[row] ?? 0, entries.starts[row + 1] ?? 0)
    }
  }
  return writer.bytes
}

const secondsOf = ({ ms }: Entries, row: number) => Math.floor((ms[row] ?? 0) / 1000)
const nanosOf = ({ ms, nanos }: Entries, row: number) => ((ms[row] ?? 0) % 1000) * 1_000_000 + (nanos[row] ?? 0)

function timeSize(entries: Entries, row: number) {
  const nanos = nanosOf(entries, row)
  return 1 + varintSize(secondsOf(entries, row)) + (nanos === 0 ? 0 : 1 + varintSize(nanos))
}

function delimited(length: number) {
  return 1 + varintSize(length) + length
}

function varintSize(value: number) {
  let size = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size++
  return size
}

class Writer {
  readonly bytes: Uint8Array
  #at = 0

  constructor(size: number) {
    this.bytes = new Uint8Array(size)
  }

  head(tag: number, value: number): void {
    this.bytes[this.#at++] = tag
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.bytes[this.#at++] = (rest % 128) | 128
    this.bytes[this.#at++] = rest
  }

  raw(from: Uint8Array, start: number, end: number): void {
    this.bytes.set(from.subarray(start, end), this.#at)
    this.#at += end - start
  }
}
