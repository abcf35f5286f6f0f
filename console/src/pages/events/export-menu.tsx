import { pathOf } from '../../api/client.ts'
import { Popover } from '../../parts/popover.tsx'
import { listText } from '../../state/parts.ts'
import type { Range } from '../../state/range.ts'
import { eventsText } from '../../parts/events/text.ts'
import { generalText } from '../../text/general.ts'

type ExportProps = Readonly<{ filter: string; t: Range; sort: string; columns: readonly string[] }>

/** All matching rows, not only those that are loaded. */
export function ExportMenu({ filter, t, sort, columns }: ExportProps): React.ReactNode {
  const link = (format: 'csv' | 'ndjson', shown: readonly string[] = []) =>
    pathOf('/api/v1/events/export', { format, filter, from: t.from, to: t.to, sort, columns: listText(shown) })
  return (
    <Popover
      label={
        <>
          {generalText.export} <span aria-hidden="true">▾</span>
        </>
      }
      name={eventsText.exportAll}
    >
      {() => (
        <div className="links">
          <a href={link('csv', columns)} download>
            {eventsText.csvColumns}
          </a>
          <a href={link('csv')} download>
            {eventsText.csvAll}
          </a>
          <a href={link('ndjson')} download>
            {eventsText.ndjsonAll}
          </a>
          <p className="dim">{eventsText.exportHint}</p>
        </div>
      )}
    </Popover>
  )
}
