import { apiErrorOf } from '../../api/problem.ts'
import { csvCells, csvTitles, csvText, zoneName } from '../../parts/cell-text.ts'
import { csvOf, saveBlob } from '../../parts/save-file.ts'
import type { FlowColumn } from './columns.tsx'

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
  const csvColumns = columns.map(({ id, title, cell, csv }) => ({
    id,
    title: id.startsWith('time_') ? `${title} (${zoneName()})` : title,
    cell: (row: Readonly<Record<string, unknown>>) => cell((field) => row[field] ?? null),
    csv: (row: Readonly<Record<string, unknown>>) => {
      const read = (field: string): unknown => row[field] ?? null
      return csv === undefined ? csvText(cell(read)) : csv(read)
    },
  }))
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
