/** Rows of a statement as a table. The first rows determine the widths. */
import { linesOf } from './lines.ts'
import { isVertical, oneLine, TableLayout, tableWidth } from './text-table.ts'
import { VerticalBlocks } from './vertical.ts'

const measured = 1000
/** A table is for reading; `-o wide` and the other formats have no limit. */
const maxRows = 1000

type Row = Readonly<Record<string, unknown>>

export async function* queryTable(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  if (isVertical()) return yield* verticalRows(bytes)
  const limit = tableWidth() === undefined ? Infinity : maxRows
  const first: Row[] = []
  let layout: TableLayout | undefined
  let names: readonly string[] = []
  let count = 0
  const begin = () => {
    names = Object.keys(first[0] ?? {})
    layout = layoutOf(names, first)
    return layout.head() + first.map((row) => layout!.line(cellsOf(names, row))).join('')
  }
  for await (const line of linesOf(bytes)) {
    if (count === limit) {
      if (layout === undefined) yield begin()
      return yield `${hidden(layout!, names)}(the first ${limit} rows; -o wide and the other formats have all)\n`
    }
    count++
    const row = JSON.parse(line) as Row
    if (layout === undefined) first.push(row)
    else yield layout.line(cellsOf(names, row))
    if (layout === undefined && first.length === measured) yield begin()
  }
  if (layout === undefined) yield count === 0 ? '' : begin()
  yield `${layout === undefined ? '' : hidden(layout, names)}(${count} ${count === 1 ? 'row' : 'rows'})\n`
}

async function* verticalRows(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const blocks = new VerticalBlocks()
  for await (const line of linesOf(bytes)) {
    const row = JSON.parse(line) as Row
    yield blocks.text([row], Object.keys(row))
  }
}

function hidden(layout: TableLayout, names: readonly string[]) {
  const count = names.length - layout.left
  return count === 0 ? '' : `(${count} ${count === 1 ? 'column is' : 'columns are'} not shown; -o wide shows all)\n`
}

function layoutOf(names: readonly string[], rows: readonly Row[]) {
  return new TableLayout(
    names.map((name) => ({
      title: name,
      width: Math.max(0, ...rows.map((row) => cellOf(row[name]).length)),
      right: rows.every((row) => row[name] === null || isNumber(row[name])),
    })),
    tableWidth(),
  )
}

/** 64-bit integers beyond 2^53 are texts. */
function isNumber(value: unknown) {
  return typeof value === 'number' || (typeof value === 'string' && /^-?\d{16,}$/.test(value))
}

function cellsOf(names: readonly string[], row: Row) {
  return names.map((name) => cellOf(row[name]))
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value))
}
