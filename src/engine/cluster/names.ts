/** Names in a journal that many share. Pure. */
import { murmur128 } from '../dedupe/murmur.ts'
import type { SourceTotals } from '../../journal/types.ts'
import { componentOf } from '../../model/positions.ts'
import type { SourceReport } from '../sources/sources.ts'

/** A source of one instance of Weir: each has its own sequence, and its own totals. */
export function sharedSource(id: string, instance: string): string {
  return `${id}@${instance}`
}

/** As whom transforms of a partition write, whoever delivers it: no Weir may be called so. */
export const partitionInstance = (partition: number): string => `partition-${partition}`
export const isPartitionInstance = (instance: string): boolean => /^partition-\d+$/.test(instance)

/** Which partition a source's frames are in: all in one, so that they keep their order. Given an id: that of a source which every instance of writes to the same partition. */
export function partitionOf(source: string, partitions: number): number {
  const [hash] = murmur128([new TextEncoder().encode(source)])
  return (hash >>> 0) % partitions
}

/** Where a record of the journal lies. */
export interface Place {
  readonly partition: number
  readonly place: number
}

/** What keys of dead letters begin with. */
export const letterKeys = 'letter'
/** … and of what people want of them. */
export const wishKeys = 'wish'

/** Keys of the small records. */
export const keys = {
  /** Epochs by instance. */
  lease: (instance: string): string => `lease/${instance}`,
  totals: (source: string): string => `totals/${source}`,
  sink: (partition: number, sink: string): string => `sink/${partition}/${sink}`,
  name: 'name',
  member: (instance: string): string => `member/${instance}`,
  turn: (id: string): string => `turn/${id}`,
  lane: (partition: number | ''): string => `lane/${partition}`,
  reached: (partition: number): string => `reached/${partition}`,
  /** `<partition>/<sink>/<id>` of a dead letter, or the beginning of it. */
  letter: (of: string): string => `${letterKeys}/${of}`,
  letterBody: (of: string, part: number): string => `${letterKeys}-body/${of}/${part}`,
  /** What one instance wants to be done with letters of a sink, and what the deliverer has done. */
  wish: (partition: number, sink: string, instance: string): string => `${wishKeys}/${partition}/${sink}/${instance}`,
  wishes: (partition: number): string => `${wishKeys}/${partition}/`,
  wishDone: (partition: number, sink: string, instance: string): string => `wish-done/${partition}/${sink}/${instance}`,
} as const

/** Between the sequences of two records of a partition there is room for the parts of one unit, and for a checkpoint. */
export const spread = 64

export interface TotalsRecord extends Omit<SourceTotals, 'cursor'> {
  /** Base64. */
  readonly cursor?: string
  readonly epoch: number
  readonly partition: number
  /** Everything of the source up to this place of the partition is counted. */
  readonly place: number
}

/** What whoever delivers a partition writes down now and then: whoever is next need not read what lies before. */
export interface ReachedRecord {
  readonly place: number
  /** Rows of each source up to there. */
  readonly accepted: Readonly<Record<string, number>>
}

/** Parts of a unit that goes beyond one record lie before its last: so many records back they are looked for. */
export const lookBack = 256

/** The sources of every instance, as far as something of them has come; those of a Weir that shares nothing as they are. */
export function eachInstance(sources: readonly SourceReport[], names: readonly string[]): readonly SourceReport[] {
  const shared = names.filter((name) => componentOf(name) !== name)
  if (shared.length === 0) return sources
  const types = new Map(sources.map(({ id, type }) => [id, type]))
  return shared.map((id) => ({ id, type: types.get(componentOf(id)) ?? '', addresses: [] }))
}
