import { isoSpan, storedTo, type Instance } from '../coverage.ts'
import { coverageOfEvents } from '../event-coverage.ts'
import { operation, type Surroundings } from '../operation.ts'
import { needDuckDb, readRows } from '../rows.ts'
import { span } from '../time-span.ts'
import { fieldsIn, sampleSql } from './fields.ts'
import { EventFields, EventFieldsParameters, EventSeries, EventSeriesParameters } from './schema.ts'
import { seriesOf, seriesSql, type PointRow } from './series.ts'

const needSeries = (surroundings: Pick<Surroundings, 'store'>) =>
  needDuckDb(surroundings, 'The store in ClickHouse has no series of events.', 'Query its table of events with SQL.')

export const eventFields = operation({
  id: 'eventFields',
  summary: 'Numbers and texts in the bodies of the newest events of a family',
  parameters: EventFieldsParameters,
  result: EventFields,
  async run({ family, from = 'now-1h', to = 'now' }, surroundings) {
    needSeries(surroundings)
    const sql = sampleSql(family, span({ from, to }, surroundings.now))
    const rows = await readRows<Readonly<{ data: unknown }>>(surroundings, sql)
    return fieldsIn(rows.map(({ data }) => data))
  },
})

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
