import type { FrameHeader } from '../../journal/types.ts'
import type { FlowBatch } from '../../model/batches.ts'
import type { QueryField } from '../../query/index.ts'
import type { StatValue } from '../../query/plan/index.ts'
import { cellReader } from '../live/cells.ts'
import { present } from './scan.ts'
import { estimateReader } from './sums.ts'

/** NaN where absent. */
export function valueReader(batch: FlowBatch, header: FrameHeader, { name }: QueryField): (row: number) => StatValue {
  if (name === 'bytes_est' || name === 'packets_est') {
    const read = estimateReader(batch, name === 'bytes_est' ? 'bytes' : 'packets')
    return (row) => read(row) ?? Number.NaN
  }
  const column = batch.columns[name]
  if (column !== undefined && 'values' in column) {
    const { values, valid } = column
    return (row) => (present(valid, row) ? values[row]! : Number.NaN)
  }
  const cell = cellReader(batch, header, name, undefined)
  return (row) => {
    const value = cell(row)
    if (value === null) return Number.NaN
    return typeof value === 'string' ? BigInt(value) : Number(value)
  }
}
