import type { RingFrame } from './ring.ts'
import type { ViewSpec } from './spec.ts'

/** One event of the stream; `data` is sent as JSON. */
export interface LiveMessage {
  readonly event: 'rows' | 'series' | 'graph' | 'gap'
  readonly data: object
}

/** `live`: receives everything. `paused`: on request. `slow`: the socket is full. */
export type ClientState = 'live' | 'paused' | 'slow'

/** One client's view of one stream. The stream requests messages when they are due; nothing is queued in between. */
export interface LiveView {
  readonly spec: ViewSpec
  /** Everything up to this sequence was sent or skipped: the position from which the client resumes. */
  readonly cursor: number
  /** Rows that matched the filter since the view began, and how many of them were sent or summed. */
  readonly matched: number
  readonly shown: number
  /** Rows that matched while paused. */
  readonly fresh: number
  /** The present content; the view continues from the newest frame. */
  snapshot(newest: number): LiveMessage | undefined
  /** Resumes from a position. `seen` selects frames that the client received from another server. */
  catchUp(from: number, newest: number, seen?: (frame: RingFrame) => boolean): LiveMessage | undefined
  resume(how: 'catch-up' | 'now', newest: number): void
  /** Counts new rows while nothing is sent. */
  countOnly(newest: number): void
  /** As {@link countOnly} for a slow client: counts on arrival, so that resuming is cheap. */
  keepUp(newest: number): void
  /** Counts unseen rows of a frame before the ring evicts it. */
  evicting(frame: RingFrame, hearing: ClientState): void
  /** Reports evicted rows that were not sent, if any; the view continues after them. */
  gap(reason: 'evicted' | 'slow'): LiveMessage | undefined
  /** The next message if one is due. `now` in ms of the monotonic clock. */
  tick(newest: number, now: number): LiveMessage | undefined
  /** Counted rows in the ring that are still to be sent. */
  pending(): number
}
