import { useState } from 'react'
import type { FlowFrame } from '../../../../src/api/published.ts'
import { request, type Query } from '../../api/client.ts'
import { asApiError } from '../../api/problem.ts'
import { Popover } from '../../parts/popover.tsx'
import { csvCells, csvTitles } from '../../parts/cell-text.ts'
import type { GridColumn } from '../../parts/grid.tsx'
import { csvOf, saveText } from '../../parts/save-file.ts'
import { generalText } from '../../text/general.ts'
import { partsText } from '../../text/parts.ts'

type CsvExportProps<Answer> = Readonly<{
  path: string
  query: Query
  file: string
  title: string
  action: string
  hint: string
  savedText: (answer: Answer) => string
  /** As the table shows it. */
  table: (answer: Answer) => ShownTable
}>

type ShownTable = Readonly<{ titles: readonly string[]; rows: readonly (readonly unknown[])[] }>

/** Titles, columns and units of a table on the screen. */
export function shownTable<Row>(columns: readonly GridColumn<Row>[], rows: readonly Row[]): ShownTable {
  return { titles: csvTitles(columns), rows: rows.map((row) => csvCells(columns, row)) }
}

export function CsvExport<Answer extends FlowFrame>({
  path,
  query,
  file,
  title,
  action,
  hint,
  savedText,
  table,
}: CsvExportProps<Answer>): React.ReactNode {
  const [message, setMessage] = useState('')
  const save = async ({ raw }: { raw: boolean }) => {
    setMessage(generalText.loading)
    const answer = await request<Answer>(path, { query })
    const { titles, rows } = raw ? { titles: answer.columns.map(({ name }) => name), rows: answer.rows } : table(answer)
    saveText(csvOf(titles, rows), file, 'text/csv; charset=utf-8; header=present')
    setMessage(savedText(answer))
  }
  return (
    <Popover
      label={
        <>
          {generalText.export} <span aria-hidden="true">▾</span>
        </>
      }
      name={title}
    >
      {() => (
        <div className="links">
          {[false, true].map((raw) => (
            <button
              key={String(raw)}
              type="button"
              onClick={() => {
                save({ raw }).catch((error: unknown) => setMessage(asApiError(error).message))
              }}
            >
              {raw ? partsText.rawValues(action) : partsText.asShown(action)}
            </button>
          ))}
          <p className="dim" role="status">
            {message === '' ? hint : message}
          </p>
        </div>
      )}
    </Popover>
  )
}
