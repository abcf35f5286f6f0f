import { compareBytes } from '../model/text-order.ts'

/** A value of a result. A 64-bit integer beyond 2^53 is a string. */
export type Cell = string | number | boolean | null | readonly Cell[] | { readonly [name: string]: Cell }

/** The order of SQL, absent values last. Integers beyond 2^53 are strings here. */
export function compareCells(a: Cell, b: Cell): number {
  if (a === null || b === null) return compareAbsent(a, b)
  if (typeof a === 'number' && typeof b === 'number') return a === b ? 0 : a - b
  return typeof a === 'string' && typeof b === 'string' ? compareBytes(a, b) : Number(a) - Number(b)
}

/** {@link compareCells} of cells that are integers or texts of integers. */
export function compareIntegers(a: Cell, b: Cell): number {
  if (a === null || b === null) return compareAbsent(a, b)
  if (typeof a === 'number' && typeof b === 'number') return a === b ? 0 : a - b
  const [left, right] = [BigInt(a as string | number), BigInt(b as string | number)]
  return left < right ? -1 : left > right ? 1 : 0
}

const compareAbsent = (a: Cell, b: Cell) => (a === b ? 0 : a === null ? 1 : -1)
