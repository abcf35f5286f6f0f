import { pathOf } from '../../api/client.ts'
import { questionQuery, type FlowQuestion } from './flow-filter.ts'
import { Popover } from '../../parts/popover.tsx'
import { generalText } from '../../text/general.ts'
import { flowsText } from '../../parts/flows/text.ts'

import { useState } from 'react'
import { asApiError } from '../../api/problem.ts'
import { count } from '../../parts/format.ts'
import { fieldsOf, type FlowColumn } from '../../parts/flows/columns.tsx'

type ExportProps = Readonly<{
  flowQuery: FlowQuestion
  columns: readonly FlowColumn[]
  from: string
  to: string
  sort: string
}>

export function ExportMenu({ flowQuery, columns, from, to, sort }: ExportProps): React.ReactNode {
  const link = (format: 'csv' | 'ndjson', columns: string) =>
    pathOf('/api/v1/export', { format, ...questionQuery(flowQuery), from, to, columns, sort: asOnScreen(sort) })
  const shown = [...new Set(columns.flatMap(({ fields }) => fields))].join(',')
  const [message, setMessage] = useState('')
  const save = async () => {
    const { saveShown } = await import('./shown-csv.ts')
    const rows = await saveShown(link('ndjson', fieldsOf(columns).join(',')), columns, {
      name: 'weir-flows.csv',
      onRows: (done) => setMessage(flowsText.savingRows(count(done))),
    })
    setMessage(flowsText.savedRows(count(rows)))
  }
  return (
    <Popover
      label={
        <>
          {generalText.export} <span aria-hidden="true">▾</span>
        </>
      }
      name={flowsText.exportAllRows}
    >
      {() => (
        <div className="links">
          <button
            type="button"
            onClick={() => {
              save().catch((error: unknown) => setMessage(asApiError(error).message))
            }}
          >
            {flowsText.csvAsShown}
          </button>
          <a href={link('csv', shown)} download>
            {flowsText.csvVisibleColumns}
          </a>
          <a href={link('csv', '*')} download>
            {flowsText.csvAllFields}
          </a>
          <a href={link('ndjson', '*')} download>
            {flowsText.ndjsonAllFields}
          </a>
          <p className="dim" role="status">
            {message === '' ? flowsText.exportHint : message}
          </p>
        </div>
      )}
    </Popover>
  )
}

/** Ties as in the pages of the table. */
function asOnScreen(sort: string): string {
  const keys = sort === '' ? [] : sort.split(',')
  const hasTime = keys.some((key) => /^-?time_received$/.test(key))
  return [...keys, ...(hasTime ? [] : ['-time_received']), '_pos'].join(',')
}
