/** Groups of flows from sums by hour. */
import { haveHourSums, hourSql, hourUs, type HourSum } from '../../model/hour-sums.ts'
import { testsOf } from '../bound.ts'
import type { Dialect } from '../dialect.ts'
import { columnsRead } from '../endpoints.ts'
import type { QueryField } from '../names.ts'
import { boundOf, filterSql, receivedSql, withinSql, type RowQuery } from './row-query.ts'
import type { TimeSpan } from './span.ts'

type HourRequest = RowQuery &
  Readonly<{
    group: readonly QueryField[]
    /** Names of the stored sums. Unset: all. */
    hourSums?: readonly HourSum[] | undefined
  }>

/** `sums`: SQL of the measures of flows, named `_` and the measure. */
type Parts = Readonly<{
  columns: readonly string[]
  names: readonly string[]
  sums: string
  measures: readonly string[]
}>

/**
 * A SELECT like the one of all flows. Full hours of receipt are a statement with nothing but the hour and columns of
 * the sums: ClickHouse then reads the sums, or the flows of parts without them. Undefined if they do not suffice.
 */
export function hourPartsSql(
  request: HourRequest,
  { columns, names, sums, measures }: Parts,
  dialect: Dialect,
): string | undefined {
  const hours = dialect.hasHourSums ? hoursOf(request) : undefined
  if (hours === undefined) return undefined
  const { time, span, names: table } = request
  const filter = filterSql(request, dialect)
  const hour = hourSql(dialect.micros('time_received'))
  const part = (conditions: readonly string[]): string =>
    `SELECT ${[...columns, sums].join(', ')} FROM ${table.view} ` +
    `WHERE ${[...conditions, ...filter].join(' AND ')} GROUP BY ALL`
  const edge = (received: TimeSpan): string =>
    part([receivedSql(received, dialect), withinSql(time.sql(dialect), span, dialect)])
  const parts = [
    part([`${hour} >= ${hours.middle.from / hourUs}`, `${hour} < ${hours.middle.to / hourUs}`]),
    edge({ from: hours.all.from, to: hours.middle.from }),
    edge({ from: hours.middle.to, to: hours.all.to }),
  ]
  const added = measures.map((measure) => {
    const sum = measure === 'flows' ? `sum("_flows")` : dialect.sum(`"_${measure}"`)
    return `${sum} AS "_${measure}"`
  })
  return (
    `SELECT ${[...names, 'false AS "_lost"', ...added].join(', ')} FROM (${parts.join(' UNION ALL ')}) hours ` +
    'GROUP BY ALL'
  )
}

type Hours = Readonly<{ all: TimeSpan; middle: TimeSpan }>

/** Hours of receipt with flows of the span only, if they are half of it at least. */
function hoursOf(request: HourRequest): Hours | undefined {
  const { group, time, span, hourSums } = request
  const received = time.received?.(span)
  if (group.length === 0 || received?.sure === undefined || received.sure.from <= 0n) return undefined
  const read = [...group.flatMap(columnsRead), ...testsOf(boundOf(request)).map(({ field }) => field)]
  if (!haveHourSums(read, hourSums)) return undefined
  const { all, sure } = received
  const middle = { from: ((sure.from + hourUs - 1n) / hourUs) * hourUs, to: (sure.to / hourUs) * hourUs }
  return (middle.to - middle.from) * 2n >= span.to - span.from ? { all, middle } : undefined
}
