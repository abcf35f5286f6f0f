import { pathOf } from '../../api/client.ts'
import { ExportPopover } from '../../parts/export-popover.tsx'
import { listText } from '../../state/parts.ts'
import type { Range } from '../../state/range.ts'
import { eventsText } from '../../parts/events/text.ts'

type ExportProps = Readonly<{ filter: string; t: Range; sort: string; columns: readonly string[] }>

/** All matching rows, not only those that are loaded. */
export function ExportMenu({ filter, t, sort, columns }: ExportProps): React.ReactNode {
  const link = (format: 'csv' | 'ndjson', shown: readonly string[] = []) =>
    pathOf('/api/v1/events/export', { format, filter, from: t.from, to: t.to, sort, columns: listText(shown) })
  return (
    <ExportPopover name={eventsText.exportAll}>
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
    </ExportPopover>
  )
}
