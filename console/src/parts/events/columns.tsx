import type { EventRow } from '../../../../src/api/published.ts'
import { shortTime } from '../format.ts'
import type { GridColumn } from '../grid.tsx'
import { eventsText } from './text.ts'
import { generalText } from '../../text/general.ts'
import type { EventList } from './lists.ts'

export const levelTones: Readonly<Record<string, 'bad' | 'warning'>> = {
  fatal: 'bad',
  critical: 'bad',
  error: 'bad',
  warn: 'warning',
}

const full = (value: string | null, className?: string): React.ReactNode =>
  value === null || value === '' ? (
    <span className="dim">–</span>
  ) : (
    <span className={className} title={value}>
      {value}
    </span>
  )

const moment = (iso: string): React.ReactNode => (
  <span className="mono" title={iso}>
    {shortTime(iso)}
  </span>
)

export type EventColumn = GridColumn<EventRow> & Readonly<{ hint: string }>

const listed: Readonly<Record<string, EventColumn>> = {
  time: {
    id: 'time',
    line: 2,
    title: generalText.time,
    hint: eventsText.timeHint,
    width: 146,
    sortable: true,
    cell: ({ time }) => moment(time),
    csv: ({ time }) => time,
  },
  time_received: {
    id: 'time_received',
    title: eventsText.received,
    hint: eventsText.receivedHint,
    width: 146,
    sortable: true,
    cell: ({ received }) => moment(received),
    csv: ({ received }) => received,
  },
  level: {
    id: 'level',
    line: 1,
    title: eventsText.level,
    hint: eventsText.levelHint,
    width: 84,
    sortable: true,
    cell: ({ level }) => full(level, levelClass(level)),
  },
  family: {
    id: 'family',
    title: eventsText.family,
    hint: eventsText.familyHint,
    width: 92,
    sortable: true,
    cell: ({ family }) => full(family),
  },
  type: {
    id: 'type',
    line: 1,
    title: generalText.type,
    hint: eventsText.typeHint,
    width: 310,
    grow: 1,
    sortable: true,
    cell: ({ type }) => full(type),
  },
  source: {
    id: 'source',
    line: 2,
    title: generalText.source,
    hint: eventsText.sourceHint,
    width: 200,
    grow: 1,
    sortable: true,
    cell: ({ source }) => full(source),
  },
  subject: {
    id: 'subject',
    title: eventsText.subject,
    hint: eventsText.subjectHint,
    width: 110,
    grow: 1,
    sortable: true,
    cell: ({ subject }) => full(subject),
  },
  data: {
    id: 'data',
    line: 2,
    title: eventsText.data,
    hint: eventsText.dataHint,
    width: 180,
    grow: 5,
    cell: ({ data, cut }) => full(data === null ? null : `${data}${cut ? ' …' : ''}`, 'mono dim'),
  },
}

function levelClass(level: string | null) {
  return levelTones[level ?? '']
}

/** Attributes and others that a list does not have by itself. */
export const furtherAttributes: readonly string[] = ['id', 'key', 'ref', 'datacontenttype', 'dataschema']
export const ownColumns: readonly string[] = Object.keys(listed)

export const defaultColumns: Readonly<Record<EventList, readonly string[]>> = {
  events: ['time', 'type', 'source', 'subject', 'data'],
  logs: ['time', 'level', 'source', 'data.line'],
  all: ['time', 'family', 'type', 'source', 'subject', 'data'],
}

/** `data.labels.app` is `labels.app`. */
export const titleOf = (name: string): string =>
  listed[name]?.title ?? (name === 'data.line' ? eventsText.line : name.replace(/^data\./, ''))

export function columnOf(name: string): EventColumn {
  const column = listed[name]
  if (column !== undefined) return column
  const isLine = name === 'data.line'
  return {
    id: name,
    title: titleOf(name),
    hint: name,
    width: isLine ? 320 : 140,
    grow: isLine ? 6 : 1,
    line: isLine ? 1 : 2,
    sortable: true,
    cell: ({ cells }) => full(cells?.[name] ?? null, isLine ? 'mono' : undefined),
  }
}

/** Fields that the list needs besides its own. */
export const requestedOf = (columns: readonly string[]): readonly string[] =>
  columns.filter((name) => listed[name] === undefined)
