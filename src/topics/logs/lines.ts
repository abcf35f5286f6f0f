import { families } from '../../model/batches.ts'
import { parsedJson } from '../../model/json.ts'
import type { LogData } from '../../model/points.ts'
import { dialectOf, everything, flowNames } from '../../query/index.ts'
import type { LogEntry } from '../../query/logql/index.ts'
import { TooManyLines } from '../../query/metrics/failure.ts'
import { LabelSet } from '../../query/metrics/labels.ts'
import { matchesAll } from '../../query/metrics/matchers.ts'
import { conditionOf, flowTimes } from '../../query/plan/index.ts'
import { readManyRows, type ManyRows } from '../many-rows.ts'
import type { Surroundings } from '../operation.ts'
import { withinScope } from '../scope.ts'
import { detectedLevel } from './level.ts'
import type { EventRow, FlowRow, LogSpan } from './schema.ts'

export type LogReader = Pick<Surroundings, 'store' | 'signal' | 'viewer'> & ManyRows

/** Lines in memory at once. */
const maxLines = 200_000

const eventFamilies = families.filter((family) => family !== 'log' && family !== 'point')

function orderOf({ few }: LogSpan) {
  const direction = few?.newest === true ? ' DESC' : ''
  return `ORDER BY us${direction}, _pos${direction} LIMIT ${(few?.count ?? maxLines) + 1}`
}

async function limitedRows<Row>(reader: LogReader, { few }: LogSpan, sql: string): Promise<Row[]> {
  const rows = await readManyRows<Row>(reader, sql)
  if (few === undefined && rows.length > maxLines) throw new TooManyLines(maxLines)
  return rows
}

const nsPerMs = 1_000_000n
const microsOf = (ns: bigint): bigint => (ns + 999n) / 1000n

/** Condition on events; undefined if none fits. */
export function eventCondition({ viewer, store }: LogReader, span: LogSpan): string | undefined {
  // Events have no reliable namespace.
  if (viewer.namespaces !== undefined) return undefined
  const dialect = dialectOf(store)
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

export async function eventLines(reader: LogReader, span: LogSpan): Promise<LogEntry[]> {
  const condition = eventCondition(reader, span)
  if (condition === undefined) return []
  const rows = await limitedRows<EventRow>(
    reader,
    span,
    `SELECT ${dialectOf(reader.store).micros('time')} AS us, family, type, source, subject, ref, id, data ` +
      `FROM events WHERE ${condition} ${orderOf(span)}`,
  )
  return rows.flatMap((row) => {
    const entry = row.family === 'log' ? logEntry(row) : eventEntry(row)
    return entry !== undefined && matchesAll(entry.stream, span.matchers) ? [entry] : []
  })
}

function logEntry({ us, data }: EventRow): LogEntry | undefined {
  const body = (typeof data === 'string' ? parsedJson(data) : data) as Partial<LogData> | undefined
  if (typeof body?.line !== 'string') return undefined
  const { line, labels = {}, metadata = {}, severity, trace, span, nanos = 0 } = body
  const level = metadata['detected_level'] ?? detectedLevel(body as LogData)
  const further = { severity, detected_level: level, trace_id: trace, span_id: span }
  const present = Object.entries(further).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return {
    time: BigInt(us) * 1000n + BigInt(nanos),
    line,
    stream: LabelSet.of(labels),
    metadata: { ...Object.fromEntries(present), ...metadata },
  }
}

function eventEntry({ us, family, type, source, data, subject, ref, id }: EventRow): LogEntry {
  const present = Object.entries({ subject, ref, id }).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return {
    time: BigInt(us) * 1000n,
    line: typeof data === 'string' ? data : JSON.stringify(data ?? {}),
    stream: LabelSet.of({ family, type, source }),
    metadata: Object.fromEntries(present),
  }
}

export async function flowLines(reader: LogReader, span: LogSpan): Promise<LogEntry[]> {
  const stream = LabelSet.of({ family: 'flow' })
  if (!matchesAll(stream, span.matchers)) return []
  // Only a matcher of the family reads flows: they are far more than other lines.
  if (!span.matchers.some(({ name, operator }) => name === 'family' && operator.startsWith('='))) return []
  const dialect = dialectOf(reader.store)
  const condition = conditionOf(
    {
      names: flowNames,
      filter: withinScope(everything, reader.viewer, 'flows'),
      time: flowTimes,
      span: { from: microsOf(span.from), to: microsOf(span.to) },
    },
    dialect,
  )
  const rows = await limitedRows<FlowRow>(
    reader,
    span,
    `SELECT *, ${dialect.micros(flowTimes.sql(dialect))} AS us FROM flows WHERE ${condition} ${orderOf(span)}`,
  )
  return rows.map(({ us, _pos: _, ...row }) => ({
    time: BigInt(us) * 1000n,
    line: JSON.stringify(Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))),
    stream,
    metadata: {},
  }))
}
