import type { Resolver } from '../../engine/contracts.ts'
import type { Batch } from '../../model/batches.ts'
import { isPresent } from '../../model/columns.ts'
import { cellReader } from './cells.ts'
import type { Cell } from '../../topics/cells.ts'
import type { RingFrame } from './ring.ts'

/** Number of rows, then the sum of each column; exact up to 2^53. */
export type Sums = Float64Array

const twoTo32 = 4_294_967_296

export function adder(frame: RingFrame, columns: readonly string[]): (sums: Sums, row: number) => void {
  const readers = columns.map((name) => numberReader(frame.batch, name))
  return (sums, row) => {
    sums[0] = (sums[0] ?? 0) + 1
    for (let at = 0; at < readers.length; at++) sums[at + 1] = (sums[at + 1] ?? 0) + (readers[at]?.(row) ?? 0)
  }
}

export function addSums(into: Sums, from: Sums, times = 1): void {
  for (let at = 0; at < into.length; at++) into[at] = (into[at] ?? 0) + times * (from[at] ?? 0)
}

function numberReader(batch: Batch, name: string): (row: number) => number {
  if (batch.kind !== 'flows') return () => 0
  const estimate = /^(bytes|packets)_est$/.exec(name)
  if (estimate !== null) {
    const reported = numberReader(batch, estimate[1] ?? '')
    const { sampling } = batch.columns
    if (sampling?.kind !== 'u32') return reported
    return (row) => reported(row) * (isPresent(sampling.valid, row) ? (sampling.values[row] ?? 1) : 1)
  }
  const column = batch.columns[name]
  switch (column?.kind) {
    case 'u64':
      return (row) =>
        isPresent(column.valid, row) ? (column.words[2 * row + 1] ?? 0) * twoTo32 + (column.words[2 * row] ?? 0) : 0
    case 'u8':
    case 'u16':
    case 'u32':
    case 'i32':
    case 'f64':
      return (row) => (isPresent(column.valid, row) ? (column.values[row] ?? 0) : 0)
    default:
      return () => 0
  }
}

interface GroupReader {
  key(row: number): string
  cells(row: number): readonly Cell[]
}

export function groupReader(frame: RingFrame, columns: readonly string[], resolver: Resolver | undefined): GroupReader {
  const readers = columns.map((name) => cellReader(frame.batch, frame.frame.header, name, resolver))
  const cells = (row: number): readonly Cell[] => readers.map((read) => read(row))
  return { cells, key: (row) => JSON.stringify(cells(row)) }
}
