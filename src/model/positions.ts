/** Only positions of the same partition are comparable. The journal on files has one partition, `0`. */
export type Positions = Readonly<Record<string, Position>>

export type Position = Readonly<{
  sequence: number
  /** Row number, within the partition, of the first row after it. */
  row: number
}>

export const filePartition = '0'
export const nowhere: Position = { sequence: 0, row: 0 }

/** The stable id of a row: equal on each redelivery, in each store, after each restart. */
export function stableId(source: string, epoch: number, sequence: number, row: number): string {
  return `${source}:${epoch}:${sequence}:${row}`
}

/** In a shared journal a source has the suffix of its instance: `netflow@collector-1`. */
export function componentOf(source: string): string {
  const at = source.indexOf('@')
  return at === -1 ? source : source.slice(0, at)
}
