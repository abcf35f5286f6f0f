/** Rows of events: their time, the fields of a list, and requests for them. */
import { columnSql, eventNames, levelField, memberOrder, type QueryField } from '../../query/index.ts'
import { withinSql, type QueryTime, type RowQuery, type SortKey, type TimeSpan } from '../../query/plan/index.ts'
import { listOf } from '../comma-list.ts'
import { filterOf } from '../filter-text.ts'
import { unknownField } from '../flows/row-query.ts'
import { Refusal } from '../refusal.ts'
import { withinScope, type Viewer } from '../scope.ts'
import { span } from '../time-span.ts'
import type { EventSelection } from './schema.ts'

const received = eventNames.field('time_received')!

/** The event time; of an event without one, the receive time. Of the view: results may have columns of these names. */
export const eventTime: QueryTime = {
  name: 'event_time',
  sql: ({ identifier }) => `coalesce(events.${identifier('time')}, events.${identifier('time_received')})`,
  // Only comparisons of columns skip files.
  within: (range, dialect) =>
    `(${withinSql(dialect.identifier('time'), range, dialect)} OR ` +
    `(${dialect.identifier('time')} IS NULL AND ${withinSql(dialect.identifier('time_received'), range, dialect)}))`,
}

export const timeField: QueryField = { name: 'event_time', kind: 'time', sql: eventTime.sql }

/** Text with microseconds: JSON rounds times. */
export const timeText: QueryField = {
  name: 'event_time_text',
  kind: 'text',
  sql: (dialect) => dialect.isoTime(eventTime.sql(dialect)),
}

const part = (name: string, index: number): QueryField => ({
  name,
  kind: 'u64',
  sql: ({ integerOf, part: partOf }) => `coalesce(${integerOf(partOf('_pos', ':', index))}, 0)`,
})

/** Events of one source with equal times keep their order. */
const orderInSource = [part('pos_sequence', -2), part('pos_row', -1)]

export const inTime = (order: 'ascending' | 'descending'): readonly SortKey[] =>
  [timeField, ...orderInSource].map((field) => ({ field, descending: order === 'descending' }))

export const previewCharacters = 2000

/** One character more, to know whether it is cut. */
export const previewField: QueryField = {
  name: 'data_preview',
  kind: 'text',
  sql: (dialect) => dialect.keyText(dialect.asText(dialect.identifier('data')), previewCharacters + 1),
}

export function eventQuery(query: EventSelection, now: number, viewer: Viewer): RowQuery {
  const { filter = '', from = 'now-1h', to = 'now' } = query
  return eventsIn(span({ from, to }, now), filter, viewer)
}

export function eventsIn(range: TimeSpan, filter: string, viewer: Viewer): RowQuery {
  return {
    names: eventNames,
    filter: withinScope(filterOf(filter, 'events').expression, viewer, 'events'),
    time: eventTime,
    span: range,
  }
}

/** A field of any name, also a member of the body. */
export function eventField(written: string, parameter: string): QueryField {
  const field = eventNames.field(eventNames.resolve(written) ?? '')
  if (field === undefined) throw unknownField(written, parameter, eventNames)
  return field
}

/** A field with texts. */
export function groupedField(written: string): QueryField {
  const field = eventField(written, 'by')
  if (field.kind === 'dict' || field.kind === 'text') return field
  throw new Refusal('WEIR_API_INVALID', `"by" does not support ${field.name}.`, [
    'Use an attribute, `level`, or a member of the body such as data.labels.app.',
  ])
}

export function sortOf(written: string): readonly SortKey[] {
  const descending = written.startsWith('-')
  const name = descending ? written.slice(1) : written
  if (name === 'time') return inTime(descending ? 'descending' : 'ascending')
  const field = eventField(name, 'sort')
  if (field.kind === 'json')
    throw new Refusal('WEIR_API_INVALID', `"sort" does not support ${field.name}: it contains JSON.`)
  const fields = field.member === undefined ? [field] : memberOrder(field)
  return [...fields.map((key) => ({ field: key, descending })), { field: timeField, descending: true }]
}

export function fieldsOf(written: string | undefined, parameter: string): readonly QueryField[] {
  return listOf(written).map((name) => eventField(name, parameter))
}

/** A column of a list as text. */
export function textOfField(field: QueryField): QueryField {
  const { name, kind } = field
  if (kind === 'dict' || kind === 'text') return field
  return {
    name,
    kind: 'text',
    sql: (dialect) =>
      kind === 'time' ? dialect.isoTime(columnSql(field, dialect)) : dialect.asText(columnSql(field, dialect)),
  }
}

export const listedFields: readonly QueryField[] = [
  timeText,
  received,
  ...['family', 'type', 'source', 'subject'].map((name) => eventNames.field(name)!),
  levelField,
  previewField,
  eventNames.field('_pos')!,
]
