import { isPresent, type Column } from '../../model/columns.ts'
import { formatIp } from '../../model/ip.ts'
import { isoTime } from './time.ts'

/** Empty string: absent. */
export type Writer = (row: number) => string

export function columnWriter(column: Column, dictionary: readonly string[]): Writer {
  switch (column.kind) {
    case 'u8':
    case 'u16':
    case 'u32':
    case 'i32':
      return present(column.valid, (row) => String(column.values[row] ?? 0))
    case 'f64':
      return present(column.valid, (row) => finite(column.values[row]))
    case 'time':
      return present(column.valid, (row) => quotedTime(column.values[row]))
    case 'u64':
      return present(column.valid, (row) => u64(column.words[2 * row] ?? 0, column.words[2 * row + 1] ?? 0))
    case 'mac':
      return present(column.valid, (row) => `"${macText(column.words[2 * row] ?? 0, column.words[2 * row + 1] ?? 0)}"`)
    case 'ip':
      return present(column.valid, (row) => `"${formatIp(column.words, 4 * row)}"`)
    case 'dict': {
      const quoted = cached((code) => JSON.stringify(dictionary[code] ?? ''))
      return (row) => quoted(column.codes[row] ?? 0)
    }
    case 'json':
      return (row) => dictionary[column.codes[row] ?? 0] ?? ''
    case 'list<u8>':
      return (row) => listed(column.offsets, row, (item) => String(column.items[item] ?? 0))
    case 'list<dict>': {
      const quoted = cached((code) => JSON.stringify(dictionary[code] ?? ''))
      return (row) => listed(column.offsets, row, (item) => quoted(column.items[item] ?? 0) || '""')
    }
  }
}

export function present(valid: Uint8Array | undefined, write: Writer): Writer {
  return valid === undefined ? write : (row) => (isPresent(valid, row) ? write(row) : '')
}

export function cached(make: (code: number) => string): (code: number) => string {
  const texts: string[] = ['']
  return (code) => (texts[code] ??= make(code))
}

function listed(offsets: Uint32Array, row: number, write: (item: number) => string): string {
  const from = offsets[row] ?? 0
  const to = offsets[row + 1] ?? from
  if (from === to) return ''
  let text = `[${write(from)}`
  for (let item = from + 1; item < to; item++) text += `,${write(item)}`
  return `${text}]`
}

function finite(value: number | undefined) {
  return value !== undefined && Number.isFinite(value) ? String(value) : ''
}

function quotedTime(value: number | undefined) {
  const text = value === undefined ? '' : isoTime(value)
  return text === '' ? '' : `"${text}"`
}

/** Lower high words keep the number within 2^53. */
const safeHigh = 0x200000

function u64(low: number, high: number) {
  return high < safeHigh ? u64Text(low, high) : `"${u64Text(low, high)}"`
}

export function u64Text(low: number, high: number): string {
  return high < safeHigh ? String(high * 0x1_0000_0000 + low) : String((BigInt(high) << 32n) | BigInt(low))
}

const hexPairs: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function macText(low: number, high: number): string {
  const pair = (byte: number) => hexPairs[byte & 255] ?? ''
  return `${pair(high >>> 8)}:${pair(high)}:${pair(low >>> 24)}:${pair(low >>> 16)}:${pair(low >>> 8)}:${pair(low)}`
}
