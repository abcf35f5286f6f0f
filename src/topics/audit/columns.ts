/** Events counted by actor, action, resource, tenant and region, and between them. */
import { dialectOf, type Dialect } from '../../query/index.ts'
import { isoSpan } from '../coverage.ts'
import type { Surroundings } from '../operation.ts'
import { readRows } from '../rows.ts'
import type { Of } from '../schema.ts'
import { lastDay } from '../time-span.ts'
import { spannedConditions } from './conditions.ts'
import { auditGraphColumns, type AuditColumns, type AuditColumnsParameters } from './schema.ts'

const labels: Readonly<Record<(typeof auditGraphColumns)[number], string>> = {
  actor: 'any_value(actor_name)',
  action: 'any_value(service)',
  resource: 'any_value(resource_name)',
  tenant: 'NULL',
  region: 'NULL',
}

export async function readColumns(
  query: Of<typeof AuditColumnsParameters>,
  surroundings: Surroundings,
): Promise<AuditColumns> {
  const span = lastDay(query, surroundings.now)
  const dialect = dialectOf(surroundings.store)
  const where = spannedConditions(query, span, surroundings.viewer, dialect)
  const rows = await readRows<ColumnRow>(surroundings, columnsSql(where, query.limit ?? 50, dialect))
  return { span: isoSpan(span), ...columnsOf(rows) }
}

const failedTraces = "count(*) FILTER (WHERE severity IN ('warning', 'incident'))"
const incidentTraces = "count(*) FILTER (WHERE severity = 'incident')"
const counted = `count(*) AS n, ${failedTraces} AS failed, ${incidentTraces} AS incidents`
const sized = 'sum(n)::BIGINT AS traces, sum(failed)::BIGINT AS failed, sum(incidents)::BIGINT AS incidents'

/** Ranks replace values before the join, which then aggregates small integers. -1 stands for the others. */
function columnsSql(where: string, limit: number, { same, stored }: Dialect): string {
  const tables = auditGraphColumns.map((name, at) =>
    stored(
      `c${at}`,
      `SELECT ${name} AS value, ${labels[name]} AS label, ${counted}, ` +
        `row_number() OVER (ORDER BY count(*) DESC, ${name}) - 1 AS rank FROM audit WHERE ${where} GROUP BY ${name}`,
    ),
  )
  const places = auditGraphColumns.map((_, at) => `p${at}`)
  const ranks = auditGraphColumns.map((_, at) => `coalesce(r${at}.rank, -1) AS p${at}`)
  const joins = auditGraphColumns.map(
    (name, at) =>
      `LEFT JOIN (SELECT value, rank FROM c${at} WHERE rank < ${limit}) r${at} ON ${same(`a.${name}`, `r${at}.value`)}`,
  )
  const placed = stored(
    'placed',
    `SELECT ${ranks.join(', ')}, ${counted} FROM audit a ${joins.join(' ')} WHERE ${where} ` +
      `GROUP BY ${places.join(', ')}`,
  )
  const parts = auditGraphColumns.flatMap((_, at) => [
    `SELECT 'node' AS part, ${at} AS col, value, label, rank::INTEGER AS rank, NULL::INTEGER AS other, ` +
      `n::BIGINT AS traces, failed::BIGINT AS failed, incidents::BIGINT AS incidents FROM c${at} WHERE rank ` +
      `< ${limit}`,
    `SELECT 'others', ${at}, NULL, NULL, count(*)::INTEGER, NULL, coalesce(sum(n), 0)::BIGINT, ` +
      `coalesce(sum(failed), 0)::BIGINT, coalesce(sum(incidents), 0)::BIGINT FROM c${at} WHERE rank >= ${limit}`,
    ...(at + 1 < auditGraphColumns.length
      ? [
          `SELECT 'edge', ${at}, NULL, NULL, p${at}::INTEGER, p${at + 1}::INTEGER, ${sized} FROM placed ` +
            `GROUP BY p${at}, p${at + 1}`,
        ]
      : []),
  ])
  return (
    `WITH ${[...tables, placed].join(', ')} SELECT part, col, value, label, rank, other, traces, failed, ` +
    `incidents FROM (${parts.join(' UNION ALL ')}) ORDER BY part, col, rank, other`
  )
}

type Size = Readonly<{ traces: number; failed: number; incidents: number }>

type ColumnRow = Size &
  Readonly<{
    part: 'node' | 'others' | 'edge'
    col: number
    value: string | null
    label: string | null
    rank: number
    other: number
  }>

const sizeOf = (row: ColumnRow | undefined): Size => ({
  traces: Number(row?.traces ?? 0),
  failed: Number(row?.failed ?? 0),
  incidents: Number(row?.incidents ?? 0),
})

function columnsOf(rows: readonly ColumnRow[]): Omit<AuditColumns, 'span'> {
  const columns = auditGraphColumns.map((column, at) => {
    const rest = rows.find(({ part, col }) => part === 'others' && col === at)
    return {
      column,
      nodes: rows
        .filter(({ part, col }) => part === 'node' && col === at)
        .map((row) => ({ value: row.value, label: row.label, ...sizeOf(row) })),
      others: { values: Number(rest?.rank ?? 0), ...sizeOf(rest) },
    }
  })
  const [first] = columns
  return {
    total: (first?.nodes ?? []).reduce((sum, { traces }) => sum + traces, first?.others.traces ?? 0),
    columns,
    edges: rows
      .filter(({ part }) => part === 'edge')
      .map((row) => ({ column: row.col, from: row.rank, to: row.other, ...sizeOf(row) })),
  }
}
