export type Offset = Readonly<{
  topic: string
  partition: number
  offset: bigint
}>

/** Start of reading in the assigned partitions. */
export type Assigned = Readonly<{
  partitions: Readonly<Record<string, readonly number[]>>
  /** Topic ids. */
  ids: Readonly<Record<string, string>>
  /** Offsets of the first fetch, by `topic:partition`. */
  starts: ReadonlyMap<string, bigint>
  /** Offsets after the last record, by topic. */
  ends: ReadonlyMap<string, readonly bigint[]>
}>

/** For a reader with separate positions. Each generation of the group then reads through a new stream. */
export interface GroupHooks {
  /** Before each rejoin. No records are handed out until it resolves. */
  beforeRejoin(): Promise<void>
  /** Before the first records of an assignment. Returns offsets to commit. */
  assigned(assigned: Assigned): readonly Offset[]
}
