import { comparedTime, doubleEstimates, flowTime } from '../../model/computed-columns.ts'
import { flowTimeOf } from '../../model/flow-time.ts'
import type { StoredFile } from '../record.ts'
import { fileColumns, hasColumn } from '../schema.ts'
import { isReceivedWithin, type TimeBounds } from './receipt.ts'

/** Those of `src/model/computed-columns.ts` that a statement names. */
export type ComputedColumns = Readonly<{
  names: readonly string[]
  /** Bounds of all comparisons with the compared time. */
  received: TimeBounds | undefined
}>

/** SQL of the columns for the rows of a file. */
export function computedOf(file: StoredFile, { names, received }: ComputedColumns): readonly string[] {
  const sqlOf = (name: string) => {
    if (name === comparedTime) return timeSql(file, received)
    return name === flowTime ? flowTimeSql(file) : estimateSql(file, name)
  }
  return names.map((name) => `${sqlOf(name)} AS "${name}"`)
}

function timeSql(file: StoredFile, received: TimeBounds | undefined) {
  if (received === undefined || !isReceivedWithin(file, received)) return '"time_received"'
  // The same of all files, so that they need one scan.
  return `make_timestamptz(${Math.floor(((received.from + received.to) / 2) * 1000)})`
}

export function computedType(name: string): string {
  return name === comparedTime || name === flowTime ? 'TIMESTAMPTZ' : 'DOUBLE'
}

const flowColumn = (wanted: string) => fileColumns.flows.find(({ name }) => name === wanted)!
const [sampling, end, skewed] = [flowColumn('sampling'), flowColumn('time_end'), flowColumn('time_skewed')]

function flowTimeSql(file: StoredFile) {
  if (!hasColumn(file, end)) return '"time_received"'
  if (file.endTimes === true) return '"time_end"'
  return flowTimeOf((time) => `epoch_us("${time}")`, hasColumn(file, skewed) ? '"time_skewed"' : 'NULL')
}

function estimateSql(file: StoredFile, name: string) {
  const value = `"${name === doubleEstimates.bytes ? 'bytes' : 'packets'}"::DOUBLE`
  return hasColumn(file, sampling) ? `${value} * coalesce("sampling", 1)` : value
}
