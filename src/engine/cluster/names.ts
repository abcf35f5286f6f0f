import { murmur128 } from '../dedupe/murmur.ts'
import type { SourceTotals } from '../../journal/types.ts'
import { componentOf } from '../../model/positions.ts'
import type { SourceReport } from '../sources/sources.ts'

export function sharedSource(id: string, instance: string): string {
  return `${id}@${instance}`
}

export const partitionInstance = (partition: number): string => `partition-${partition}`
export const isPartitionInstance = (instance: string): boolean => /^partition-\d+$/.test(instance)

/** The writer of alert events: the instance that evaluates the rules claims it. */
export const evaluatorInstance = 'alert-evaluator'

export const isReservedInstance = (instance: string): boolean =>
  isPartitionInstance(instance) || instance === evaluatorInstance

/** One partition per name preserves the order of frames; a plain id yields the partition of all instances. */
export function partitionOf(source: string, partitions: number): number {
  const [hash] = murmur128([new TextEncoder().encode(source)])
  return (hash >>> 0) % partitions
}

export type Place = Readonly<{
  partition: number
  place: number
}>

export const deadLetterKeys = 'dead-letter'
export const commandKeys = 'command'

/** Keys of the records on the bus: a stored format. */
export const keys = {
  lease: (instance: string) => `lease/${instance}`,
  totals: (source: string) => `totals/${source}`,
  sinks: 'sink/',
  sink: (partition: number, sink: string) => `sink/${partition}/${sink}`,
  configured: 'configured/',
  configuredBy: (sink: string, instance: string) => `configured/${sink}/${instance}`,
  joined: (instance: string) => `joined/${instance}`,
  name: 'name',
  member: (instance: string) => `member/${instance}`,
  leader: (id: string) => `leader/${id}`,
  owner: (partition: number | '') => `owner/${partition}`,
  reached: (partition: number) => `reached/${partition}`,
  /** `of`: `<partition>/<sink>/<id>`, or a prefix. */
  deadLetter: (of: string) => `${deadLetterKeys}/${of}`,
  deadLetterBody: (of: string, part: number) => `${deadLetterKeys}-body/${of}/${part}`,
  command: (partition: number, sink: string, instance: string) => `${commandKeys}/${partition}/${sink}/${instance}`,
  commands: (partition: number) => `${commandKeys}/${partition}/`,
  commandResult: (partition: number, sink: string, instance: string) =>
    `command-result/${partition}/${sink}/${instance}`,
} as const

/** Sequences per record: room for the parts of one unit and a checkpoint. */
export const spread = 64

export interface TotalsRecord extends Omit<SourceTotals, 'cursor'> {
  readonly cursor?: string
  readonly epoch: number
  readonly partition: number
  /** Position in the partition up to which rows are counted. */
  readonly place: number
}

export type ReachedRecord = Readonly<{
  place: number
  accepted: Readonly<Record<string, number>>
}>

/** Records searched backwards for earlier parts of a unit. */
export const lookBack = 256

export function eachInstance(sources: readonly SourceReport[], names: readonly string[]): readonly SourceReport[] {
  const shared = names.filter((name) => componentOf(name) !== name)
  if (shared.length === 0) return sources
  const types = new Map(sources.map(({ id, type }) => [id, type]))
  return shared.map((id) => ({ id, type: types.get(componentOf(id)) ?? '', addresses: [] }))
}
