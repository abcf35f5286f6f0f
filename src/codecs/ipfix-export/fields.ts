import { isPresent, type Column } from '../../model/columns.ts'
import { mappedPrefix } from '../../model/ip.ts'

export type NumberOf = (row: number) => number
const zero: NumberOf = () => 0

export class Address {
  readonly #words: Uint32Array | undefined
  readonly #valid: Uint8Array | undefined

  constructor(column: Column | undefined) {
    if (column?.kind !== 'ip') return
    this.#words = column.words
    this.#valid = column.valid
  }

  isV6(row: number): boolean {
    const words = this.#words
    if (words === undefined || !isPresent(this.#valid, row)) return false
    const at = 4 * row
    const isMapped = words[at] === 0 && words[at + 1] === 0 && words[at + 2] === mappedPrefix
    return !isMapped && (words[at] !== 0 || words[at + 1] !== 0 || words[at + 2] !== 0 || words[at + 3] !== 0)
  }

  writeV4(view: DataView, at: number, row: number): number {
    const words = this.#words
    const has = words !== undefined && isPresent(this.#valid, row) && !this.isV6(row)
    view.setUint32(at, has ? (words[4 * row + 3] ?? 0) : 0)
    return at + 4
  }

  writeV6(view: DataView, at: number, row: number): number {
    const words = this.#words
    const has = words !== undefined && isPresent(this.#valid, row)
    for (let word = 0; word < 4; word++) view.setUint32(at + 4 * word, has ? (words[4 * row + word] ?? 0) : 0)
    return at + 16
  }
}

export function numberOf(column: Column | undefined): NumberOf {
  switch (column?.kind) {
    case 'u8':
    case 'u16':
    case 'u32': {
      const { values, valid } = column
      if (valid === undefined) return (row) => values[row] ?? 0
      return (row) => (isPresent(valid, row) ? (values[row] ?? 0) : 0)
    }
    default:
      return zero
  }
}

export function codeOf(column: Column | undefined): NumberOf {
  if (column?.kind !== 'dict') return zero
  const { codes } = column
  return (row) => codes[row] ?? 0
}

export function firstCode(column: Column | undefined, otherwise: NumberOf): NumberOf {
  if (column?.kind !== 'list<dict>') return otherwise
  const { offsets, items } = column
  return (row) => ((offsets[row + 1] ?? 0) > (offsets[row] ?? 0) ? (items[offsets[row] ?? 0] ?? 0) : otherwise(row))
}

export function firstNumber(column: Column | undefined, otherwise: NumberOf): NumberOf {
  if (column?.kind !== 'list<u8>') return otherwise
  const { offsets, items } = column
  return (row) => ((offsets[row + 1] ?? 0) > (offsets[row] ?? 0) ? (items[offsets[row] ?? 0] ?? 0) : otherwise(row))
}

export function timeOf(columns: readonly (Column | undefined)[], otherwise: number): NumberOf {
  const times = columns.filter((column) => column?.kind === 'time')
  return (row) => {
    for (const { values, valid } of times) {
      const time = values[row] ?? Number.NaN
      if (time >= 0 && isPresent(valid, row)) return time
    }
    return otherwise
  }
}

export function writeMac(view: DataView, at: number, column: Column | undefined, row: number): void {
  const has = column?.kind === 'mac' && isPresent(column.valid, row)
  view.setUint16(at, has ? (column.words[2 * row + 1] ?? 0) : 0)
  view.setUint32(at + 2, has ? (column.words[2 * row] ?? 0) : 0)
}

export function write64(view: DataView, at: number, column: Column | undefined, row: number): void {
  const has = column?.kind === 'u64' && isPresent(column.valid, row)
  view.setUint32(at, has ? (column.words[2 * row + 1] ?? 0) : 0)
  view.setUint32(at + 4, has ? (column.words[2 * row] ?? 0) : 0)
}

export function writeTime(view: DataView, at: number, ms: number): void {
  view.setUint32(at, Math.floor(ms / 0x1_0000_0000))
  view.setUint32(at + 4, ms % 0x1_0000_0000)
}
