import {
  Array as ArrayOf,
  Boolean as Flag,
  Integer,
  Number as Real,
  Object as ObjectOf,
  Optional,
  String as Text,
} from 'typebox'
import { families } from '../../model/batches.ts'
import { eventCoverage } from '../event-coverage.ts'
import {
  described,
  groupLimits,
  names,
  nextPage,
  nullText,
  oneOf,
  parameters,
  spanCursor,
  texts,
  timeRange,
  type Of,
} from '../schema.ts'
import { spanFrom } from '../time-span.ts'

export const eventFunctions = ['avg', 'sum', 'min', 'max', 'p50', 'p95', 'p99', 'count'] as const
export type EventFunction = (typeof eventFunctions)[number]
const eventGroups = ['type', 'source', 'subject'] as const

const family = oneOf(families, { description: 'Family of the events.' })

const selection = {
  filter: Optional(
    Text({
      maxLength: 65_536,
      description: 'Filter (see `weir help filters`). Unset: every event.',
      examples: ['family = log and level = error'],
    }),
  ),
  ...spanFrom('now-1h'),
}

const Selection = parameters(selection)
export type EventSelection = Of<typeof Selection>

const columns = names(
  'Further fields, comma-separated: attributes, or members of the body such as `data.labels.app`.',
  ['data.labels.app'],
)

const eventSort = Optional(
  Text({
    maxLength: 500,
    default: '-time',
    description:
      '`time`, or a field; `-` before the name sorts descending. Events without a value are last; ties are ordered ' +
      'newest first. Of a member of the body, numbers are first, by value.',
    examples: ['time', 'type', '-data.duration'],
  }),
)

export const EventsParameters = parameters({
  ...selection,
  columns,
  sort: eventSort,
  limit: Optional(Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Maximum events of a page.' })),
  cursor: spanCursor,
})
export type EventsQuery = Of<typeof EventsParameters>

export const EventSumsParameters = parameters({
  ...selection,
  by: Optional(
    Text({
      maxLength: 500,
      default: 'type',
      description: 'Field to group by: an attribute, `level`, or a member of the body.',
      examples: ['level'],
    }),
  ),
  ...groupLimits,
})
export type EventSumsQuery = Of<typeof EventSumsParameters>

const position = {
  pos: Text({ minLength: 1, maxLength: 1000, description: '`pos` of the event.' }),
  time: Optional(
    Text({ description: '`time` of the event in the list. With it, only events of this time are searched.' }),
  ),
}
export const EventPlace = parameters(position)
export type EventPlace = Of<typeof EventPlace>

const around = (where: string) =>
  Optional(Integer({ minimum: 0, maximum: 500, default: 20, description: `Maximum events ${where}.` }))

export const ContextParameters = parameters({ ...position, before: around('before it'), after: around('after it') })
export type ContextQuery = Of<typeof ContextParameters>

export const eventFormats = ['csv', 'ndjson'] as const

export const EventExportParameters = parameters({
  ...selection,
  format: Optional(oneOf(eventFormats, { default: 'csv' })),
  columns: names('Fields, comma-separated, also members of the body. Unset: all attributes and the body.', [
    'time,source,data.line',
  ]),
  sort: eventSort,
})
export type EventExportQuery = Of<typeof EventExportParameters>

export const EventFieldsParameters = parameters({ family: Optional(family), ...selection })

export const EventSeriesParameters = parameters({
  family,
  field: Text({
    maxLength: 500,
    pattern: '^(/[^/]*)+$',
    description: 'JSON pointer of the number.',
    examples: ['/fields/value'],
  }),
  function: Optional(oneOf(eventFunctions, { default: 'avg', description: 'Function of each bucket.' })),
  by: Optional(
    Text({
      maxLength: 500,
      pattern: `^(${eventGroups.join('|')}|(/[^/]*)+)$`,
      description: 'Attribute or JSON pointer of the groups. Unset: one series.',
      examples: ['subject'],
    }),
  ),
  buckets: Optional(Integer({ minimum: 2, maximum: 1000, default: 120, description: 'Number of buckets.' })),
  limit: Optional(Integer({ minimum: 1, maximum: 50, default: 8, description: 'Maximum number of groups.' })),
  ...spanFrom('now-1h'),
})
export type EventSeriesQuery = Of<typeof EventSeriesParameters>

export const EventFields = ObjectOf(
  {
    numbers: ArrayOf(Text(), { description: 'JSON pointers of numbers in the bodies.' }),
    texts: ArrayOf(Text(), { description: 'JSON pointers of texts, for groups.' }),
    members: ArrayOf(ObjectOf({ name: Text(), events: Integer() }), {
      description: 'Names of members of the bodies as in filters, and the sampled events with them; most first.',
    }),
    sampled: Integer({ description: 'Number of events that were read: the newest ones.' }),
  },
  { $id: 'EventFields' },
)
export type EventFields = Of<typeof EventFields>

export const EventSeries = ObjectOf(
  {
    span: timeRange(),
    step: Integer({ description: 'Width of a bucket in seconds.' }),
    series: ArrayOf(
      ObjectOf({
        value: nullText('Value of the group; null: events without one, or the rest.'),
        others: Integer({ description: 'Number of groups in the rest; 0: a group.' }),
        points: ArrayOf(ObjectOf({ time: Integer(), number: Real() }), {
          description: 'Unix seconds of the start of the bucket; buckets without a number are absent.',
        }),
      }),
      { description: 'Groups with the most events, and the rest.' },
    ),
    ...eventCoverage,
  },
  { $id: 'EventSeries' },
)
export type EventSeries = Of<typeof EventSeries>

const row = {
  time: Text({ description: 'Event time; of an event without one, the receive time.' }),
  received: Text(),
  family: Text(),
  type: Text(),
  source: Text(),
  subject: nullText(),
  level: nullText('Of a line of logs: the severity, else the first word of the line that is a level, else `unknown`.'),
  data: nullText('Start of the body as JSON: 2000 characters. GET /api/v1/events/one has all of it.'),
  cut: Flag({ description: 'Whether `data` is not the whole body.' }),
  pos: Text({ description: 'Permanent id of the event.' }),
}

const EventRow = ObjectOf({
  ...row,
  cells: Optional(
    described<Readonly<Record<string, string | null>>>('Values of the requested `columns` by name, as texts.'),
  ),
})
export type EventRow = Of<typeof EventRow>

export const EventPage = ObjectOf(
  { events: ArrayOf(EventRow), next: nextPage(), span: timeRange() },
  { $id: 'EventPage' },
)
export type EventPage = Of<typeof EventPage>

export const EventSums = ObjectOf(
  {
    span: timeRange(),
    step: Integer({ description: 'Length of a bucket in seconds.' }),
    by: Text(),
    total: Integer({ description: 'Matching events.' }),
    groups: ArrayOf(ObjectOf({ value: nullText(), events: Integer() }), { description: 'Largest first.' }),
    others: ObjectOf({ groups: Integer(), events: Integer() }, { description: 'Number of remaining groups.' }),
    buckets: ArrayOf(ObjectOf({ time: Text(), events: ArrayOf(Integer()) }), {
      description:
        'Start of each bucket, with the number of events in each of `groups` and in the rest. Empty buckets are ' +
        'omitted.',
    }),
    ...eventCoverage,
  },
  { $id: 'EventSums' },
)
export type EventSums = Of<typeof EventSums>

export const EventRecord = ObjectOf(
  {
    pos: Text(),
    id: Text(),
    source: Text(),
    type: Text(),
    subject: nullText(),
    time: nullText(),
    datacontenttype: nullText(),
    dataschema: nullText(),
    extensions: described<unknown>('Extension attributes as an object; null if there are none.'),
    family: Text(),
    ref: nullText(),
    key: nullText(),
    time_received: Text(),
    data: described<unknown>('The body: JSON, or text. Integers above 2^53 are texts.'),
    data_base64: nullText('The body if it is neither JSON nor text.'),
  },
  { $id: 'EventRecord' },
)
export type EventRecord = Of<typeof EventRecord>

export const EventContext = ObjectOf(
  {
    stream: ObjectOf({ family: Text(), source: Text(), labels: texts() }),
    before: ArrayOf(ObjectOf(row), { description: 'In order of time, up to a day before.' }),
    after: ArrayOf(ObjectOf(row), { description: 'In order of time, up to a day after.' }),
    more: ObjectOf({ before: Flag(), after: Flag() }, { description: 'Whether there are further events.' }),
  },
  { $id: 'EventContext' },
)
export type EventContext = Of<typeof EventContext>
