/**
 * A place in the journal. Opaque: it compares only with positions of the same partition.
 * The journal on files has one partition, `0`; buses may have several.
 */
export type Positions = Readonly<Record<string, Position>>

export interface Position {
  /** Sequence of the last frame that is covered. */
  readonly sequence: number
  /** Row number, in the partition, of the first row after it. */
  readonly row: number
}

export const filePartition = '0'
export const nowhere: Position = { sequence: 0, row: 0 }

/** The stable id of a row: the same on every redelivery, in every store, after every restart. */
export function stableId(source: string, epoch: number, sequence: number, row: number): string {
  return `${source}:${epoch}:${sequence}:${row}`
}

/** Component ids are part of stable ids and file names, so they are kept plain. */
export const componentIdPattern = /^[a-z0-9][a-z0-9._-]{0,62}$/

/** In a journal that many share, a source is one of an instance: `netflow@collector-1`. The id that the configuration knows it by. */
export function componentOf(source: string): string {
  const at = source.indexOf('@')
  return at === -1 ? source : source.slice(0, at)
}
