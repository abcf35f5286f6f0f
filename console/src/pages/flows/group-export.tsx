import { useState } from 'react'
import { ask, type Query } from '../../api/client.ts'
import { asRefused } from '../../api/problem.ts'
import { count } from '../../parts/format.ts'
import { Popover } from '../../parts/popover.tsx'
import { csvOf, saveText } from '../../parts/save-file.ts'
import type { Asked } from './overview/ask.ts'
import type { GroupsTable } from './groups.ts'
import { questionQuery } from './question.ts'

/** As many as the server gives at once. */
const most = 10_000

/** The groups of the answer as a file, with the sums of those that did not fit. */
export function GroupExport({
  asked: { t, ...asked },
  question,
}: {
  readonly asked: Asked
  readonly question: Query
}): React.ReactNode {
  const [said, setSaid] = useState('')
  const save = async (): Promise<void> => {
    setSaid('asking …')
    const { columns, rows, others } = await ask<GroupsTable>('/api/v1/flows', {
      query: { ...questionQuery(asked), from: t.from, to: t.to, ...question, limit: most },
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
    setSaid(
      left === 0
        ? `${count(rows.length)} groups were saved: all there are.`
        : `The largest ${count(rows.length)} groups were saved; ${count(left)} smaller ones are not in the file.`,
    )
  }
  return (
    <Popover
      label={
        <>
          Export <span aria-hidden="true">▾</span>
        </>
      }
      name="Export the groups"
    >
      {() => (
        <div className="links">
          <button
            type="button"
            onClick={() => {
              save().catch((error: unknown) => setSaid(asRefused(error).message))
            }}
          >
            CSV, all groups
          </button>
          <p className="dim" role="status">
            {said === '' ? `With their sums, the largest first; up to ${count(most)}.` : said}
          </p>
        </div>
      )}
    </Popover>
  )
}
