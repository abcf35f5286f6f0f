import type { RingFrame } from './ring.ts'
import type { ViewSpec } from './spec.ts'

export type LiveMessage = Readonly<{
  event: 'rows' | 'series' | 'graph' | 'gap'
  data: object
}>

/** `live`: receives everything. `paused`: on request. `slow`: the socket is full. */
export type ClientState = 'live' | 'paused' | 'slow'

/** One client's view of one stream. The stream requests messages when they are due. */
export type LiveView = Readonly<{
  spec: ViewSpec
  cursor: number
  /** Rows that matched since the view began; rows sent or summed. */
  matched: number
  shown: number
  fresh: number
  snapshot(newest: number): LiveMessage | undefined
  catchUp(from: number, newest: number, seen?: (frame: RingFrame) => boolean): LiveMessage | undefined
  resume(how: 'catch-up' | 'now', newest: number): void
  countOnly(newest: number): void
  /** For a slow client: counts on arrival, so that resuming is cheap. */
  keepUp(newest: number): void
  /** Counts unseen rows before the ring evicts the frame. */
  evicting(frame: RingFrame, state: ClientState): void
  gap(reason: 'evicted' | 'slow'): LiveMessage | undefined
  /** `now` in ms of the monotonic clock. */
  tick(newest: number, now: number): LiveMessage | undefined
  pending(): number
}>
