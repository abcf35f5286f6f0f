/** State of a source that reads or receives a feed. Times are Unix ms; counts are since the start. */
export type SourceFeed = Readonly<{
  records: number
  lastRecord?: number
  connected?: boolean
  /** Connections that were opened again. */
  reconnects?: number
  /** Gaps of sequence numbers. */
  gaps?: FeedGaps
  poll?: FeedPoll
  /** Rejected requests or messages, by reason. */
  refused?: Readonly<Record<string, number>>
  /** Messages that are stored as text because their format is unknown, by sender. */
  unparsed?: Readonly<Record<string, number>>
  targets?: Readonly<{ known: number; failing: number }>
  /** Why no data arrives. */
  why?: string
}>

export type FeedGaps = Readonly<{
  count: number
  missing: number
  /** `from` and `to`: first and last missing number. */
  last?: Readonly<{ time: number; key: string; from: number; to: number }>
}>

export type FeedPoll = Readonly<{
  /** The last successful one. */
  last?: number
  next?: number
  /** Position of the next request. */
  cursor?: string
}>
