import { pathOf } from '../../api/client.ts'
import { questionQuery, type FlowQuestion } from './question.ts'
import { Popover } from '../../parts/popover.tsx'

interface ExportProps {
  readonly asked: FlowQuestion
  /** Fields of the columns that are shown. */
  readonly fields: readonly string[]
  readonly from: string
  readonly to: string
  /** As the API takes it. */
  readonly sort: string
}

/** Every row of the answer as a file, streamed by the server: not what the table holds, but all of it. */
export function ExportMenu({ asked, fields, from, to, sort }: ExportProps): React.ReactNode {
  const link = (format: 'csv' | 'ndjson', columns: string): string =>
    pathOf('/api/v1/export', { format, ...questionQuery(asked), from, to, columns, sort })
  const shown = fields.join(',')
  return (
    <Popover
      label={
        <>
          Export <span aria-hidden="true">▾</span>
        </>
      }
      name="Export all rows of the answer"
    >
      {() => (
        <div className="links">
          <a href={link('csv', shown)} download>
            CSV, columns that are shown
          </a>
          <a href={link('csv', '*')} download>
            CSV, every field
          </a>
          <a href={link('ndjson', '*')} download>
            NDJSON, every field
          </a>
          <p className="dim">All rows of the answer, not only those that are loaded.</p>
        </div>
      )}
    </Popover>
  )
}
