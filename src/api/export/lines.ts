import type { Cell } from '../../topics/cells.ts'
import { csvText } from '../../model/csv-text.ts'

export type LineFormat = 'csv' | 'ndjson'

type LineWriter = Readonly<{
  head: string
  line: (cells: readonly Cell[]) => string
}>

export function lineWriter(format: LineFormat, columns: readonly string[]): LineWriter {
  if (format === 'csv')
    return { head: `${columns.map(csvText).join(',')}\r\n`, line: (cells) => `${cells.map(csvCell).join(',')}\r\n` }
  const keys = columns.map((name, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`)
  return {
    head: '',
    line: (cells) => `${cells.map((cell, index) => `${keys[index]}${JSON.stringify(cell)}`).join('')}}\n`,
  }
}

function csvCell(cell: Cell) {
  if (cell === null || (typeof cell === 'number' && !Number.isFinite(cell))) return ''
  if (typeof cell === 'string') return csvText(cell)
  return typeof cell === 'object' ? csvText(JSON.stringify(cell)) : String(cell)
}
