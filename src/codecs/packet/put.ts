import type { GrowingColumn } from '../../model/flow-builder.ts'

// One function per array type keeps each monomorphic.

export function put8(column: GrowingColumn<Uint8Array>, row: number, value: number): void {
  column.items[row] = value
  column.mark(row)
}

export function put16(column: GrowingColumn<Uint16Array>, row: number, value: number): void {
  column.items[row] = value
  column.mark(row)
}

export function put32(column: GrowingColumn<Uint32Array>, row: number, value: number): void {
  column.items[row] = value
  column.mark(row)
}

export function put64(column: GrowingColumn<Uint32Array>, row: number, low: number, high: number): void {
  column.items[2 * row] = low
  column.items[2 * row + 1] = high
  column.mark(row)
}

export function putIp(column: GrowingColumn<Uint32Array>, row: number, words: Uint32Array, offset: number): void {
  const { items } = column
  items[4 * row] = words[offset] ?? 0
  items[4 * row + 1] = words[offset + 1] ?? 0
  items[4 * row + 2] = words[offset + 2] ?? 0
  items[4 * row + 3] = words[offset + 3] ?? 0
  column.mark(row)
}
