/** Lines of logs in the store: `log` events, other events by family, and flows. */
import type { LogData } from '../../model/points.ts'
import { families } from '../../model/batches.ts'
import { dialectOf, everything, flowNames } from '../../query/index.ts'
import { TooManyLines } from '../../query/metrics/failure.ts'
import { LabelSet } from '../../query/metrics/labels.ts'
import { matchesAll, type Matcher } from '../../query/metrics/matchers.ts'
import type { LogEntry } from '../../query/logql/index.ts'
import { conditionOf } from '../../query/plan/index.ts'
import { withinScope } from '../../topics/scope.ts'
import { flowTimes } from '../../query/plan/index.ts'
import type { GrafanaRequest } from './answer.ts'
import { detectedLevel } from './detected-level.ts'
import { rows } from './rows.ts'
import { parsedJson } from '../../model/json.ts'

/** Lines in memory at once. */
const maxLines = 200_000

export type LogSpan = Readonly<{
  matchers: readonly Matcher[]
  /** Ns; `to` is exclusive. */
  from: bigint
  to: bigint
  /** The newest or oldest lines are enough. */
  few?: Readonly<{ count: number; newest: boolean }>
}>

const eventFamilies = families.filter((family) => family !== 'log' && family !== 'point')

/** In order of time. */
export async function logEntries(request: GrafanaRequest, span: LogSpan): Promise<LogEntry[]> {
  const entries = [...(await eventLines(request, span)), ...(await flowLines(request, span))]
  const within = entries.filter(({ time }) => time >= span.from && time < span.to)
  return within.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
}

function orderOf({ few }: LogSpan) {
  const direction = few?.newest === true ? ' DESC' : ''
  return `ORDER BY us${direction}, _pos${direction} LIMIT ${(few?.count ?? maxLines) + 1}`
}

function checked(rowsRead: Record<string, unknown>[], { few }: LogSpan): Record<string, unknown>[] {
  if (few === undefined && rowsRead.length > maxLines) throw new TooManyLines(maxLines)
  return rowsRead
}

const nsPerMs = 1_000_000n
const microsOf = (ns: bigint): bigint => (ns + 999n) / 1000n

/** Of events; undefined if none fits. */
export function eventCondition(request: GrafanaRequest, span: LogSpan): string | undefined {
  // Events have no reliable namespace.
  if (request.principal.namespaces !== undefined) return undefined
  const dialect = dialectOf(request.store)
  const conditions = [
    // A line is stored at its millisecond, with the nanoseconds after it.
    `time >= ${dialect.time(microsOf((span.from / nsPerMs) * nsPerMs))}`,
    `time < ${dialect.time(microsOf(span.to))}`,
    "family <> 'point'",
  ]
  const family = span.matchers.filter(({ name }) => name === 'family')
  const fitting = eventFamilies.filter((eventFamily) => family.every(({ matches }) => matches(eventFamily)))
  const isLogPossible = family.every(({ matches }) => matches('')) || family.some(({ value }) => value === 'log')
  const wanted = [...fitting, ...(isLogPossible ? ['log'] : [])]
  if (wanted.length === 0) return undefined
  conditions.push(`family IN (${wanted.map(dialect.text).join(', ')})`)
  // A label that no other family has.
  for (const { name, operator, value } of span.matchers)
    if (operator === '=' && value !== '' && !['family', 'type', 'source'].includes(name) && /^[a-zA-Z_]\w*$/.test(name))
      conditions.push(`family = 'log' AND ${dialect.jsonText('data', ['labels', name])} = ${dialect.text(value)}`)
  return conditions.join(' AND ')
}

async function eventLines(request: GrafanaRequest, span: LogSpan): Promise<LogEntry[]> {
  const condition = eventCondition(request, span)
  if (condition === undefined) return []
  const rowsRead = await rows(
    request,
    `SELECT ${dialectOf(request.store).micros('time')} AS us, family, type, source, subject, ref, id, data ` +
      `FROM events WHERE ${condition} ${orderOf(span)}`,
  )
  return checked(rowsRead, span).flatMap((row) => {
    const entry = row['family'] === 'log' ? logEntry(row) : eventEntry(row)
    return entry !== undefined && matchesAll(entry.stream, span.matchers) ? [entry] : []
  })
}

function logEntry({ us, data }: Record<string, unknown>): LogEntry | undefined {
  const body = (typeof data === 'string' ? parsedJson(data) : data) as Partial<LogData> | undefined
  if (typeof body?.line !== 'string') return undefined
  const { line, labels = {}, metadata = {}, severity, trace, span, nanos = 0 } = body
  const level = metadata['detected_level'] ?? detectedLevel(body as LogData)
  const further = { severity, detected_level: level, trace_id: trace, span_id: span }
  const present = Object.entries(further).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return {
    time: BigInt(String(us)) * 1000n + BigInt(nanos),
    line,
    stream: LabelSet.of(labels),
    metadata: { ...Object.fromEntries(present), ...metadata },
  }
}

function eventEntry({ us, family, type, source, data, ...rest }: Record<string, unknown>): LogEntry {
  const metadata = Object.entries(rest).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return {
    time: BigInt(String(us)) * 1000n,
    line: typeof data === 'string' ? data : JSON.stringify(data ?? {}),
    stream: LabelSet.of({ family: String(family), type: String(type), source: String(source) }),
    metadata: Object.fromEntries(metadata),
  }
}

export async function flowLines(request: GrafanaRequest, span: LogSpan): Promise<LogEntry[]> {
  const stream = LabelSet.of({ family: 'flow' })
  if (!matchesAll(stream, span.matchers)) return []
  // Only a matcher of the family reads flows: they are far more than other lines.
  if (!span.matchers.some(({ name, operator }) => name === 'family' && operator.startsWith('='))) return []
  const dialect = dialectOf(request.store)
  const condition = conditionOf(
    {
      names: flowNames,
      filter: withinScope(everything, request.principal, 'flows'),
      time: flowTimes,
      span: { from: microsOf(span.from), to: microsOf(span.to) },
    },
    dialect,
  )
  const rowsRead = await rows(
    request,
    `SELECT *, ${dialect.micros(flowTimes.sql(dialect))} AS us FROM flows WHERE ${condition} ${orderOf(span)}`,
  )
  return checked(rowsRead, span).map(({ us, _pos: _, ...row }) => ({
    time: BigInt(String(us)) * 1000n,
    line: JSON.stringify(Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))),
    stream,
    metadata: {},
  }))
}
