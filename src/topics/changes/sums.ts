import { dialectOf, type Dialect } from '../../query/index.ts'
import { stepFor, type TimeSpan } from '../../query/plan/index.ts'
import { isoSpan, storedTo, type Instance } from '../coverage.ts'
import { coverageOfEvents } from '../event-coverage.ts'
import { countOf, groupedOf, groupedSql, partOf, type GroupedRow } from '../grouped-sums.ts'
import type { Surroundings } from '../operation.ts'
import { readRows } from '../rows.ts'
import type { Of } from '../schema.ts'
import { lastDay } from '../time-span.ts'
import { changeConditions } from './conditions.ts'
import type { ChangeSums, ChangeSumsParameters } from './schema.ts'

export async function readChangeSums(
  query: Of<typeof ChangeSumsParameters>,
  { instance, ...surroundings }: Surroundings & Readonly<{ instance: Instance }>,
): Promise<ChangeSums> {
  const dialect = dialectOf(surroundings.store)
  const { conditions, costly, hidden } = changeConditions(query, surroundings.viewer, dialect)
  const { by = 'operation', limit = 10, buckets = 150 } = query
  const span = lastDay(query, surroundings.now)
  const step = stepFor(span, buckets)
  const unstored = storedTo(instance, span)
  const where = [...conditions, ...costly]
  const rows = await readRows<GroupedRow>(surroundings, sumsSql({ where, by, span, step, limit, hidden }, dialect))
  const { total, groups, others, buckets: times } = groupedOf(rows)
  return {
    span: isoSpan(span),
    step,
    by,
    total,
    groups: groups.map(({ value, n }) => ({ value, changes: n })),
    others: { groups: others.groups, changes: others.n },
    buckets: times.map(({ time, n }) => ({ time, changes: n })),
    ...(hidden ? { hidden: hiddenOf(rows) } : {}),
    ...(await coverageOfEvents(instance, 'change', span, unstored)),
  }
}

type SumsQuery = Readonly<{
  where: readonly string[]
  by: string
  span: TimeSpan
  step: number
  limit: number
  hidden: boolean
}>

function sumsSql({ where, by, span: { from, to }, step, limit, hidden }: SumsQuery, dialect: Dialect): string {
  const bucket = dialect.floorDivide(dialect.micros('time'), BigInt(step) * 1_000_000n)
  const conditions = [`time >= ${dialect.time(from)}`, `time < ${dialect.time(to)}`, ...where].join(' AND ')
  const changes = dialect.changesIn({ from, to })
  const matching = `SELECT ${bucket} AS bucket, ${by} AS grouped, noise FROM ${changes} WHERE ${conditions}`
  if (!hidden) return groupedSql({ matching, step, limit }, dialect)
  const more = [
    "SELECT 'hidden', NULL, NULL, NULL, count(*)::BIGINT FROM matching WHERE length(noise) > 0",
    "SELECT 'rule', rule, NULL, NULL, count(*)::BIGINT FROM " +
      `(SELECT ${dialect.unnest('noise')} AS rule FROM matching) GROUP BY rule`,
  ]
  return groupedSql({ matching, shown: 'length(noise) = 0', step, limit, more }, dialect)
}

const hiddenOf = (rows: readonly GroupedRow[]): NonNullable<ChangeSums['hidden']> => ({
  total: countOf(partOf(rows, 'hidden')[0]),
  rules: Object.fromEntries(partOf(rows, 'rule').map((row) => [String(row.name), countOf(row)])),
})
