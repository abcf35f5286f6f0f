import { comparedTime, doubleEstimates } from '../../model/computed-columns.ts'
import type { StoredFile } from '../record.ts'
import { fileColumns, hasColumn } from '../schema.ts'
import { isReceivedWithin, type TimeBounds } from './receipt.ts'

/** Those of `src/model/computed-columns.ts` that a statement names. */
export type ComputedColumns = Readonly<{
  names: readonly string[]
  /** Of all comparisons with the compared time. */
  received: TimeBounds | undefined
}>

/** SQL of the columns for the rows of a file. */
export function computedOf(file: StoredFile, { names, received }: ComputedColumns): readonly string[] {
  return names.map(
    (name) => `${name === comparedTime ? timeSql(file, received) : estimateSql(file, name)} AS "${name}"`,
  )
}

function timeSql(file: StoredFile, received: TimeBounds | undefined) {
  if (received === undefined || !isReceivedWithin(file, received)) return '"time_received"'
  // The same of all files, so that they need one scan.
  return `make_timestamptz(${Math.floor(((received.from + received.to) / 2) * 1000)})`
}

export function computedType(name: string): string {
  return name === comparedTime ? 'TIMESTAMPTZ' : 'DOUBLE'
}

const sampling = fileColumns.flows.find(({ name }) => name === 'sampling')

function estimateSql(file: StoredFile, name: string) {
  const value = `"${name === doubleEstimates.bytes ? 'bytes' : 'packets'}"::DOUBLE`
  return sampling !== undefined && hasColumn(file, sampling) ? `${value} * coalesce("sampling", 1)` : value
}
