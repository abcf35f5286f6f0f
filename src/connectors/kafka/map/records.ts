// Record batches of Kafka, version 2: https://kafka.apache.org/documentation/#recordbatch
import { ByteBuffer } from '../../../model/byte-buffer.ts'
import type { KafkaMessage } from '../map.ts'
import { hashOf, type Partitioner } from './partition.ts'

export function putVarint(out: ByteBuffer, value: number): void {
  out.room(5)
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  for (; rest > 127 && rest < 2 ** 31; rest >>>= 7) out.bytes[out.at++] = (rest & 127) | 128
  for (; rest > 127; rest = Math.floor(rest / 128)) out.bytes[out.at++] = (rest % 128) | 128
  out.bytes[out.at++] = rest
}

function varintLength(value: number): number {
  let [bytes, limit] = [1, 64]
  while (value >= limit) {
    bytes++
    limit *= 128
  }
  return bytes
}

const usualLength = 2

export class Records {
  readonly out: ByteBuffer
  readonly #partitioner: Partitioner
  /** Record r is the bytes from starts[r] to starts[r + 1]. */
  readonly #starts: Float64Array
  readonly #hashes: Int32Array
  count = 0

  /** For at most `capacity` records; writes into `out` from its beginning. */
  constructor(capacity: number, partitioner: Partitioner, out = new ByteBuffer()) {
    this.out = out
    out.at = 0
    this.#partitioner = partitioner
    this.#starts = new Float64Array(capacity + 1)
    this.#hashes = new Int32Array(capacity)
  }

  hash(record: number): number {
    return this.#hashes[record]!
  }

  start(record: number): number {
    return this.#starts[record]!
  }

  size(record: number): number {
    return this.start(record + 1) - this.start(record)
  }

  end(bytes: Uint8Array, from = 0, to = bytes.length): void {
    this.#hashes[this.count++] = hashOf(this.#partitioner, bytes, from, to)
    this.#starts[this.count] = this.out.at
  }

  /** Reserves the length of a value, which is appended until {@link endValue}. Returns its start. */
  beginValue(): number {
    this.out.room(usualLength)
    return (this.out.at += usualLength)
  }

  endValue(start: number): void {
    const { out } = this
    const length = out.at - start
    const shift = varintLength(length) - usualLength
    if (shift !== 0) {
      out.room(Math.max(0, shift))
      out.bytes.copyWithin(start + shift, start, start + length)
    }
    out.at = start - usualLength
    putVarint(out, length)
    out.at += length
  }

  message({ key, flowKey, value, headers, id }: KafkaMessage): void {
    const { out } = this
    const bytes = key === undefined ? flowKey : Buffer.from(key)
    if (bytes === undefined) putVarint(out, -1)
    else this.#bytes(bytes)
    this.#bytes(value)
    const entries = Object.entries(headers)
    putVarint(out, entries.length)
    for (const [name, text] of entries) {
      this.#text(name)
      this.#text(text)
    }
    this.end(bytes ?? Buffer.from(id))
  }

  #bytes(bytes: Uint8Array) {
    putVarint(this.out, bytes.length)
    this.out.raw(bytes)
  }

  #text(text: string) {
    putVarint(this.out, Buffer.byteLength(text))
    this.out.utf8(text)
  }
}

type BatchHead = Readonly<{
  producerId: bigint
  producerEpoch: number
  /** Number of the first record, by which the broker detects a repetition. */
  sequence: number
  time: number
}>

export type Compression = Readonly<{
  bitmask: number
  compress: (bytes: Buffer) => Promise<Buffer> | Buffer
}>

const headBytes = 61
/** Offset of the bytes that the length and the checksum cover. */
const [afterLength, afterChecksum] = [12, 21]

export async function recordBatch(
  records: Records,
  chosen: readonly number[],
  head: BatchHead,
  { compression, crc32c }: { compression?: Compression; crc32c: (bytes: Buffer) => number },
): Promise<Buffer> {
  let batch = framed(records, chosen, headBytes)
  if (compression !== undefined) {
    const compressed = await compression.compress(batch.subarray(headBytes))
    batch = Buffer.allocUnsafeSlow(headBytes + compressed.length)
    batch.set(compressed, headBytes)
  }
  const { producerId, producerEpoch, sequence, time } = head
  batch.writeBigInt64BE(0n, 0)
  batch.writeInt32BE(batch.length - afterLength, 8)
  batch.writeInt32BE(0, 12)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(compression?.bitmask ?? 0, 21)
  batch.writeInt32BE(chosen.length - 1, 23)
  batch.writeBigInt64BE(BigInt(time), 27)
  batch.writeBigInt64BE(BigInt(time), 35)
  batch.writeBigInt64BE(producerId, 43)
  batch.writeInt16BE(producerEpoch, 51)
  batch.writeInt32BE(sequence, 53)
  batch.writeInt32BE(chosen.length, 57)
  batch.writeUInt32BE(crc32c(batch.subarray(afterChecksum)), 17)
  return batch
}

function framed(records: Records, chosen: readonly number[], room: number): Buffer {
  let size = room
  for (let delta = 0; delta < chosen.length; delta++) {
    const length = 2 + varintLength(delta) + records.size(chosen[delta]!)
    size += varintLength(length) + length
  }
  const out = new ByteBuffer(size + 8)
  out.at = room
  const { bytes } = records.out
  for (let delta = 0; delta < chosen.length; delta++) {
    const record = chosen[delta]!
    const start = records.start(record)
    const length = records.size(record)
    putVarint(out, 2 + varintLength(delta) + length)
    out.bytes[out.at++] = 0
    out.bytes[out.at++] = 0
    putVarint(out, delta)
    bytes.copy(out.bytes, out.at, start, start + length)
    out.at += length
  }
  return out.slice()
}
