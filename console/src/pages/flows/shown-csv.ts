import { apiErrorOf } from '../../api/problem.ts'
import { csvCells, csvTitles, csvText, zoneName, type CsvColumn } from '../../parts/cell-text.ts'
import { csvOf, saveBlob } from '../../parts/save-file.ts'
import type { FlowColumn } from '../../parts/flows/columns.tsx'

type Values = Readonly<Record<string, unknown>>

/** Texts of a column; a value costs about 20 µs the first time. */
const mostTexts = 20_000

export function shownColumn(column: FlowColumn): CsvColumn<Values> {
  const { id, title, cell, csv, fields, beside = [] } = column
  const readOf = (row: Values) => (field: string) => row[field] ?? null
  const texts = new Map<string, string | null>()
  const keys = [...fields, ...beside]
  const known = (row: Values): string | null => {
    const key = keys.length === 1 ? String(row[keys[0]!]) : JSON.stringify(keys.map((field) => row[field]))
    let text = texts.get(key)
    if (text === undefined) {
      text = csvText(cell(readOf(row)))
      if (texts.size >= mostTexts) texts.clear()
      texts.set(key, text)
    }
    return text
  }
  return {
    id,
    title: id.startsWith('time_') ? `${title} (${zoneName()})` : title,
    cell: (row) => cell(readOf(row)),
    csv: csv === undefined ? known : (row) => csv(readOf(row)),
  }
}

/** One Blob per so many rows, so that the browser can move them out of its memory. */
const rowsOfPart = 20_000

/**
 * Saves the rows of an NDJSON export with the titles, the order and the units of the screen. Times are those of the
 * screen's zone. Returns the number of rows.
 */
export async function saveShown(
  link: string,
  columns: readonly FlowColumn[],
  { name, onRows }: Readonly<{ name: string; onRows: (rows: number) => void }>,
): Promise<number> {
  const answer = await fetch(link)
  if (!answer.ok || answer.body === null) throw await apiErrorOf(answer)
  const csvColumns = columns.map(shownColumn)
  const parts: Blob[] = [new Blob([csvOf(csvTitles(csvColumns), [])])]
  let [rows, waiting, rest]: [number, (readonly unknown[])[], string] = [0, [], '']
  const flush = () => {
    parts.push(new Blob([csvOf(undefined, waiting)]))
    rows += waiting.length
    waiting = []
    onRows(rows)
  }
  for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) waiting.push(csvCells(csvColumns, JSON.parse(line) as Readonly<Record<string, unknown>>))
    if (waiting.length >= rowsOfPart) flush()
  }
  flush()
  saveBlob(new Blob(parts, { type: 'text/csv; charset=utf-8; header=present' }), name)
  return rows
}
