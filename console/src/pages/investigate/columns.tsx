import { ActorLink } from '../../parts/links/actor-link.tsx'
import { ResourceLink } from '../../parts/links/resource-link.tsx'
import { shortTime } from '../../parts/format.ts'
import type { GridColumn } from '../../parts/grid.tsx'
import { generalText } from '../../text/general.ts'
import { investigateText } from './text.ts'
import { laneTitles, type LaneEvent } from './events.ts'
import { noteOf } from './notes.tsx'

const signs = { info: '●', warning: '▲', bad: '■' } as const

export function columnsOf(
  pins: readonly string[],
  notes: readonly string[],
  onPin: (event: LaneEvent) => void,
): readonly GridColumn<LaneEvent>[] {
  return [
    { id: 'pin', title: investigateText.pin, width: 44, cell: (event) => <Pin of={event} pins={pins} onPin={onPin} /> },
    {
      id: 'time',
      title: generalText.time,
      width: 146,
      cell: ({ time }) => (
        <span className="mono" title={time}>
          {shortTime(time)}
        </span>
      ),
    },
    {
      id: 'lane',
      title: investigateText.lane,
      width: 146,
      cell: ({ lane, level }) => (
        <span className={level === 'info' ? undefined : level}>
          <span aria-hidden="true">{signs[level]}</span> {laneTitles[lane]}
        </span>
      ),
    },
    {
      id: 'object',
      title: investigateText.object,
      width: 180,
      grow: 2,
      cell: ({ ref, object, time }) =>
        ref === null ? (
          object
        ) : (
          <ResourceLink to={ref} at={time}>
            {object}
          </ResourceLink>
        ),
    },
    {
      id: 'event',
      title: investigateText.event,
      width: 240,
      grow: 5,
      cell: ({ key, text }) => {
        const note = noteOf(notes, key)
        return (
          <span title={note === '' ? text : `${note}: ${text}`}>
            {note !== '' && <span className="note">{note} · </span>}
            {text}
          </span>
        )
      },
    },
    {
      id: 'actor',
      title: generalText.actor,
      width: 192,
      grow: 1,
      cell: ({ actor, actor_ref: ref }) =>
        ref === null ? <span className="dim">{actor ?? '–'}</span> : <ActorLink to={ref} name={actor} />,
    },
  ]
}

export function Pin({
  of,
  pins,
  onPin,
}: {
  of: LaneEvent
  pins: readonly string[]
  onPin: (event: LaneEvent) => void
}): React.ReactNode {
  const isPinned = pins.includes(of.key)
  const event = `${of.object}: ${of.text}`
  return (
    <button
      type="button"
      className="quiet pin"
      aria-pressed={isPinned}
      aria-label={(isPinned ? investigateText.unpinOf : investigateText.pinOf)(event)}
      onClick={(click) => {
        click.stopPropagation()
        onPin(of)
      }}
    >
      {isPinned ? '★' : '☆'}
    </button>
  )
}
