import { useMemo, useState } from 'react'
import { conditionFor, conditionWithout } from '../../parts/filter-text.ts'
import { count, counted } from '../../parts/format.ts'
import { Loading, QueryError } from '../../parts/states.tsx'
import type { Range } from '../../state/range.ts'
import { eventsText } from '../../parts/events/text.ts'
import { titleOf } from '../../parts/events/columns.tsx'
import { sumsOf, useEventFields, useEventSums } from './queries.ts'

const shownValues = 10
const attributes = ['family', 'type', 'source', 'subject'] as const

export type FieldActs = Readonly<{
  onFilter: (condition: string) => void
  onColumn: (name: string) => void
  onChart: (name: string) => void
}>

type FieldListProps = Readonly<{
  filter: string
  isLogs: boolean
  t: Range
  revision: number
  open: readonly string[]
  columns: readonly string[]
  onOpen: (open: readonly string[]) => void
}> &
  FieldActs

/** Fields of the matching events; an open one has its most frequent values, counted over the whole range. */
export function FieldList(props: FieldListProps): React.ReactNode {
  const { filter, isLogs, t, revision, open, onOpen } = props
  const [typed, setTyped] = useState('')
  const fields = useEventFields(filter, t, revision)
  const names = useMemo(() => {
    const members = fields.data?.members.map(({ name }) => name) ?? []
    return [...(isLogs ? ['level'] : []), ...attributes, ...members]
  }, [fields.data, isLogs])
  const all = [...new Set([...names, ...open])].filter((name) => name.toLowerCase().includes(typed.toLowerCase()))
  const toggle = (name: string) =>
    onOpen(open.includes(name) ? open.filter((other) => other !== name) : [...open, name])
  return (
    <section
      className={fields.isPlaceholderData ? 'panel event-fields stale' : 'panel event-fields'}
      aria-label={eventsText.fields}
    >
      <input
        type="search"
        aria-label={eventsText.findField}
        placeholder={eventsText.findField}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <div className="event-fields-list" tabIndex={0} role="group" aria-label={eventsText.fields}>
        {all.map((name) => (
          <div key={name}>
            <button
              type="button"
              className="quiet event-field"
              aria-expanded={open.includes(name)}
              title={name}
              onClick={() => toggle(name)}
            >
              <span aria-hidden="true">{open.includes(name) ? '▾' : '▸'}</span> {titleOf(name)}
            </button>
            {open.includes(name) && <Values {...props} name={name} />}
          </div>
        ))}
        {fields.data === undefined &&
          (fields.isError ? <QueryError of={fields} /> : <Loading what={eventsText.fieldsInText} />)}
        {fields.data !== undefined && all.length === 0 && <p className="dim pad">{eventsText.noField(typed)}</p>}
      </div>
      {fields.data !== undefined && (
        <p className="dim pad">{eventsText.sampled(counted(fields.data.sampled, 'event'))}</p>
      )}
    </section>
  )
}

function Values({
  filter,
  t,
  revision,
  name,
  columns,
  onFilter,
  onColumn,
  onChart,
}: FieldListProps & { name: string }) {
  const query = { filter, t, by: name, limit: shownValues, buckets: 1, revision: String(revision) }
  const sums = useEventSums(query)
  const { data } = sums
  if (data === undefined || data.by !== name)
    return sums.isError ? <QueryError of={sums} /> : <Loading what={eventsText.valuesInText} />
  const title = titleOf(name)
  return (
    <div className={data.of === sumsOf(filter, t) ? 'event-values' : 'event-values stale'}>
      {data.groups.map(({ value, events }) => {
        const text = value ?? eventsText.withoutValue
        return (
          <div key={text} className="event-value">
            <button
              type="button"
              className="quiet"
              title={eventsText.only(title, text)}
              aria-label={eventsText.only(title, text)}
              onClick={() => onFilter(conditionFor(name, value))}
            >
              <span className={value === null ? 'dim' : ''}>{text}</span>
            </button>
            <span className="dim number">{count(events)}</span>
            <button
              type="button"
              className="quiet pick"
              title={eventsText.without(title, text)}
              aria-label={eventsText.without(title, text)}
              onClick={() => onFilter(conditionWithout(name, value))}
            >
              ≠
            </button>
            <span className="event-share" style={{ inlineSize: `${(events / Math.max(1, data.total)) * 100}%` }} />
          </div>
        )
      })}
      {data.others.groups > 0 && (
        <p className="dim">{eventsText.moreValues(count(data.others.groups), count(data.others.events))}</p>
      )}
      <p className="event-acts">
        <button type="button" className="chip" aria-pressed={columns.includes(name)} onClick={() => onColumn(name)}>
          {eventsText.column}
        </button>
        <button type="button" className="chip" onClick={() => onChart(name)}>
          {eventsText.chartBy}
        </button>
      </p>
    </div>
  )
}
