import type { RingFrame } from './ring.ts'
import type { ViewSpec } from './spec.ts'

/** One event of the stream; `data` is sent as JSON. */
export interface LiveMessage {
  readonly event: 'rows' | 'series' | 'graph' | 'gap'
  readonly data: object
}

/** Where the client stands: `live` hears everything, `paused` asked for silence, `slow` does not read what was sent. */
export type Hearing = 'live' | 'paused' | 'slow'

/** What one client sees of one stream. The stream asks it for messages when it is time; nothing is queued in between. */
export interface LiveView {
  readonly spec: ViewSpec
  /** Everything up to this sequence was sent or passed over: where a client that comes back goes on. */
  readonly cursor: number
  /** Rows that matched the filter since the view began, and how many of them the client was shown or told the sum of. */
  readonly matched: number
  readonly shown: number
  /** Rows that matched while paused. */
  readonly fresh: number
  /** What is there already; the view goes on from the newest frame. */
  snapshot(newest: number): LiveMessage | undefined
  /** The client was here before and goes on from a place in the journal; of what follows it may have seen some elsewhere. */
  catchUp(from: number, newest: number, seen?: (frame: RingFrame) => boolean): LiveMessage | undefined
  resume(how: 'catch-up' | 'now', newest: number): void
  /** Takes note of what arrived while nothing is sent. */
  countOnly(newest: number): void
  /** The same while the client does not read: what arrives is taken note of as it comes, not all at once when he reads again. */
  keepUp(newest: number): void
  /** A frame leaves the ring: what was not seen of it is counted now or never. */
  evicting(frame: RingFrame, hearing: Hearing): void
  /** What the view can no longer send, if anything; it goes on behind that. */
  gap(reason: 'evicted' | 'slow'): LiveMessage | undefined
  /** The next message, if one is due. `now` in ms of the monotonic clock. */
  tick(newest: number, now: number): LiveMessage | undefined
  /** Rows that were counted and wait in the ring to be sent. */
  pending(): number
}
