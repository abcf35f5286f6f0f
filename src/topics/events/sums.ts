/** Numbers of events over time and by group. */
import { columnSql, dialectOf } from '../../query/index.ts'
import { conditionOf, stepFor } from '../../query/plan/index.ts'
import { isoSpan, storedTo, type Instance } from '../coverage.ts'
import { coverageOfEvents } from '../event-coverage.ts'
import { groupedOf, groupedSql, type GroupedRow } from '../grouped-sums.ts'
import type { Surroundings } from '../operation.ts'
import { readRows } from '../rows.ts'
import { eventQuery, eventTime, groupedField } from './rows.ts'
import type { EventSums, EventSumsQuery } from './schema.ts'

export async function readEventSums(
  query: EventSumsQuery,
  { instance, ...surroundings }: Surroundings & Readonly<{ instance: Instance }>,
): Promise<EventSums> {
  const { by = 'type', limit = 10, buckets = 150 } = query
  const dialect = dialectOf(surroundings.store)
  const rowQuery = eventQuery(query, surroundings.now, surroundings.viewer)
  const { span } = rowQuery
  const step = stepFor(span, buckets)
  const field = groupedField(by)
  const bucket = dialect.floorDivide(dialect.micros(eventTime.sql(dialect)), BigInt(step) * 1_000_000n)
  const matching =
    `SELECT ${bucket} AS bucket, ${columnSql(field, dialect)} AS grouped FROM events WHERE ` +
    conditionOf(rowQuery, dialect)
  const unstored = storedTo(instance, span)
  const rows = await readRows<GroupedRow>(surroundings, groupedSql({ matching, step, limit }, dialect))
  const { total, groups, others, buckets: times } = groupedOf(rows)
  return {
    span: isoSpan(span),
    step,
    by: field.name,
    total,
    groups: groups.map(({ value, n }) => ({ value, events: n })),
    others: { groups: others.groups, events: others.n },
    buckets: times.map(({ time, n }) => ({ time, events: n })),
    ...(await coverageOfEvents(instance, undefined, span, unstored)),
  }
}
