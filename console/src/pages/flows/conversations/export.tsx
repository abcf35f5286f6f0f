import { useState } from 'react'
import { request, type Query } from '../../../api/client.ts'
import { asApiError } from '../../../api/problem.ts'
import { count } from '../../../parts/format.ts'
import { Popover } from '../../../parts/popover.tsx'
import { csvOf, saveText } from '../../../parts/save-file.ts'
import { conversationsText } from '../../../text/conversations.ts'
import { generalText } from '../../../text/general.ts'
import type { ConversationsAnswer } from './rows.ts'

export const mostConversations = 10_000

export function ConversationsExport({ query }: { readonly query: Query }): React.ReactNode {
  const [message, setMessage] = useState('')
  const save = async (): Promise<void> => {
    setMessage(generalText.loading)
    const { columns, rows } = await request<ConversationsAnswer>('/api/v1/conversations', {
      query: { ...query, limit: mostConversations },
    })
    saveText(
      csvOf(
        columns.map(({ name }) => name),
        rows,
      ),
      'weir-conversations.csv',
      'text/csv; charset=utf-8; header=present',
    )
    setMessage(conversationsText.saved(count(rows.length)))
  }
  return (
    <Popover
      label={
        <>
          {generalText.export} <span aria-hidden="true">▾</span>
        </>
      }
      name={conversationsText.exportTitle}
    >
      {() => (
        <div className="links">
          <button
            type="button"
            onClick={() => {
              save().catch((error: unknown) => setMessage(asApiError(error).message))
            }}
          >
            {conversationsText.csv}
          </button>
          <p className="dim" role="status">
            {message === '' ? conversationsText.csvHint(count(mostConversations)) : message}
          </p>
        </div>
      )}
    </Popover>
  )
}
