import type { Timers } from '../../host/index.ts'
import type { Frame, JournalReader } from '../../journal/types.ts'
import type { DeliverySettings } from './settings.ts'

const maxFrames = 64
/** Frames are larger in memory: object changes compress to a thirtieth. */
const maxUnpacked = 2
const pauseMs = 200

export class RangeSource {
  readonly #reader: JournalReader
  readonly #timers: Timers
  readonly #beforeWaiting: () => Promise<void>
  #ahead: Frame[] = []

  constructor(reader: JournalReader, timers: Timers, beforeWaiting: () => Promise<void>) {
    this.#reader = reader
    this.#timers = timers
    this.#beforeWaiting = beforeWaiting
  }

  /** Up to sequence `until`, else up to a batch; none on abort. `gone`: no frame up to `until` is readable. */
  async next(
    batch: DeliverySettings['batch'],
    until: number | undefined,
    signal: AbortSignal,
  ): Promise<Frame[] | 'gone'> {
    const frames = this.#ahead
    let left = batch.waitMs
    while (!isEnough(frames, batch.bytes, until) && !signal.aborted) {
      const more = frames.length === 0 ? await this.#next(batch.bytes, signal) : await this.#reader.ready(batch.bytes)
      frames.push(...more)
      if (more.length > 0) continue
      if (frames.length === 0 || left <= 0 || until !== undefined || rowsIn(frames) >= batch.events) break
      const pause = Math.min(left, pauseMs)
      left -= pause
      await this.#timers.sleep(pause, signal)
    }
    const cut =
      until === undefined ? enough(frames, batch.bytes) : frames.findIndex((frame) => frame.header.sequence > until)
    this.#ahead = cut === -1 ? [] : frames.splice(cut)
    return cut === 0 ? 'gone' : frames
  }

  get aheadBytes(): number {
    return this.#ahead.reduce((sum, { header }) => sum + header.bodyBytes, 0)
  }

  putBack(frames: readonly Frame[]): void {
    this.#ahead = [...frames, ...this.#ahead]
  }

  /** Waits for the first frame. */
  async #next(bytes: number, signal: AbortSignal): Promise<Frame[]> {
    const ready = await this.#reader.ready(bytes)
    if (ready.length > 0) return ready
    await this.#beforeWaiting()
    return this.#reader.next(bytes, signal)
  }
}

const rowsIn = (frames: readonly Frame[]) => frames.reduce((sum, { header }) => sum + header.count, 0)

function isEnough(frames: readonly Frame[], bytes: number, until: number | undefined) {
  if (until !== undefined) return (frames.at(-1)?.header.sequence ?? 0) >= until
  return enough(frames, bytes) !== -1
}

function enough(frames: readonly Frame[], bytes: number): number {
  let [stored, unpacked] = [0, 0]
  for (const [index, { header }] of frames.entries()) {
    stored += header.bodyBytes
    unpacked += header.rawBytes
    if (index + 1 >= maxFrames || stored >= bytes || unpacked >= maxUnpacked * bytes) return index + 1
  }
  return -1
}
