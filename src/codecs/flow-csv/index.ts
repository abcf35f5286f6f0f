/** CSV (RFC 4180). 64-bit numbers are exact, times ISO 8601 UTC, lists JSON arrays. */
import type { FlowBatch } from '../../model/batches.ts'
import { flowFields } from '../../model/fields.ts'
import type { Column } from '../../model/columns.ts'
import { cached, columnWriter, isoTime, present, u64Text, type Writer } from '../flow-json/index.ts'

export const csvHeader = `_pos,${flowFields.map(({ name }) => name).join(',')}\r\n`

export function flowCsv(batch: FlowBatch): (row: number, position: string) => string {
  const writers = flowFields.map(({ name }) => {
    const column = batch.columns[name]
    return column === undefined ? undefined : cellWriter(column, batch.dictionary)
  })
  return (row, position) => {
    let line = quoted(position)
    for (const write of writers) line += write === undefined ? ',' : `,${write(row)}`
    return `${line}\r\n`
  }
}

function cellWriter(column: Column, dictionary: readonly string[]): Writer {
  switch (column.kind) {
    case 'dict':
    case 'json': {
      const text = cached((code) => quoted(dictionary[code] ?? ''))
      return (row) => text(column.codes[row] ?? 0)
    }
    case 'time':
      return present(column.valid, (row) => isoTime(column.values[row] ?? Number.NaN))
    case 'u64':
      return present(column.valid, (row) => u64Text(column.words[2 * row] ?? 0, column.words[2 * row + 1] ?? 0))
    case 'list<u8>':
    case 'list<dict>': {
      const write = columnWriter(column, dictionary)
      return (row) => quoted(write(row))
    }
    case 'ip':
    case 'mac': {
      const write = columnWriter(column, dictionary)
      return (row) => write(row).slice(1, -1)
    }
    default:
      return columnWriter(column, dictionary)
  }
}

function quoted(text: string) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
