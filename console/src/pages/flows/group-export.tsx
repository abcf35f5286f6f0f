import { useState } from 'react'
import { request, type Query } from '../../api/client.ts'
import { asApiError } from '../../api/problem.ts'
import { count } from '../../parts/format.ts'
import { Popover } from '../../parts/popover.tsx'
import { csvOf, saveText } from '../../parts/save-file.ts'
import type { FlowQuery } from './overview/queries.ts'
import type { GroupsTable } from './groups.ts'
import { questionQuery } from './flow-filter.ts'
import { generalText } from '../../text/general.ts'
import { flowsText } from '../../text/flows.ts'

const most = 10_000

export function GroupExport({
  flowQuery: { t, ...flowQuery },
  question,
}: {
  readonly flowQuery: FlowQuery
  readonly question: Query
}): React.ReactNode {
  const [message, setMessage] = useState('')
  const save = async (): Promise<void> => {
    setMessage(generalText.loading)
    const { columns, rows, others } = await request<GroupsTable>('/api/v1/flows', {
      query: { ...questionQuery(flowQuery), from: t.from, to: t.to, ...question, limit: most },
    })
    saveText(
      csvOf(
        columns.map(({ name }) => name),
        rows,
      ),
      'weir-groups.csv',
      'text/csv; charset=utf-8; header=present',
    )
    const left = Number(others.groups ?? 0)
    setMessage(
      left === 0
        ? flowsText.savedAllGroups(count(rows.length))
        : flowsText.savedLargestGroups(count(rows.length), count(left)),
    )
  }
  return (
    <Popover
      label={
        <>
          {generalText.export} <span aria-hidden="true">▾</span>
        </>
      }
      name={flowsText.exportGroups}
    >
      {() => (
        <div className="links">
          <button
            type="button"
            onClick={() => {
              save().catch((error: unknown) => setMessage(asApiError(error).message))
            }}
          >
            {flowsText.csvAllGroups}
          </button>
          <p className="dim" role="status">
            {message === '' ? flowsText.groupsHint(count(most)) : message}
          </p>
        </div>
      )}
    </Popover>
  )
}
