/** `-o vertical`: a block for each row with a line for each column, for rows that are wider than the terminal. */
import { terminalWidth } from '../host/terminal.ts'
import { colour } from './colour.ts'
import { oneLine, showsHeaders } from './text-table.ts'

type Row = Readonly<Record<string, unknown>>

/** Numbers the blocks of a stream. */
export class VerticalBlocks {
  #count = 0

  text(rows: readonly Row[], columns: readonly string[]): string {
    return rows.map((row) => this.#block(row, columns)).join('')
  }

  #block(row: Row, columns: readonly string[]) {
    this.#count++
    const width = columns.reduce((most, name) => Math.max(most, name.length), 0)
    const lines = columns.map((name) => {
      const [first = '', ...more] = pieces(valueText(row[name]), (terminalWidth() ?? Infinity) - width - 2)
      return [`${name.padEnd(width)}  ${first}`, ...more.map((piece) => ' '.repeat(width + 2) + piece)]
        .map((line) => `${line.trimEnd()}\n`)
        .join('')
    })
    const title = showsHeaders() ? `${colour('bold', `row ${this.#count}`)}\n` : ''
    return `${this.#count === 1 ? '' : '\n'}${title}${lines.join('')}`
  }
}

function valueText(value: unknown) {
  if (value === null || value === undefined) return ''
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value))
}

const least = 20

/** Nothing is cut: the rest is on further lines. */
function pieces(text: string, room: number): readonly string[] {
  const width = Math.max(least, room)
  if (text.length <= width) return [text]
  return Array.from({ length: Math.ceil(text.length / width) }, (_, at) => text.slice(at * width, (at + 1) * width))
}
