import type { Frame } from '../../journal/types.ts'
import { frameBatch } from '../../journal/shared-frames.ts'
import type { Batch } from '../../model/batches.ts'
import { originOf, type Origin } from '../../model/origins.ts'

export class RingFrame {
  readonly frame: Frame
  readonly #onUse: (frame: RingFrame) => void
  #batch: Batch | undefined
  #origin: { readonly of: Origin | undefined } | undefined

  constructor(frame: Frame, inspected: (frame: RingFrame) => void = () => {}) {
    this.frame = frame
    this.#onUse = inspected
  }

  get origin(): Origin | undefined {
    return (this.#origin ??= { of: originOf(this.frame.header.cursor) }).of
  }

  get sequence(): number {
    return this.frame.header.sequence
  }

  get count(): number {
    return this.frame.header.count
  }

  /** For a unit in several parts, the whole size. */
  get bytes(): number {
    const { part, bodyBytes, rawBytes } = this.frame.header
    return part === 0 ? bodyBytes : rawBytes
  }

  get batch(): Batch {
    this.#batch ??= frameBatch(this.frame)
    this.#onUse(this)
    return this.#batch
  }

  /** Otherwise the batch lasts while something else uses it. */
  get isDecoded(): boolean {
    return this.#batch !== undefined
  }

  forget(): void {
    this.#batch = undefined
  }
}

/** The first limit reached applies. The cache of decoded frames may take as many bytes again. */
type RingLimits = Readonly<{
  rows: number
  bytes: number
  ageMs: number
}>

/** The newest frames of one kind, at least one. Readers keep their own positions and never block it. */
export class Ring {
  #frames: (RingFrame | undefined)[] = []
  #head = 0
  readonly #limits: RingLimits
  #rows = 0
  #bytes = 0
  #evicted = 0
  #since = Number.POSITIVE_INFINITY
  readonly #decoded = new Set<RingFrame>()
  #decodedBytes = 0
  onEvict: (frame: RingFrame) => void = () => {}

  constructor(limits: RingLimits) {
    this.#limits = limits
  }

  get evicted(): number {
    return this.#evicted
  }

  get first(): number | undefined {
    return this.#frames[this.#head]?.sequence
  }

  get rows(): number {
    return this.#rows
  }

  get since(): number {
    return this.#since
  }

  /** Everything up to `sequence` counts as never present. `now` in Unix ms. */
  startAfter(sequence: number, now: number): void {
    const before = this.first === undefined ? sequence : Math.min(sequence, this.first - 1)
    this.#evicted = Math.max(this.#evicted, before)
    this.#since = Math.min(this.#since, now)
  }

  push(frame: Frame): void {
    const held = new RingFrame(frame, (inspected) => this.#onUse(inspected))
    this.#frames.push(held)
    this.#rows += held.count
    this.#bytes += held.bytes
    const { rows, bytes, ageMs } = this.#limits
    const oldest = frame.header.received - ageMs
    while (
      this.#frames.length - this.#head > 1 &&
      (this.#rows > rows || this.#bytes > bytes || (this.#frames[this.#head]?.frame.header.received ?? 0) < oldest)
    )
      this.#dropOldest()
  }

  #dropOldest() {
    const oldest = this.#frames[this.#head]
    if (oldest === undefined) return
    this.onEvict(oldest)
    this.#frames[this.#head++] = undefined
    // Rarely, so that eviction takes amortized constant time.
    if (this.#head > 1024 && this.#head * 2 > this.#frames.length) {
      this.#frames = this.#frames.slice(this.#head)
      this.#head = 0
    }
    this.#rows -= oldest.count
    this.#bytes -= oldest.bytes
    this.#evicted = oldest.sequence
    this.#since = Math.max(this.#since, oldest.frame.header.received + 1)
    this.#forget(oldest)
  }

  #onUse(frame: RingFrame) {
    if (this.#decoded.delete(frame)) {
      this.#decoded.add(frame)
      return
    }
    this.#decoded.add(frame)
    this.#decodedBytes += frame.frame.header.rawBytes
    for (const decoded of this.#decoded) {
      if (this.#decodedBytes <= this.#limits.bytes || decoded === frame) return
      this.#forget(decoded)
    }
  }

  #forget(frame: RingFrame) {
    frame.forget()
    if (this.#decoded.delete(frame)) this.#decodedBytes -= frame.frame.header.rawBytes
  }

  after(sequence: number): RingFrame[] {
    let [low, high] = [this.#head, this.#frames.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#frames[middle]?.sequence ?? 0) > sequence) high = middle
      else low = middle + 1
    }
    return this.#frames.slice(low) as RingFrame[]
  }
}
