// NetObserv's lists: `eth0,br-ex` and `0,1`.
import type { Column } from '../../model/columns.ts'
import { prefixed, writeLength, type Texts } from './texts.ts'

/** Texts with commas between them, behind their length. */
export interface CommaList {
  count(row: number): number
  /** Tests every item of a list of codes or numbers. */
  every(row: number, test: (item: number) => boolean): boolean
  size(row: number): number
  write(bytes: Uint8Array, start: number, row: number): number
}

const comma = 0x2c

export function textList(column: Column | undefined, texts: Texts): CommaList {
  return column?.kind === 'list<dict>' ? commaList(column.offsets, column.items, (code) => texts.bytes(code)) : noList
}

export function numberList(column: Column | undefined): CommaList {
  return column?.kind === 'list<u8>' ? commaList(column.offsets, column.items, (value) => digits[value]!) : noList
}

const digits = Array.from({ length: 256 }, (_, value) => new TextEncoder().encode(String(value)))

const noList: CommaList = {
  count: () => 0,
  every: () => true,
  size: () => prefixed(0),
  write: (bytes, start) => writeLength(bytes, start, 0),
}

function commaList(
  offsets: Uint32Array,
  items: Uint8Array | Uint32Array,
  bytesOf: (item: number) => Uint8Array,
): CommaList {
  const length = (row: number) => {
    const [from, to] = [offsets[row]!, offsets[row + 1]!]
    let sum = Math.max(0, to - from - 1)
    for (let at = from; at < to; at++) sum += bytesOf(items[at]!).length
    return sum
  }
  return {
    count: (row) => offsets[row + 1]! - offsets[row]!,
    every(row, test) {
      for (let at = offsets[row]!; at < offsets[row + 1]!; at++) if (!test(items[at]!)) return false
      return true
    },
    size: (row) => prefixed(length(row)),
    write(bytes, start, row) {
      let at = writeLength(bytes, start, length(row))
      const [from, to] = [offsets[row]!, offsets[row + 1]!]
      for (let item = from; item < to; item++) {
        if (item > from) bytes[at++] = comma
        const text = bytesOf(items[item]!)
        bytes.set(text, at)
        at += text.length
      }
      return at
    },
  }
}
