import { pathOf } from '../../api/client.ts'
import { questionQuery, type FlowQuestion } from './flow-filter.ts'
import { Popover } from '../../parts/popover.tsx'
import { generalText } from '../../text/general.ts'
import { flowsText } from '../../text/flows.ts'

type ExportProps = Readonly<{
  flowQuery: FlowQuestion
  fields: readonly string[]
  from: string
  to: string
  sort: string
}>

export function ExportMenu({ flowQuery, fields, from, to, sort }: ExportProps): React.ReactNode {
  const link = (format: 'csv' | 'ndjson', columns: string) =>
    pathOf('/api/v1/export', { format, ...questionQuery(flowQuery), from, to, columns, sort })
  const shown = fields.join(',')
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
          <a href={link('csv', shown)} download>
            {flowsText.csvVisibleColumns}
          </a>
          <a href={link('csv', '*')} download>
            {flowsText.csvAllFields}
          </a>
          <a href={link('ndjson', '*')} download>
            {flowsText.ndjsonAllFields}
          </a>
          <p className="dim">{flowsText.exportHint}</p>
        </div>
      )}
    </Popover>
  )
}
