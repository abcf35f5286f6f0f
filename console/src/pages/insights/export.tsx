import { useState } from 'react'
import type { InsightList, InsightSelection } from '../../api/insights.ts'
import { asApiError } from '../../api/problem.ts'
import { count } from '../../parts/format.ts'
import { fileName } from '../../parts/file-name.ts'
import { csvOf, saveText } from '../../parts/save-file.ts'
import { insightsText } from '../../text/insights.ts'
import { readAll } from './queries.ts'

const formats = ['CSV', 'NDJSON'] as const

/** Saves all rows of the list, not only those that are shown. */
export function ExportButtons({
  list,
  selection,
}: Readonly<{ list: InsightList; selection: InsightSelection }>): React.ReactNode {
  const [message, setMessage] = useState('')
  const [isBusy, setBusy] = useState(false)
  const save = async (format: (typeof formats)[number]): Promise<void> => {
    setBusy(true)
    setMessage(insightsText.exporting)
    try {
      const rows = await readAll(list, selection)
      const name = fileName('weir', list, new Date().toISOString().slice(0, 10))
      if (format === 'CSV') {
        const columns = Object.keys(rows[0] ?? {})
        const cells = rows.map((row) => columns.map((column) => (row as Readonly<Record<string, unknown>>)[column]))
        saveText(csvOf(columns, cells), `${name}.csv`, 'text/csv')
      } else {
        saveText(rows.map((row) => `${JSON.stringify(row)}\n`).join(''), `${name}.ndjson`, 'application/x-ndjson')
      }
      setMessage(insightsText.exported(count(rows.length)))
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
          {insightsText.exportAs(format)}
        </button>
      ))}
    </>
  )
}
