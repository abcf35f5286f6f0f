export type Offset = Readonly<{
  topic: string
  partition: number
  offset: bigint
}>

/** Start of reading in the assigned partitions. */
export type Assigned = Readonly<{
  partitions: Readonly<Record<string, readonly number[]>>
  ids: Readonly<Record<string, string>>
  /** Offsets of the first fetch, by `topic:partition`. */
  starts: ReadonlyMap<string, bigint>
  /** Offsets after the last record, by topic. */
  ends: ReadonlyMap<string, readonly bigint[]>
}>

export interface GroupHooks {
  beforeRejoin(): Promise<void>
  assigned(assigned: Assigned): readonly Offset[]
}
