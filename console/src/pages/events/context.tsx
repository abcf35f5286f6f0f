import { useState } from 'react'
import type { EventContext, EventRow } from '../../../../src/api/published.ts'
import { time as timeText } from '../../parts/format.ts'
import { Pending } from '../../parts/states.tsx'
import { eventsText } from '../../parts/events/text.ts'
import { useContext } from './queries.ts'
import type { RecordProps } from './record.tsx'

const [first, most] = [10, 500] as const

/** The events before and after, in their stream. */
export function Context({ pos, time, row: opened, onOpen }: RecordProps): React.ReactNode {
  const [lines, setLines] = useState<number>(first)
  const query = useContext(pos, time, lines)
  const { data } = query
  if (data === undefined) return <Pending of={query} what={eventsText.theContext} notFound={eventsText.notFound} />
  const hasMore = (data.more.before || data.more.after) && lines < most
  return (
    <section aria-label={eventsText.context} aria-busy={query.isFetching}>
      <p className="dim">{streamText(data.stream)}</p>
      <ol className="event-context">
        {!data.more.before && <li className="dim">{eventsText.noneBefore}</li>}
        {data.before.map((row) => (
          <ContextLine key={row.pos} row={row} onOpen={onOpen} />
        ))}
        <li className="current" aria-current="true">
          {opened === undefined ? <span className="mono">{eventsText.thisEvent}</span> : <LineText row={opened} />}
        </li>
        {data.after.map((row) => (
          <ContextLine key={row.pos} row={row} onOpen={onOpen} />
        ))}
        {!data.more.after && <li className="dim">{eventsText.noneAfter}</li>}
      </ol>
      {hasMore && (
        <button type="button" onClick={() => setLines(Math.min(most, lines * 4))}>
          {eventsText.moreContext}
        </button>
      )}
    </section>
  )
}

function ContextLine({ row, onOpen }: Readonly<{ row: EventRow; onOpen: (row: EventRow) => void }>) {
  return (
    <li>
      <button type="button" className="quiet" onClick={() => onOpen(row)}>
        <LineText row={row} />
      </button>
    </li>
  )
}

function LineText({ row: { time, type, data, family } }: Readonly<{ row: EventRow }>) {
  return (
    <>
      <span className="dim mono">{timeText(time)}</span>{' '}
      <span className="mono">{family === 'log' ? lineOf(data) : `${type} ${data ?? ''}`}</span>
    </>
  )
}

/** The body may be cut. */
function lineOf(data: string | null): string {
  const written = /^\{"line":"((?:[^"\\]|\\.)*)/u.exec(data ?? '')?.[1]
  if (written === undefined) return data ?? ''
  try {
    return JSON.parse(`"${written}"`) as string
  } catch {
    return written
  }
}

function streamText({ source, labels }: EventContext['stream']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  return eventsText.stream([source, ...pairs].join(' · '))
}
