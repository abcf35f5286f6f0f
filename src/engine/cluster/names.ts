/** Names and keys in a shared journal. Pure. */
import { murmur128 } from '../dedupe/murmur.ts'
import type { SourceTotals } from '../../journal/types.ts'
import { componentOf } from '../../model/positions.ts'
import type { SourceReport } from '../sources/sources.ts'

/** Full name of a source of one instance; each has its own sequence and totals. */
export function sharedSource(id: string, instance: string): string {
  return `${id}@${instance}`
}

/** Writer name for the transforms of a partition; reserved, so no instance may use it. */
export const partitionInstance = (partition: number): string => `partition-${partition}`
export const isPartitionInstance = (instance: string): boolean => /^partition-\d+$/.test(instance)

/**
 * Partition of a full source name. All frames of a source share a partition, which preserves their order. A plain id
 * yields the partition shared by all instances of the source.
 */
export function partitionOf(source: string, partitions: number): number {
  const [hash] = murmur128([new TextEncoder().encode(source)])
  return (hash >>> 0) % partitions
}

/** Position of a journal record. */
export interface Place {
  readonly partition: number
  readonly place: number
}

export const deadLetterKeys = 'dead-letter'
export const commandKeys = 'command'

/** Keys of the records on the bus. The texts are a stored format. */
export const keys = {
  /** The value holds epochs by instance. */
  lease: (instance: string): string => `lease/${instance}`,
  totals: (source: string): string => `totals/${source}`,
  sink: (partition: number, sink: string): string => `sink/${partition}/${sink}`,
  name: 'name',
  member: (instance: string): string => `member/${instance}`,
  leader: (id: string): string => `leader/${id}`,
  owner: (partition: number | ''): string => `owner/${partition}`,
  reached: (partition: number): string => `reached/${partition}`,
  /** `of`: `<partition>/<sink>/<id>` of a dead letter, or a prefix of it. */
  deadLetter: (of: string): string => `${deadLetterKeys}/${of}`,
  deadLetterBody: (of: string, part: number): string => `${deadLetterKeys}-body/${of}/${part}`,
  /** Newest command of one instance for the dead letters of a sink. */
  command: (partition: number, sink: string, instance: string): string =>
    `${commandKeys}/${partition}/${sink}/${instance}`,
  commands: (partition: number): string => `${commandKeys}/${partition}/`,
  commandResult: (partition: number, sink: string, instance: string): string =>
    `command-result/${partition}/${sink}/${instance}`,
} as const

/** Distance of the sequences of two records, leaving room for the parts of one unit and a checkpoint. */
export const spread = 64

export interface TotalsRecord extends Omit<SourceTotals, 'cursor'> {
  /** Base64. */
  readonly cursor?: string
  readonly epoch: number
  readonly partition: number
  /** All rows of the source up to this position of the partition are counted. */
  readonly place: number
}

/** Stored periodically by the deliverer of a partition; its successor starts reading here. */
export interface ReachedRecord {
  readonly place: number
  /** Rows by source up to `place`. */
  readonly accepted: Readonly<Record<string, number>>
}

/** Records before a position that are searched for the earlier parts of a unit. */
export const lookBack = 256

/** Reports by instance, for instances whose totals are known. Sources of a local journal stay unchanged. */
export function eachInstance(sources: readonly SourceReport[], names: readonly string[]): readonly SourceReport[] {
  const shared = names.filter((name) => componentOf(name) !== name)
  if (shared.length === 0) return sources
  const types = new Map(sources.map(({ id, type }) => [id, type]))
  return shared.map((id) => ({ id, type: types.get(componentOf(id)) ?? '', addresses: [] }))
}
