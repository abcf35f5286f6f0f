// Rows of a flow batch as objects; absent values have no key.
import type { FlowBatch } from '../../src/model/batches.ts'
import { isPresent, type Column } from '../../src/model/columns.ts'
import { formatIp } from '../../src/model/ip.ts'

export type FlowRow = Readonly<Record<string, unknown>>

export function flowRows(batch: FlowBatch): FlowRow[] {
  return Array.from({ length: batch.count }, (_, row) =>
    Object.fromEntries(
      Object.entries(batch.columns).flatMap(([name, column]) => {
        const value = valueAt(column, row, batch.dictionary)
        return value === undefined ? [] : [[name, value]]
      }),
    ),
  )
}

function valueAt(column: Column, row: number, dictionary: readonly string[]): unknown {
  if ('valid' in column && !isPresent(column.valid, row)) return undefined
  switch (column.kind) {
    case 'ip':
      return formatIp(column.words, row * 4)
    case 'u64':
      return (column.words[2 * row] ?? 0) + (column.words[2 * row + 1] ?? 0) * 2 ** 32
    case 'mac':
      return macText(column.words[2 * row] ?? 0, column.words[2 * row + 1] ?? 0)
    case 'dict':
    case 'json':
      return column.codes[row] === 0 ? undefined : dictionary[column.codes[row] ?? 0]
    case 'list<u8>':
      return listed([...column.items.subarray(column.offsets[row], column.offsets[row + 1])])
    case 'list<dict>':
      return listed(
        [...column.items.subarray(column.offsets[row], column.offsets[row + 1])].map((code) => dictionary[code]),
      )
    default:
      return column.values[row]
  }
}

function listed(items: readonly unknown[]): readonly unknown[] | undefined {
  return items.length === 0 ? undefined : items
}

function macText(low: number, high: number): string {
  return (high.toString(16).padStart(4, '0') + low.toString(16).padStart(8, '0')).replaceAll(/(..)(?!$)/g, '$1:')
}
