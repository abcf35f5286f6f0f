import type { FastifyInstance } from 'fastify'
import { isoOf, stepFor, type TimeSpan } from '../../query/plan/index.ts'
import { dialectOf, type Dialect } from '../../query/index.ts'
import { answerJson } from '../answer.ts'
import { storedTo } from '../../topics/coverage.ts'
import { abortOnDisconnect, rowsOf, requireStore } from '../store-query.ts'
import { groupedOf, groupedSql, type GroupedRow } from '../../topics/grouped-sums.ts'
import { groupLimits } from '../../topics/schema.ts'
import { span } from '../../topics/time-span.ts'
import type { Principal } from '../access/principal.ts'
import { coverageOfEvents, eventCoverage } from '../../topics/event-coverage.ts'
import type { ApiContext } from '../options.ts'
import { auditConditions, auditFacets, auditParameters, type AuditFacet, type AuditQuery } from '../audit-conditions.ts'
import { closed, integer, list, nullable, object, refusals, string } from '../json-schema.ts'

const spanOf = object({ from: string, to: string })

export const auditGraphColumns = ['actor', 'action', 'resource', 'tenant', 'region'] as const

const labels: Readonly<Record<(typeof auditGraphColumns)[number], string>> = {
  actor: 'any_value(actor_name)',
  action: 'any_value(service)',
  resource: 'any_value(resource_name)',
  tenant: 'NULL',
  region: 'NULL',
}

const counts = {
  traces: integer,
  failed: { type: 'integer', description: 'Events of severity warning or incident.' },
  incidents: integer,
} as const

export const auditSumSchemas = {
  AuditSums: object(
    {
      span: spanOf,
      step: { type: 'integer', description: 'Length of a bucket in seconds.' },
      by: string,
      total: { type: 'integer', description: 'Matching events.' },
      groups: list(object({ value: nullable, traces: integer }), {
        description: 'Largest first; null: value not reported.',
      }),
      others: object({ groups: integer, traces: integer }, { description: 'Number of remaining groups.' }),
      buckets: list(object({ time: string, traces: list(integer) }), {
        description:
          'Start of each bucket, with the number of events in each of `groups` and in the rest. Empty ' +
          'buckets are omitted.',
      }),
      ...eventCoverage,
    },
    { required: ['span', 'step', 'by', 'total', 'groups', 'others', 'buckets'] },
  ),
  AuditColumns: object(
    {
      span: spanOf,
      total: {
        type: 'integer',
        description: 'Matching events; in each column, nodes and rest add up to it.',
      },
      columns: list(
        object({
          column: string,
          nodes: list(
            object({
              value: nullable,
              label: { ...nullable, description: 'Name of the node; for an action, its service.' },
              ...counts,
            }),
            { description: 'Largest first.' },
          ),
          others: object({
            values: { type: 'integer', description: 'Number of remaining values.' },
            ...counts,
          }),
        }),
      ),
      edges: list(object({ column: integer, from: integer, to: integer, ...counts }), {
        description:
          'Events between adjacent columns: from node `from` of column `column` to node `to` of the next ' +
          'one; -1 is the rest.',
      }),
    },
    { required: ['span', 'total', 'columns', 'edges'] },
  ),
} as const

interface Query extends AuditQuery {
  readonly by?: AuditFacet
  readonly limit?: number
  readonly buckets?: number
}

const sums = {
  operationId: 'auditSums',
  summary: 'Number of audit events over time and by group',
  description:
    'Same parameters as GET /api/v1/audit. Groups and rest add up to the total, in each bucket and over the ' +
    'time range.',
  querystring: closed({
    ...auditParameters,
    by: { type: 'string', enum: auditFacets, default: 'severity', description: 'Field to group by.' },
    ...groupLimits,
  }),
  response: { 200: { $ref: 'AuditSums#' }, ...refusals },
} as const

const columns = {
  operationId: 'auditColumns',
  summary: 'Audit events counted by actor, action, resource, tenant and region, as columns of nodes',
  description: 'Same parameters as GET /api/v1/audit. Each column has its largest nodes; the rest is counted together.',
  querystring: closed({
    ...auditParameters,
    limit: { type: 'integer', minimum: 1, maximum: 200, default: 50, description: 'Maximum nodes of a column.' },
  }),
  response: { 200: { $ref: 'AuditColumns#' }, ...refusals },
} as const

export function auditSumRoutes(app: FastifyInstance, context: ApiContext): void {
  const spanned = (query: AuditQuery) =>
    span({ from: query.from ?? 'now-24h', to: query.to ?? 'now' }, context.host.clock.now())
  const within = ({ from, to }: TimeSpan, query: AuditQuery, principal: Principal, dialect: Dialect) =>
    [`time >= ${dialect.time(from)}`, `time < ${dialect.time(to)}`, ...auditConditions(query, principal, dialect)].join(
      ' AND ',
    )

  app.get('/api/v1/audit/sums', { schema: sums }, async (request, reply) => {
    const query = request.query as Query
    const { by = 'severity', limit = 10, buckets = 150 } = query
    const range = spanned(query)
    const step = stepFor(range, buckets)
    const store = requireStore(context)
    const dialect = dialectOf(store)
    const matching =
      `SELECT ${dialect.floorDivide(dialect.micros('time'), BigInt(step) * 1_000_000n)} AS bucket, ${by} AS grouped ` +
      `FROM audit WHERE ${within(range, query, request.principal, dialect)}`
    const unstored = storedTo(context, range)
    const rows = await rowsOf(store, groupedSql({ matching, step, limit }, dialect), abortOnDisconnect(reply))
    if (rows === undefined) return reply.hijack()
    const { total, groups, others, buckets: times } = groupedOf(rows as unknown as readonly GroupedRow[])
    return answerJson(request, reply, {
      span: { from: isoOf(range.from), to: isoOf(range.to) },
      step,
      by,
      total,
      groups: groups.map(({ value, n }) => ({ value, traces: n })),
      others: { groups: others.groups, traces: others.n },
      buckets: times.map(({ time, n }) => ({ time, traces: n })),
      ...(await coverageOfEvents(context, 'audit', range, unstored)),
    })
  })

  app.get('/api/v1/audit/columns', { schema: columns }, async (request, reply) => {
    const query = request.query as Query
    const range = spanned(query)
    const store = requireStore(context)
    const dialect = dialectOf(store)
    const rows = await rowsOf(
      store,
      columnsSql(within(range, query, request.principal, dialect), query.limit ?? 50, dialect),
      abortOnDisconnect(reply),
    )
    if (rows === undefined) return reply.hijack()
    return answerJson(request, reply, { span: { from: isoOf(range.from), to: isoOf(range.to) }, ...columnsOf(rows) })
  })
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
  const place = auditGraphColumns.map((_, at) => `coalesce(r${at}.rank, -1) AS p${at}`)
  const joins = auditGraphColumns.map(
    (name, at) =>
      `LEFT JOIN (SELECT value, rank FROM c${at} WHERE rank < ${limit}) r${at} ON ${same(`a.${name}`, `r${at}.value`)}`,
  )
  const placed = stored(
    'placed',
    `SELECT ${place.join(', ')}, ${counted} FROM audit a ${joins.join(' ')} WHERE ${where} ` +
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

function columnsOf(rows: readonly Readonly<Record<string, unknown>>[]): object {
  const size = (row: Readonly<Record<string, unknown>> | undefined) => ({
    traces: Number(row?.['traces'] ?? 0),
    failed: Number(row?.['failed'] ?? 0),
    incidents: Number(row?.['incidents'] ?? 0),
  })
  const of = (part: string, column?: number): readonly Readonly<Record<string, unknown>>[] =>
    rows.filter((row) => row['part'] === part && (column === undefined || row['col'] === column))
  const listed = auditGraphColumns.map((column, at) => {
    const [rest] = of('others', at)
    return {
      column,
      nodes: of('node', at).map((row) => ({ value: row['value'], label: row['label'], ...size(row) })),
      others: { values: Number(rest?.['rank'] ?? 0), ...size(rest) },
    }
  })
  const [first] = listed
  return {
    total: (first?.nodes ?? []).reduce((sum, { traces }) => sum + traces, first?.others.traces ?? 0),
    columns: listed,
    edges: of('edge').map((row) => ({ column: row['col'], from: row['rank'], to: row['other'], ...size(row) })),
  }
}
