import { useState } from 'react'
import type { AnswerFrame } from '../../../../src/api/published.ts'
import { request, type Query } from '../../api/client.ts'
import { asApiError } from '../../api/problem.ts'
import { Popover } from '../../parts/popover.tsx'
import { csvOf, saveText } from '../../parts/save-file.ts'
import { generalText } from '../../text/general.ts'

type CsvExportProps<Answer> = Readonly<{
  path: string
  query: Query
  file: string
  title: string
  action: string
  hint: string
  savedText: (answer: Answer) => string
}>

export function CsvExport<Answer extends AnswerFrame>({
  path,
  query,
  file,
  title,
  action,
  hint,
  savedText,
}: CsvExportProps<Answer>): React.ReactNode {
  const [message, setMessage] = useState('')
  const save = async () => {
    setMessage(generalText.loading)
    const answer = await request<Answer>(path, { query })
    saveText(
      csvOf(
        answer.columns.map(({ name }) => name),
        answer.rows,
      ),
      file,
      'text/csv; charset=utf-8; header=present',
    )
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
          <button
            type="button"
            onClick={() => {
              save().catch((error: unknown) => setMessage(asApiError(error).message))
            }}
          >
            {action}
          </button>
          <p className="dim" role="status">
            {message === '' ? hint : message}
          </p>
        </div>
      )}
    </Popover>
  )
}
