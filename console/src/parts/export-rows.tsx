import { useState } from 'react'
import { asApiError } from '../api/problem.ts'
import { partsText } from '../text/parts.ts'
import { count } from './format.ts'
import { fileName } from './file-name.ts'
import { csvOf, saveText } from './save-file.ts'

const formats = ['CSV', 'NDJSON'] as const

/** Saves all rows of a list, not only those that are shown. */
export function ExportRows({
  name,
  read,
}: Readonly<{ name: string; read: () => Promise<readonly object[]> }>): React.ReactNode {
  const [message, setMessage] = useState('')
  const [isBusy, setBusy] = useState(false)
  const save = async (format: (typeof formats)[number]): Promise<void> => {
    setBusy(true)
    setMessage(partsText.exporting)
    try {
      const rows = await read()
      const file = fileName('weir', name, new Date().toISOString().slice(0, 10))
      if (format === 'CSV') {
        const columns = Object.keys(rows[0] ?? {})
        const cells = rows.map((row) => columns.map((column) => (row as Readonly<Record<string, unknown>>)[column]))
        saveText(csvOf(columns, cells), `${file}.csv`, 'text/csv')
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
      {formats.map((format) => (
        <button
          key={format}
          type="button"
          disabled={isBusy}
          onClick={() => {
            save(format).catch(reportError)
          }}
        >
          {partsText.exportAs(format)}
        </button>
      ))}
    </>
  )
}
