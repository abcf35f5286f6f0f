import type { Resolver } from '../../engine/ports.ts'
import type { FrameHeader } from '../../journal/types.ts'
import type { Batch } from '../../model/batches.ts'
import { cellReader } from './cells.ts'
import type { Cell } from './cells.ts'

export type Where = Readonly<Record<string, string | number | boolean>>

/** Does row r of the batch match every equality? An absent field equals nothing. */
export type Predicate = (row: number) => boolean

/**
 * Equality on canonical forms: numbers by value whether written 443 or "443", times as instants, everything else by
 * bytes. (The general filter language comes with the query room; its equality has the same meaning.)
 */
export function bindWhere(where: Where, batch: Batch, header: FrameHeader, resolver: Resolver | undefined): Predicate {
  const tests = Object.entries(where).map(([name, wanted]) => {
    const read = cellReader(batch, header, name, resolver)
    const same = sameAs(name, wanted)
    return (row: number): boolean => same(read(row))
  })
  return (row) => tests.every((test) => test(row))
}

function sameAs(name: string, wanted: string | number | boolean): (cell: Cell) => boolean {
  const written = String(wanted)
  if (name.startsWith('time_') && name !== 'time_skewed' || name === 'time') {
    const instant = Date.parse(written)
    return (cell) => typeof cell === 'string' && Date.parse(cell) === instant
  }
  return (cell) => cell !== null && (typeof cell === 'object' ? JSON.stringify(cell) : String(cell)) === written
}
