import type { Frame } from '../../journal/types.ts'
import { decodeBatch } from '../../journal/bodies.ts'
import type { Batch, BatchKind } from '../../model/batches.ts'

/** A frame of the ring. Its body is decoded when somebody looks at it, and once. */
export class RingFrame {
  readonly frame: Frame
  #batch: Batch | undefined

  constructor(frame: Frame) {
    this.frame = frame
  }

  get sequence(): number {
    return this.frame.header.sequence
  }

  get count(): number {
    return this.frame.header.count
  }

  get batch(): Batch {
    this.#batch ??= decodeBatch(this.frame.header.kind as BatchKind, this.frame.body())
    return this.#batch
  }
}

/**
 * The newest frames of one kind, bounded by rows and by bytes (uncompressed); a single frame is kept whatever its size.
 * Everybody reads it from their own place; it waits for nobody.
 */
export class Ring {
  readonly #frames: RingFrame[] = []
  readonly #maxRows: number
  readonly #maxBytes: number
  #rows = 0
  #bytes = 0
  #evicted = 0
  /** Told of each frame before it leaves. */
  onEvict: (frame: RingFrame) => void = () => {}

  constructor(maxRows: number, maxBytes: number) {
    this.#maxRows = maxRows
    this.#maxBytes = maxBytes
  }

  /** Highest sequence that is certainly no longer (or never was) here. */
  get evicted(): number {
    return this.#evicted
  }

  /** Lowest sequence here; undefined while empty. */
  get first(): number | undefined {
    return this.#frames[0]?.sequence
  }

  get rows(): number {
    return this.#rows
  }

  /** What came before the ring began to listen was never here. */
  startAfter(sequence: number): void {
    const before = this.first === undefined ? sequence : Math.min(sequence, this.first - 1)
    this.#evicted = Math.max(this.#evicted, before)
  }

  push(frame: Frame): void {
    this.#frames.push(new RingFrame(frame))
    this.#rows += frame.header.count
    this.#bytes += frame.header.rawBytes
    while (this.#frames.length > 1 && (this.#rows > this.#maxRows || this.#bytes > this.#maxBytes)) this.#dropOldest()
  }

  #dropOldest(): void {
    const oldest = this.#frames[0]
    if (oldest === undefined) return
    this.onEvict(oldest)
    this.#frames.shift()
    this.#rows -= oldest.count
    this.#bytes -= oldest.frame.header.rawBytes
    this.#evicted = oldest.sequence
  }

  /** Frames after a sequence, oldest first. */
  after(sequence: number): RingFrame[] {
    let at = this.#frames.length
    while (at > 0 && (this.#frames[at - 1]?.sequence ?? 0) > sequence) at--
    return this.#frames.slice(at)
  }
}
