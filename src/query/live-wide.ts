import { isPresent, type Column, type U64Column } from '../model/columns.ts'
import { isFlows, numbersOf, storedColumn, type LiveRows } from './live-columns.ts'
import type { WordsTest } from './live-tests.ts'

/** Four words, highest first; false if absent. */
type WideReader = (row: number, to: Uint32Array) => boolean

const twoTo32 = 4_294_967_296
const twoTo16 = 65_536

export function wideOf(rows: LiveRows, name: string): WideReader | undefined {
  if (!isFlows(rows)) return undefined
  const { columns } = rows.batch
  if (name === 'bytes_est' || name === 'packets_est') return estimates(columns[name.slice(0, -4)], columns['sampling'])
  const column = storedColumn(rows.batch, rows.header, name, rows.resolver)
  if (column?.kind === 'ip') {
    const { words, valid } = column
    return (row, to) => {
      if (!isPresent(valid, row)) return false
      for (let word = 0; word < 4; word++) to[word] = words[4 * row + word] ?? 0
      return true
    }
  }
  if (column?.kind !== 'u64' && column?.kind !== 'mac') return undefined
  const { words, valid } = column
  return (row, to) => {
    if (!isPresent(valid, row)) return false
    to[0] = 0
    to[1] = 0
    to[2] = words[2 * row + 1] ?? 0
    to[3] = words[2 * row] ?? 0
    return true
  }
}

/** Up to 96 bits, without a BigInt per row. */
function estimates(counts: Column | undefined, sampling: Column | undefined): WideReader | undefined {
  if (counts?.kind !== 'u64') return undefined
  const { words, valid }: U64Column = counts
  const rate = sampling?.kind === 'u32' ? sampling : undefined
  return (row, to) => {
    if (!isPresent(valid, row)) return false
    const by = rate === undefined || !isPresent(rate.valid, row) ? 1 : (rate.values[row] ?? 1)
    const [high, low] = [by >>> 16, by & 0xffff]
    // Halves of 16 bits keep every product and sum below 2^53.
    let carry = 0
    let before = 0
    for (let word = 0; word < 3; word++) {
      const value = word < 2 ? (words[2 * row + word] ?? 0) : 0
      const upper = value * high
      const sum = value * low + (upper % twoTo16) * twoTo16 + before + carry
      to[3 - word] = sum % twoTo32
      carry = Math.floor(sum / twoTo32)
      before = Math.floor(upper / twoTo16)
    }
    to[0] = 0
    return true
  }
}

/** Small numbers become 2^33 + value, so that fields of different kinds compare. */
export function anyWide(rows: LiveRows, name: string): WideReader | undefined {
  const wide = wideOf(rows, name)
  if (wide !== undefined) return (row, to) => wide(row, to) && shift(to)
  const small = numbersOf(rows, name)
  if (small === undefined) return undefined
  return (row, to) => {
    const value = small(row)
    if (Number.isNaN(value)) return false
    const sum = value + 2 * twoTo32
    to[0] = 0
    to[1] = 0
    to[2] = Math.floor(sum / twoTo32)
    to[3] = sum % twoTo32
    return true
  }
}

function shift(to: Uint32Array): true {
  const sum = (to[2] ?? 0) + 2
  to[2] = sum
  if (sum >= twoTo32) to[1] = (to[1] ?? 0) + 1
  return true
}

export function wideRow(read: WideReader, test: WordsTest): (row: number) => boolean {
  const scratch = new Uint32Array(4)
  return (row) => read(row, scratch) && test(scratch[0] ?? 0, scratch[1] ?? 0, scratch[2] ?? 0, scratch[3] ?? 0)
}
