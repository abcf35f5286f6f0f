import type { Clock } from '../../host/index.ts'

/** Loki forgets a stream after half an hour without entries. */
const knownMs = 15 * 60_000
/** Loki accepts entries up to an hour older than the newest one of their stream. */
const lateMs = 30 * 60_000
/** A third of Loki's default for one stream. */
const bytesPerSecond = 1024 * 1024
const maxStreams = 100_000

interface Known {
  at: number
  since: number
  bytes: number
}

/**
 * An ingester of Loki reports the result of the last stream of a push only, which can hide a rejection of others: a new
 * stream above its limit, a late entry, or a stream above its rate.
 */
export class Isolation {
  readonly #clock: Clock
  readonly #known = new Map<string, Known>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `labels`: the stream. `oldest`: Unix ms of its first entry in this push. */
  needs(labels: string, oldest: number, bytes: number): boolean {
    const existing = this.#known.get(labels)
    const now = this.#clock.monotonic()
    if (existing === undefined || now - existing.at > knownMs || oldest < this.#clock.now() - lateMs) return true
    return bytes + (now - existing.since < 1000 ? existing.bytes : 0) > bytesPerSecond
  }

  stored(labels: string, bytes: number): void {
    const now = this.#clock.monotonic()
    const existing = this.#known.get(labels)
    if (existing === undefined) {
      if (this.#known.size >= maxStreams) this.#known.clear()
      this.#known.set(labels, { at: now, since: now, bytes })
      return
    }
    if (now - existing.since >= 1000) {
      existing.since = now
      existing.bytes = 0
    }
    existing.at = now
    existing.bytes += bytes
  }
}
