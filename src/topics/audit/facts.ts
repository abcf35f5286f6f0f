/** First actions, failed logins, and the delay of sources. */
import type { Pipeline } from '../../engine/control.ts'
import { withoutUndefined } from '../../model/json.ts'
import { dialectOf, type Dialect } from '../../query/index.ts'
import type { Surroundings } from '../operation.ts'
import { readRows } from '../rows.ts'
import { auditScope } from '../scope.ts'
import { lastDay } from '../time-span.ts'
import { auditConditions } from './conditions.ts'
import type {
  AuditFactsQuery,
  AuditFirstSeen,
  AuditLogins,
  AuditNewest,
  AuditSource,
  FailedLogins,
  FirstSeen,
} from './schema.ts'

/** Times are SQL. */
export type AuditWithin = Readonly<{
  from: string
  to: string
  conditions: readonly string[]
}>

export function firstSeenSql({ from, to, conditions }: AuditWithin): string {
  return (
    'SELECT actor, any_value(actor_name) AS actor_name, service, action, min(time) AS first, count(*) ' +
    `AS traces\nFROM audit\nWHERE ${[`time < ${to}`, ...conditions].join('\n  AND ')}\nGROUP BY actor, ` +
    `service, action\nHAVING min(time) >= ${from}`
  )
}

const login = '(?i)log-?_?in|sign-?_?in|authenticat'

export function loginsSql({ from, to, conditions }: AuditWithin, dialect: Dialect): string {
  const where = [
    `time >= ${from}`,
    `time < ${to}`,
    "severity IN ('warning', 'incident')",
    dialect.found('action', login),
    ...conditions,
  ].join('\n  AND ')
  return (
    'SELECT actor, any_value(actor_name) AS actor_name, count(*) AS failed, max(time) AS last, ' +
    `${dialect.firstItems(dialect.collected('address'), 10)} AS addresses\nFROM audit\nWHERE ` +
    `${where}\nGROUP BY actor`
  )
}

export const [firstSeenOrder, loginsOrder] = ['first DESC, actor, service, action', 'failed DESC, actor'] as const

function within(query: AuditFactsQuery, { store, viewer, now }: Surroundings): AuditWithin {
  const dialect = dialectOf(store)
  const { from, to } = lastDay(query, now)
  return { from: dialect.time(from), to: dialect.time(to), conditions: auditConditions(query, viewer, dialect) }
}

type Counted = Readonly<{ total: number | string }>

const totalOf = (rows: readonly Counted[]): number => Number(rows[0]?.total ?? 0)

export async function readFirstSeen(query: AuditFactsQuery, surroundings: Surroundings): Promise<AuditFirstSeen> {
  const sql = firstSeenSql(within(query, surroundings))
  const [rows, [oldest]] = await Promise.all([
    readRows<FirstSeen & Counted>(
      surroundings,
      `SELECT actor, actor_name, service, action, first, traces, count(*) OVER () AS total FROM (${sql}) ` +
        `ORDER BY ${firstSeenOrder} LIMIT ${query.limit ?? 100}`,
    ),
    readRows<Readonly<{ since: string | null }>>(surroundings, 'SELECT min(time) AS since FROM audit'),
  ])
  return {
    pairs: rows.map(({ total: _, ...row }) => ({ ...row, traces: Number(row.traces) })),
    total: totalOf(rows),
    since: oldest?.since ?? null,
  }
}

export async function readLogins(query: AuditFactsQuery, surroundings: Surroundings): Promise<AuditLogins> {
  const sql = loginsSql(within(query, surroundings), dialectOf(surroundings.store))
  const rows = await readRows<FailedLogins & Counted>(
    surroundings,
    `SELECT actor, actor_name, failed, last, addresses, sum(failed) OVER () AS total FROM (${sql}) ` +
      `ORDER BY ${loginsOrder} LIMIT ${query.limit ?? 100}`,
  )
  return {
    actors: rows.map(({ total: _, ...row }) => ({ ...row, failed: Number(row.failed) })),
    total: totalOf(rows),
  }
}

/** The sources of this instance; `auditTypes`: types of sources that collect audit events. */
export type Collectors = Readonly<{ pipeline: () => Promise<Pipeline>; auditTypes: ReadonlySet<string> }>

const sevenDaysMs = 7 * 86_400_000

type SourceRow = Omit<AuditSource, 'late'> & Readonly<{ delay: number | string | null }>

export async function readNewest(
  { pipeline, auditTypes }: Collectors,
  surroundings: Surroundings,
): Promise<AuditNewest> {
  const { store, viewer, now } = surroundings
  const dialect = dialectOf(store)
  const [scope, ofRef] = [auditScope(viewer, dialect), auditScope(viewer, dialect, 'ref')]
  const since = dialect.time(BigInt(Math.floor(now - sevenDaysMs)) * 1000n)
  const delay = `${dialect.micros(dialect.valueAt('time_received', 'time'))} - ${dialect.micros('max(time)')}`
  const [sources, [newest], running] = await Promise.all([
    readRows<SourceRow>(
      surroundings,
      `SELECT source, max(time) AS newest, max(time_received) AS received, ${delay} AS delay FROM events WHERE ` +
        `family = 'audit' AND time_received >= ${since}${ofRef === undefined ? '' : ` AND ${ofRef}`} ` +
        'GROUP BY source ORDER BY newest DESC, source',
    ),
    readRows<Readonly<{ newest: string | null }>>(
      surroundings,
      `SELECT max(time) AS newest FROM audit${scope === undefined ? '' : ` WHERE ${scope}`}`,
    ),
    viewer.namespaces === undefined ? pipeline() : undefined,
  ])
  const collectors = running?.sources
    .filter(({ type }) => auditTypes.has(type))
    .map(({ name, type, error }) => ({ name, type, ...withoutUndefined({ error }) }))
  return {
    newest: newest?.newest ?? null,
    sources: sources.map(({ delay: us, ...source }) => ({
      ...source,
      late: Math.round(Math.max(0, Number(us ?? 0)) / 1000) / 1000,
    })),
    ...withoutUndefined({ collectors }),
  }
}
