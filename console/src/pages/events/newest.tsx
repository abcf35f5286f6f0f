import { useMemo, useState } from 'react'
import type { Row } from '../../live/rows-model.ts'
import type { Link } from '../../live/messages.ts'
import { linkError } from '../../live/link-error.ts'
import { retryNow } from '../../live/tab.ts'
import { useHold } from '../../live/use-hold.ts'
import { useLink, useLiveRows } from '../../live/use-live.ts'
import { plainText, time } from '../../parts/format.ts'
import { Grid, type GridColumn } from '../../parts/grid.tsx'
import { EmptyState, ErrorState, Loading } from '../../parts/states.tsx'
import { NoEvents } from './no-events.tsx'
import { LiveBar } from '../../live/live-bar.tsx'
import { generalText } from '../../text/general.ts'
import { eventsText } from '../../parts/events/text.ts'

const shownFields = ['time', 'time_received', 'type', 'source', 'subject', 'family', 'data', '_pos']
const at = (row: Row, name: string): unknown => row[shownFields.indexOf(name)] ?? null
const textOf =
  (name: string) =>
  (row: Row): React.ReactNode =>
    plainText(at(row, name) ?? '–')

const columns: readonly GridColumn<Row>[] = [
  {
    id: 'time',
    line: 2,
    title: generalText.time,
    hint: eventsText.timeHint,
    width: 116,
    cell: (row) => <span className="mono">{time((at(row, 'time') ?? at(row, 'time_received')) as string | null)}</span>,
  },
  { id: 'type', line: 1, title: generalText.type, width: 180, grow: 1, cell: textOf('type') },
  { id: 'source', line: 2, title: generalText.source, width: 140, grow: 1, cell: textOf('source') },
  { id: 'subject', title: eventsText.subject, width: 140, grow: 1, cell: textOf('subject') },
  { id: 'family', title: eventsText.family, width: 80, cell: textOf('family') },
  {
    id: 'data',
    line: 2,
    title: eventsText.data,
    width: 260,
    grow: 3,
    cell: (row) => <span className="mono dim">{preview(at(row, 'data'))}</span>,
    csv: (row) => plainText(at(row, 'data')) || null,
  },
]

/** `total: 57 · currency: CHF`; the drawer and files have the JSON. */
function preview(data: unknown) {
  const isMap = typeof data === 'object' && data !== null && !Array.isArray(data)
  const text = isMap
    ? Object.entries(data)
        .map(([name, value]) => `${name}: ${plainText(value)}`)
        .join(' · ')
    : plainText(data)
  return text.slice(0, 300).replaceAll(/\s+/g, ' ')
}

type NewestProps = Readonly<{ q: string; onClear: () => void }>

/** Without a store: events as they arrive. */
export function NewestEvents({ q, onClear }: NewestProps): React.ReactNode {
  const view = useMemo(
    () =>
      ({ kind: 'rows', q: { stream: 'events', ...(q === '' ? {} : { filter: q }) }, columns: shownFields }) as const,
    [q],
  )
  const [element, setElement] = useState<HTMLElement | null>(null)
  const [paused, setPaused] = useState(false)
  const reading = useHold(element)
  const live = useLiveRows(view, { held: paused || reading })
  const link = useLink()
  const span = useMemo(() => {
    const [newest, oldest] = [live.rows[0], live.rows.at(-1)]
    return newest === undefined || oldest === undefined
      ? undefined
      : ([plainText(at(oldest, 'time_received')), plainText(at(newest, 'time_received'))] as const)
  }, [live.rows])
  return (
    <>
      {link.status !== 403 && (
        <div className="page-line">
          <LiveBar
            live={live}
            shown={live.rows.length}
            link={link}
            errorShown={link.state === 'refused' && live.rows.length === 0}
            paused={paused}
            reading={reading}
            onPause={setPaused}
            span={span}
          />
        </div>
      )}
      <div className="page-body">
        <section className="panel table" aria-label={eventsText.newestEvents}>
          {live.rows.length > 0 ? (
            <Grid
              label={eventsText.newestEvents}
              columns={columns}
              rows={live.rows}
              rowKey={(row) => plainText(at(row, '_pos'))}
              total={live.rows.length}
              onPlace={setElement}
            />
          ) : link.state === 'refused' ? (
            <Forbidden link={link} />
          ) : live.begun ? (
            q === '' ? (
              <NoEvents />
            ) : (
              <EmptyState
                title={eventsText.noEventMatches}
                action={{ text: generalText.clearFilter, onClick: onClear }}
              >
                {eventsText.noEventMatchesHint}
              </EmptyState>
            )
          ) : (
            <Loading what={eventsText.theNewestEvents} />
          )}
        </section>
      </div>
    </>
  )
}

function Forbidden({ link }: { link: Link }) {
  if (link.status !== 403) return <ErrorState error={linkError(link)} onRetry={retryNow} />
  return (
    <EmptyState title={eventsText.forbidden} action={{ text: generalText.goToFlows, to: '/flows' }}>
      {link.detail}
    </EmptyState>
  )
}
