/** Lines of logs in the store: `log` events, other events by family, and flows. */
import type { LogEntry } from '../../query/logql/index.ts'
import { matchesAll } from '../../query/metrics/matchers.ts'
import { eventCounts, flowCounts } from './counts.ts'
import { eventLines, flowLines, type LogReader } from './lines.ts'
import type { Counted, CountedSpan, LogSpan, StreamCount } from './schema.ts'

export type { Counted, LogSpan, StreamCount } from './schema.ts'
export type { LogReader } from './lines.ts'

/** In order of time. Throws {@link TooManyLines}. */
export async function logEntries(reader: LogReader, span: LogSpan): Promise<LogEntry[]> {
  const entries = [...(await eventLines(reader, span)), ...(await flowLines(reader, span))]
  const within = entries.filter(({ time }) => time >= span.from && time < span.to)
  return within.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
}

/** Lines and bytes of each stream, by the store, without a limit of lines. */
export async function streamCounts(reader: LogReader, span: CountedSpan, counted: Counted): Promise<StreamCount[]> {
  const counts = [...(await eventCounts(reader, span, counted)), ...(await flowCounts(reader, span))]
  return counts.filter(({ stream }) => matchesAll(stream, span.matchers))
}
