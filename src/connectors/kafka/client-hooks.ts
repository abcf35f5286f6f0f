export interface Offset {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
}

/** Start of reading in the assigned partitions. */
export interface Assigned {
  readonly partitions: Readonly<Record<string, readonly number[]>>
  /** Topic ids. */
  readonly ids: Readonly<Record<string, string>>
  /** Offsets of the first fetch, by `topic:partition`. */
  readonly starts: ReadonlyMap<string, bigint>
  /** Offsets after the last record, by topic. */
  readonly ends: ReadonlyMap<string, readonly bigint[]>
}

/** For a reader with separate positions. Each generation of the group then reads through a new stream. */
export interface GroupHooks {
  /** Before each rejoin. No records are handed out until it resolves. */
  beforeRejoin(): Promise<void>
  /** Before the first records of an assignment. Returns offsets to commit. */
  assigned(assigned: Assigned): readonly Offset[]
}
