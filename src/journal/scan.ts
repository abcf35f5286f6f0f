/** Resumes after damage at the next header with correct checksum and increasing sequence. */
import { crc32 } from 'node:zlib'
import type { DiskFile } from '../host/index.ts'
import { WeirError } from '../model/errors.ts'
import { decodeHeader, magic, type DecodedHeader } from './frame.ts'

type Scanned =
  | Readonly<{ is: 'frame'; offset: number; decoded: DecodedHeader; body: Uint8Array }>
  /** `header` when the frame's header was whole and only its body is damaged. */
  | Readonly<{ is: 'damage'; offset: number; bytes: number; header?: DecodedHeader }>
  | { readonly is: 'end' }

/** Continuing would count readable data as lost. */
function newerJournal(version: number) {
  return new WeirError('WEIR_DATA_NEWER', `the journal was written by a newer Weir (frame version ${version})`)
}

const end: Scanned = { is: 'end' }
const readAhead = 1024 * 1024
/** With large bodies, a read of headers skips them. */
const [headersAhead, headerAlone] = [1 << 16, 512]
const magicBytes = new Uint8Array(new Uint32Array([magic]).buffer)

export class SegmentScanner {
  readonly #file: DiskFile
  offset: number
  lastSequence: number
  #buffer: Uint8Array = new Uint8Array(0)
  #bufferStart = 0
  #readAhead = headersAhead

  constructor(file: DiskFile, offset: number, lastSequence: number) {
    this.#file = file
    this.offset = offset
    this.lastSequence = lastSequence
  }

  /** `limit`: file offset up to which content is complete. */
  async next(limit: number): Promise<Scanned> {
    if (this.offset >= limit) return end
    this.#readAhead = readAhead
    const header = await this.#headerAt(this.offset, limit)
    if (header === undefined || header.header.sequence <= this.lastSequence) return this.#resynchronise(limit)
    const offset = this.offset
    const bodyAt = offset + header.headerBytes
    const total = header.headerBytes + header.header.bodyBytes
    if (offset + total > limit) {
      this.lastSequence = header.header.sequence
      this.offset = limit
      return { is: 'damage', offset, bytes: limit - offset, header: header }
    }
    const body = await this.#bytes(bodyAt, header.header.bodyBytes, limit)
    this.offset = offset + total
    this.lastSequence = header.header.sequence
    if (crc32(body) !== header.bodyChecksum) return { is: 'damage', offset, bytes: total, header: header }
    return { is: 'frame', offset, decoded: header, body }
  }

  async nextHeader(limit: number): Promise<Scanned> {
    if (this.offset >= limit) return end
    const header = await this.#headerAt(this.offset, limit)
    if (header === undefined || header.header.sequence <= this.lastSequence) return this.#resynchronise(limit)
    const offset = this.offset
    const total = header.headerBytes + header.header.bodyBytes
    this.#readAhead = total < headersAhead / 4 ? headersAhead : headerAlone
    this.lastSequence = header.header.sequence
    this.offset = Math.min(limit, offset + total)
    if (offset + total > limit) return { is: 'damage', offset, bytes: limit - offset, header: header }
    return { is: 'frame', offset, decoded: header, body: new Uint8Array(0) }
  }

  async #headerAt(offset: number, limit: number): Promise<DecodedHeader | undefined> {
    let window = await this.#bytes(offset, 256, limit)
    let header = decodeHeader(window, 0)
    if (header.is === 'short' && window.length === 256) {
      window = await this.#bytes(offset, header.needed, limit)
      header = decodeHeader(window, 0)
    }
    if (header.is === 'newer') throw newerJournal(header.version)
    return header.is === 'header' ? header.decoded : undefined
  }

  async #resynchronise(limit: number): Promise<Scanned> {
    const start = this.offset
    let at = start + 1
    let onlyZeros = (await this.#bytes(start, 1, limit))[0] === 0
    while (at < limit) {
      const window = await this.#bytes(at, readAhead, limit)
      const { found, next, zeros } = this.#search(window, at + window.length >= limit ? 'last' : 'more')
      onlyZeros &&= zeros
      at += next
      if (!found) continue
      this.offset = at
      return { is: 'damage', offset: start, bytes: at - start }
    }
    this.offset = limit
    // Preallocated space.
    return onlyZeros ? end : { is: 'damage', offset: start, bytes: limit - start }
  }

  #search(window: Uint8Array, follows: 'last' | 'more'): { found: boolean; next: number; zeros: boolean } {
    const last = follows === 'last'
    const bytes = Buffer.from(window.buffer, window.byteOffset, window.byteLength)
    const zeros = (until: number) => window.subarray(0, until).every((byte) => byte === 0)
    for (let hit = bytes.indexOf(magicBytes); hit !== -1; hit = bytes.indexOf(magicBytes, hit + 1)) {
      const header = decodeHeader(window, hit)
      if (header.is === 'header' && header.decoded.header.sequence > this.lastSequence)
        return { found: true, next: hit, zeros: zeros(hit) }
      if (header.is === 'short' && !last && hit > 0) return { found: false, next: hit, zeros: zeros(hit) }
    }
    return { found: false, next: last ? window.length : Math.max(1, window.length - 3), zeros: zeros(window.length) }
  }

  /** Fewer bytes only at the limit or the end. Valid until the next call. */
  async #bytes(offset: number, length: number, limit: number): Promise<Uint8Array> {
    const available = Math.min(length, limit - offset)
    const from = offset - this.#bufferStart
    if (from >= 0 && from + available <= this.#buffer.length) return this.#buffer.subarray(from, from + available)
    const size = Math.min(Math.max(available, this.#readAhead), limit - offset)
    // Returned frames are views of the old buffer.
    const fresh = new Uint8Array(size)
    const got = await this.#file.read(fresh, offset)
    this.#buffer = fresh.subarray(0, got)
    this.#bufferStart = offset
    return this.#buffer.subarray(0, Math.min(available, got))
  }
}
