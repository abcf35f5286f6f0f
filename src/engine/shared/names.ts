/** Names in a journal that many share. Pure. */
import { murmur128 } from '../murmur.ts'
import type { SourceTotals } from '../../journal/types.ts'

/** A source of one instance of Weir: each has its own sequence, and its own totals. */
export function sharedSource(id: string, instance: string): string {
  return `${id}@${instance}`
}

/** Which partition a source's frames are in: all in one, so that they keep their order. */
export function partitionOf(source: string, partitions: number): number {
  const [hash] = murmur128([new TextEncoder().encode(source)])
  return (hash >>> 0) % partitions
}

/** Keys of the small records. */
export const keys = {
  /** Epochs by instance. */
  lease: (instance: string): string => `lease/${instance}`,
  totals: (source: string): string => `totals/${source}`,
  sink: (partition: number, sink: string): string => `sink/${partition}/${sink}`,
  member: (instance: string): string => `member/${instance}`,
  lane: (partition: number | ''): string => `lane/${partition}`,
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
