import { Array as ArrayOf, Integer, Number as Real, Object as ObjectOf, Optional, String as Text } from 'typebox'
import { families } from '../../model/batches.ts'
import { eventCoverage } from '../event-coverage.ts'
import { nullText, oneOf, parameters, timeRange, type Of } from '../schema.ts'
import { spanFrom } from '../time-span.ts'

export const eventFunctions = ['avg', 'sum', 'min', 'max', 'p50', 'p95', 'p99', 'count'] as const
export type EventFunction = (typeof eventFunctions)[number]
const eventGroups = ['type', 'source', 'subject'] as const

const family = oneOf(families, { description: 'Family of the events.' })

export const EventFieldsParameters = parameters({ family, ...spanFrom('now-1h') })

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
