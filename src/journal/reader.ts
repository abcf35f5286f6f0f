import { zstdDecompressSync } from 'node:zlib'
import type { Host } from '../host/index.ts'
import { releaseBuffer } from '../model/release-buffer.ts'
import type { Position } from '../model/positions.ts'
import type { Frame, FrameHeader, JournalReader, Tail, UnreadableRange } from './types.ts'
import type { SharedFrames } from './shared-frames.ts'
import { Walk, type WalkedFrame } from './walk.ts'

type ReaderOptions = Readonly<{
  host: Host
  directory: string
  after: Position
  tail: Tail
  onUnreadable?: (range: UnreadableRange) => void
  shared?: SharedFrames
}>

export function openReader(options: ReaderOptions): JournalReader {
  const walk = new Walk({
    disk: options.host.disk,
    directory: options.directory,
    after: options.after,
    ...(options.onUnreadable === undefined ? {} : { onUnreadable: options.onUnreadable }),
  })
  const parts = new Parts()
  let sequence = options.after.sequence

  async function ready(maxBytes: number): Promise<Frame[]> {
    const frames: Frame[] = []
    let bytes = 0
    while (bytes < maxBytes || frames.length === 0) {
      const durable = options.tail.durable()
      let walked: WalkedFrame | undefined
      try {
        walked = durable.sequence > sequence ? await walk.next(durable) : undefined
      } catch (error) {
        // The next call repeats the disk error.
        if (frames.length > 0) break
        throw error
      }
      if (walked === undefined) break
      sequence = walked.decoded.header.sequence
      bytes += walked.body.length
      const frame = parts.add(walked)
      if (frame !== undefined) frames.push(options.shared?.share(frame) ?? frame)
    }
    return frames
  }

  return {
    ready,
    async next(maxBytes, signal) {
      while (!signal.aborted) {
        const end = options.tail.durable().sequence
        const frames = await ready(maxBytes)
        if (frames.length > 0) return frames
        // Nothing readable up to the durable end.
        await options.tail.moved(Math.max(sequence, end), signal)
      }
      return []
    },
    pendingBytes: () => walk.pendingBytes(options.tail.durable()),
    close: () => walk.close(),
  }
}

/** Incomplete units were never accepted and are skipped. */
export class Parts {
  #pieces: WalkedFrame[] = []

  add(walked: WalkedFrame): Frame | undefined {
    const { header } = walked.decoded
    const first = this.#pieces[0]?.decoded.header
    const continues =
      first !== undefined &&
      header.part === this.#pieces.length &&
      header.source === first.source &&
      header.epoch === first.epoch &&
      header.sourceSequence === first.sourceSequence
    if (!continues) this.#pieces = []
    if (header.part !== this.#pieces.length) return undefined
    this.#pieces.push(walked)
    if (header.more) return undefined
    const pieces = this.#pieces
    this.#pieces = []
    return new StoredFrame(header, pieces)
  }
}

const spareBytes = 64

class StoredFrame implements Frame {
  readonly header: FrameHeader
  readonly firstSequence: number
  readonly #pieces: readonly WalkedFrame[]
  #body: WeakRef<Uint8Array> | undefined

  constructor(header: FrameHeader, pieces: readonly WalkedFrame[]) {
    this.header = header
    this.#pieces = pieces
    this.firstSequence = pieces[0]?.decoded.header.sequence ?? header.sequence
  }

  body(): Uint8Array {
    const bytes = this.#body?.deref()
    if (bytes !== undefined) return bytes
    const only = this.#pieces[0]
    const stored =
      this.#pieces.length === 1 && only !== undefined
        ? only.body
        : Buffer.concat(this.#pieces.map((piece) => piece.body))
    const { rawBytes } = this.header
    const body =
      only?.decoded.zstd === true
        ? zstdDecompressSync(stored, { chunkSize: rawBytes + spareBytes, maxOutputLength: Math.max(1, rawBytes) })
        : stored
    this.#body = new WeakRef(body)
    return body
  }

  release(): void {
    const body = this.#body?.deref()
    this.#body = undefined
    if (body !== undefined && this.#pieces[0]?.decoded.zstd === true)
      releaseBuffer(body, this.header.rawBytes + spareBytes)
  }
}
