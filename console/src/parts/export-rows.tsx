import { useState } from 'react'
import { asApiError } from '../api/problem.ts'
import { partsText } from '../text/parts.ts'
import { csvCells, csvTitles, type CsvColumn } from './cell-text.ts'
import { count } from './format.ts'
import { fileName } from './file-name.ts'
import { csvOf, saveText } from './save-file.ts'

const formats = ['CSV', 'raw CSV', 'NDJSON'] as const

type ExportRowsProps<Row extends object> = Readonly<{
  name: string
  read: () => Promise<readonly Row[]>
  /** Of the table on the screen: CSV has its titles, order and units. NDJSON has the raw values. */
  columns?: readonly CsvColumn<Row>[]
  /** Raw values of a row; undefined: only the screen has it. Default: the row. */
  raw?: (row: Row) => object | undefined
}>

/** Saves all rows of a list, not only those that are shown. */
export function ExportRows<Row extends object>({
  name,
  read,
  columns,
  raw = (row) => row,
}: ExportRowsProps<Row>): React.ReactNode {
  const [message, setMessage] = useState('')
  const [isBusy, setBusy] = useState(false)
  const save = async (format: (typeof formats)[number]): Promise<void> => {
    setBusy(true)
    setMessage(partsText.exporting)
    try {
      const all = await read()
      const isShown = format === 'CSV' && columns !== undefined
      const rows = isShown ? all : all.flatMap((row) => raw(row) ?? [])
      const file = fileName('weir', name, new Date().toISOString().slice(0, 10))
      if (isShown) {
        const cells = all.map((row) => csvCells(columns, row))
        saveText(csvOf(csvTitles(columns), cells), `${file}.csv`, 'text/csv')
      } else if (format !== 'NDJSON') {
        const names = Object.keys(rows[0] ?? {})
        const cells = rows.map((row) => names.map((column) => (row as Readonly<Record<string, unknown>>)[column]))
        saveText(csvOf(names, cells), `${file}.csv`, 'text/csv')
      } else {
        saveText(rows.map((row) => `${JSON.stringify(row)}\n`).join(''), `${file}.ndjson`, 'application/x-ndjson')
      }
      setMessage(partsText.exported(count(rows.length)))
    } catch (error) {
      setMessage(asApiError(error).message)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <span className="dim" role="status">
        {message}
      </span>
      <span className="dim" aria-hidden="true">
        {partsText.exportLabel}
      </span>
      {formats
        .filter((format) => format !== 'raw CSV' || columns !== undefined)
        .map((format) => (
          <button
            key={format}
            type="button"
            disabled={isBusy}
            aria-label={partsText.exportAs(format)}
            onClick={() => {
              save(format).catch(reportError)
            }}
          >
            {format}
          </button>
        ))}
    </>
  )
}
