import { isoSpan, storedTo, type Instance } from '../coverage.ts'
import { coverageOfEvents } from '../event-coverage.ts'
import { operation, type Surroundings } from '../operation.ts'
import type { ManyRows } from '../many-rows.ts'
import { needDuckDb, readRows } from '../rows.ts'
import { span } from '../time-span.ts'
import { fieldsIn, sampleBodies } from './fields.ts'
import { readContext, readEvent, readEvents } from './page.ts'
import { eventQuery } from './rows.ts'
import {
  ContextParameters,
  EventContext,
  EventFields,
  EventFieldsParameters,
  EventPage,
  EventPlace,
  EventRecord,
  EventSeries,
  EventSeriesParameters,
  EventsParameters,
  EventSums,
  EventSumsParameters,
} from './schema.ts'
import { seriesOf, seriesSql, type PointRow } from './series.ts'
import { readEventSums } from './sums.ts'

const needSeries = (surroundings: Pick<Surroundings, 'store'>) =>
  needDuckDb(surroundings, 'The store in ClickHouse has no series of events.', 'Query its table of events with SQL.')

export const events = operation({
  id: 'events',
  summary: 'Events, newest first',
  description:
    'Audit events, changes, lines of logs and all others, in order of time or of a field. All pages cover the time ' +
    'range of the first page.',
  parameters: EventsParameters,
  result: EventPage,
  run: (query, surroundings: Surroundings & ManyRows) => readEvents(query, surroundings),
})

export const event = operation({
  id: 'event',
  summary: 'One event with its whole body',
  parameters: EventPlace,
  result: EventRecord,
  refuses: ['WEIR_API_NOT_FOUND'],
  run: readEvent,
})

export const eventContext = operation({
  id: 'eventContext',
  summary: 'Events before and after one in the same stream',
  description: 'A stream has the same family and source; a stream of logs also the same labels.',
  parameters: ContextParameters,
  result: EventContext,
  refuses: ['WEIR_API_NOT_FOUND'],
  run: (query, surroundings: Surroundings & ManyRows) => readContext(query, surroundings),
})

export const eventSums = operation({
  id: 'eventSums',
  summary: 'Number of events over time and by group',
  description:
    'Same filter and time range as GET /api/v1/events. Groups and rest add up to the total, in each bucket and over ' +
    'the time range. With one bucket: the most frequent values of a field.',
  parameters: EventSumsParameters,
  result: EventSums,
  run: (query, surroundings: Surroundings & Readonly<{ instance: Instance }>) => readEventSums(query, surroundings),
})

export const eventFields = operation({
  id: 'eventFields',
  summary: 'Fields in the bodies of the newest events',
  parameters: EventFieldsParameters,
  result: EventFields,
  async run({ family, filter = '', ...range }, surroundings) {
    const ofFamily = family === undefined ? filter : allOf(`family = ${family}`, filter)
    const rowQuery = eventQuery({ ...range, filter: ofFamily }, surroundings.now, surroundings.viewer)
    return fieldsIn(await sampleBodies(rowQuery, surroundings))
  },
})

const allOf = (one: string, other: string): string => (other.trim() === '' ? one : `${one} and (${other})`)

export const eventSeries = operation({
  id: 'eventSeries',
  summary: 'Series of a number in the bodies of events',
  parameters: EventSeriesParameters,
  result: EventSeries,
  async run(query, { instance, ...surroundings }: Surroundings & Readonly<{ instance: Instance }>) {
    needSeries(surroundings)
    const { family, from = 'now-1h', to = 'now', buckets = 120, limit = 8 } = query
    const range = span({ from, to }, surroundings.now)
    const step = Math.max(1, Math.ceil(Number(range.to - range.from) / 1e6 / buckets))
    const unstored = storedTo(instance, range)
    const rows = await readRows<PointRow>(surroundings, seriesSql({ ...query, limit }, range, step))
    return {
      span: isoSpan(range),
      step,
      series: seriesOf(rows, { step, limit }),
      ...(await coverageOfEvents(instance, family, range, unstored)),
    }
  },
})
