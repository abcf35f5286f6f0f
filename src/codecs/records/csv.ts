/** RFC 4180, with LF or CRLF. */
import type { ParsedRecord, Scalar } from './formats.ts'

/** `columns`: names; empty: those of the first row. Empty values are absent. Throws with the row of a mistake. */
export function readCsv(text: string, columns: readonly string[], delimiter: string): readonly ParsedRecord[] {
  const rows = rowsOf(text.startsWith('\uFEFF') ? text.slice(1) : text, delimiter)
  const names = columns.length > 0 ? columns : (rows.shift()?.cells ?? [])
  const first = columns.length > 0 ? 1 : 2
  return rows.map(({ cells, text: row }, index) => {
    if (cells.length !== names.length)
      throw new Error(`row ${index + first} has ${cells.length} columns instead of ${names.length}`)
    const values = new Map<string, Scalar>()
    for (const [at, name] of names.entries()) {
      const cell = cells[at] ?? ''
      if (cell !== '' && name !== '') values.set(name, cell)
    }
    return { values, text: row }
  })
}

function rowsOf(text: string, delimiter: string): { cells: readonly string[]; text: string }[] {
  const rows: { cells: readonly string[]; text: string }[] = []
  let cells: string[] = []
  let [at, began] = [0, 0]
  const end = (next: number) => {
    const row = text.slice(began, at)
    if (row !== '') rows.push({ cells, text: row })
    cells = []
    at = began = next
  }
  while (at < text.length) {
    let cell = ''
    if (text[at] === '"') {
      for (at++; ; at++) {
        const quote = text.indexOf('"', at)
        if (quote === -1) throw new Error(`row ${rows.length + 1} has a quote without an end`)
        cell += text.slice(at, quote)
        at = quote + 1
        if (text[at] !== '"') break
        cell += '"'
      }
    } else {
      const from = at
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && !isEnd(text, at)) at++
      cell = text.slice(from, at)
    }
    cells.push(cell)
    if (text[at] === delimiter) {
      at++
      if (at === text.length || text[at] === '\n' || isEnd(text, at)) cells.push('')
    } else if (at < text.length && text[at] !== '\n' && !isEnd(text, at))
      throw new Error(`row ${rows.length + 1} has text after a quoted value`)
    if (at === text.length) end(at)
    else if (text[at] === '\n') end(at + 1)
    else if (isEnd(text, at)) end(at + 2)
  }
  return rows
}

function isEnd(text: string, at: number) {
  return text[at] === '\r' && text[at + 1] === '\n'
}
