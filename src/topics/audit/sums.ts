import { dialectOf } from '../../query/index.ts'
import { stepFor } from '../../query/plan/index.ts'
import { isoSpan, storedTo, type Instance } from '../coverage.ts'
import { coverageOfEvents } from '../event-coverage.ts'
import { groupedOf, groupedSql, type GroupedRow } from '../grouped-sums.ts'
import type { Surroundings } from '../operation.ts'
import { readRows } from '../rows.ts'
import type { Of } from '../schema.ts'
import { lastDay } from '../time-span.ts'
import { spannedConditions } from './conditions.ts'
import type { AuditSums, AuditSumsParameters } from './schema.ts'

export async function readAuditSums(
  query: Of<typeof AuditSumsParameters>,
  { instance, ...surroundings }: Surroundings & Readonly<{ instance: Instance }>,
): Promise<AuditSums> {
  const { by = 'severity', limit = 10, buckets = 150 } = query
  const span = lastDay(query, surroundings.now)
  const step = stepFor(span, buckets)
  const dialect = dialectOf(surroundings.store)
  const matching =
    `SELECT ${dialect.floorDivide(dialect.micros('time'), BigInt(step) * 1_000_000n)} AS bucket, ${by} AS grouped ` +
    `FROM audit WHERE ${spannedConditions(query, span, surroundings.viewer, dialect)}`
  const unstored = storedTo(instance, span)
  const rows = await readRows<GroupedRow>(surroundings, groupedSql({ matching, step, limit }, dialect))
  const { total, groups, others, buckets: times } = groupedOf(rows)
  return {
    span: isoSpan(span),
    step,
    by,
    total,
    groups: groups.map(({ value, n }) => ({ value, traces: n })),
    others: { groups: others.groups, traces: others.n },
    buckets: times.map(({ time, n }) => ({ time, traces: n })),
    ...(await coverageOfEvents(instance, 'audit', span, unstored)),
  }
}
