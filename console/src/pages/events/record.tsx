import { lazy, Suspense, useState } from 'react'
import type { EventRow } from '../../../../src/api/published.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Drawer, Fact } from '../../parts/drawer.tsx'
import { conditionFor, conditionWithout } from '../../parts/filter-text.ts'
import { plainText } from '../../parts/format.ts'
import { ResourceLink } from '../../parts/links/resource-link.tsx'
import { Pending } from '../../parts/states.tsx'
import { eventsText } from '../../parts/events/text.ts'
import { titleOf } from '../../parts/events/columns.tsx'
import type { FieldActs } from './field-list.tsx'
import { leavesOf } from './leaves.ts'
import { useEvent } from './queries.ts'

const Context = lazy(async () => ({ default: (await import('./context.tsx')).Context }))

export type RecordProps = Readonly<{
  pos: string
  time: string
  row: EventRow | undefined
  columns: readonly string[]
  onOpen: (row: EventRow) => void
  onClose: () => void
}> &
  Pick<FieldActs, 'onFilter' | 'onColumn'>

const attributes = ['id', 'subject', 'key', 'ref', 'datacontenttype', 'dataschema'] as const

export function EventDrawer(props: RecordProps): React.ReactNode {
  const { pos, time, row, onClose } = props
  const query = useEvent(pos, time)
  const { data: event } = query
  const { type = row?.type, source = row?.source, family = row?.family } = event ?? {}
  const [hasContext, setContext] = useState(false)
  const level = row?.level ?? null
  const shownFirst: readonly (readonly [name: string, value: unknown])[] = [
    ...(level === null ? [] : [['level', level] as const]),
    ['family', family],
    ['type', type],
    ['source', source],
  ]
  return (
    <Drawer of={pos} name={eventsText.event} title={type ?? eventsText.event} onClose={onClose}>
      <dl>
        {[
          ['time', event?.time ?? row?.time],
          ['time_received', event?.time_received ?? row?.received],
        ].map(([name, value]) => (
          <Fact key={name} name={titleOf(name!)}>
            <span className="mono">{value ?? '–'}</span>
          </Fact>
        ))}
        {shownFirst.map(([name, value]) => (
          <Value key={name} {...props} name={name} value={value} />
        ))}
        {event !== undefined &&
          attributes.map((name) =>
            event[name] === null ? null : <Value key={name} {...props} name={name} value={event[name]} />,
          )}
      </dl>
      {event?.ref !== undefined && event.ref !== null && (
        <p className="objects">
          <ResourceLink to={event.ref} at={event.time ?? event.time_received}>
            {event.ref}
          </ResourceLink>
        </p>
      )}
      <p className="event-acts">
        <button type="button" aria-expanded={hasContext} onClick={() => setContext(!hasContext)}>
          {family === 'log' ? eventsText.contextLines : eventsText.contextEvents}
        </button>
      </p>
      {hasContext && (
        <Suspense fallback={null}>
          <Context key={pos} {...props} />
        </Suspense>
      )}
      {event === undefined ? (
        <Pending of={query} what={eventsText.theEvent} notFound={eventsText.notFound} />
      ) : (
        <Body {...props} data={event.data} base64={event.data_base64} extensions={event.extensions} />
      )}
    </Drawer>
  )
}

type BodyProps = RecordProps & Readonly<{ data: unknown; base64: string | null; extensions: unknown }>

function Body({ data, base64, extensions, ...props }: BodyProps) {
  const text = base64 ?? (typeof data === 'string' ? data : JSON.stringify(data, null, 2))
  const { leaves, more } = leavesOf(data)
  return (
    <>
      {leaves.length > 0 && (
        <>
          <h3>{eventsText.fields}</h3>
          <dl>
            {leaves.map(({ name, value }) => (
              <Value key={name} {...props} name={name} value={value} />
            ))}
          </dl>
          {more > 0 && <p className="dim">{eventsText.moreFields(more)}</p>}
        </>
      )}
      {extensions !== null && (
        <>
          <h3>{eventsText.extensions}</h3>
          <pre className="raw" tabIndex={0} aria-label={eventsText.extensions}>
            {JSON.stringify(extensions, null, 2)}
          </pre>
        </>
      )}
      <div className="event-body-head">
        <h3>{base64 === null ? eventsText.wholeBody : eventsText.wholeBinary}</h3>
        <CopyButton text={text}>{eventsText.copyBody}</CopyButton>
      </div>
      <pre className="raw" tabIndex={0} aria-label={eventsText.wholeBody}>
        {text}
      </pre>
    </>
  )
}

type ValueProps = Pick<RecordProps, 'columns' | 'onFilter' | 'onColumn'> & Readonly<{ name: string; value: unknown }>

function Value({ name, value, columns, onFilter, onColumn }: ValueProps) {
  const title = titleOf(name)
  const text = plainText(value)
  const isColumn = columns.includes(name)
  const acts = [
    ['=', eventsText.only(title, text), () => onFilter(conditionFor(name, value))],
    ['≠', eventsText.without(title, text), () => onFilter(conditionWithout(name, value))],
    [
      isColumn ? '−' : '+',
      isColumn ? eventsText.removeColumn(title) : eventsText.addColumn(title),
      () => onColumn(name),
    ],
  ] as const
  return (
    <>
      <dt title={name}>{title}</dt>
      <dd>
        <span className="picked">{text === '' ? '–' : text}</span>
        <span className="picks">
          {acts.map(([sign, label, act]) => (
            <button key={sign} type="button" className="quiet pick" aria-label={label} title={label} onClick={act}>
              {sign}
            </button>
          ))}
        </span>
      </dd>
    </>
  )
}
