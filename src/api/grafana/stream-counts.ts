/** Counts of lines by stream, by the store, without a limit of lines. */
import { parsedJson } from '../../model/json.ts'
import { dialectOf } from '../../query/index.ts'
import { LabelSet } from '../../query/metrics/labels.ts'
import { matchesAll } from '../../query/metrics/matchers.ts'
import type { GrafanaRequest } from './answer.ts'
import { levelWordSql } from './detected-level.ts'
import { eventCondition, flowLines, type LogSpan } from './logs.ts'
import { rows } from './rows.ts'

/**
 * As Loki counts the bytes of a chunk: the lines, 8 for each label of metadata, and each text of metadata once for a
 * stream. Of a line without severity, the level is its first word that is one.
 */
export type StreamCount = Readonly<{ stream: LabelSet; entries: number; bytes: number }>

/** The bytes of texts cost a second query. */
export type Counted = 'lines' | 'bytes'

const none = '[]::VARCHAR[]'
const bytesOfLabel = 8

export async function streamCounts(request: GrafanaRequest, span: LogSpan, counted: Counted): Promise<StreamCount[]> {
  const counts = [...(await eventCounts(request, span, counted)), ...(await flowCounts(request, span))]
  return counts.filter(({ stream }) => matchesAll(stream, span.matchers))
}

async function eventCounts(request: GrafanaRequest, span: LogSpan, counted: Counted): Promise<StreamCount[]> {
  const condition = eventCondition(request, span)
  if (condition === undefined) return []
  const lines = `WITH lines AS (${linesSql(request)} WHERE ${condition}) `
  const found = await rows(
    request,
    `${lines}SELECT labels, family, type, source, count(*) AS entries, ` +
      `sum(bytes + len(texts) // 2 * ${bytesOfLabel}) AS bytes FROM lines GROUP BY ALL`,
  )
  const texts = new Map<string, number>()
  if (counted === 'bytes')
    for (const row of await rows(
      request,
      `${lines}SELECT labels, family, type, source, sum(strlen(text)) AS bytes FROM ` +
        '(SELECT DISTINCT labels, family, type, source, unnest(texts) AS text FROM lines) GROUP BY ALL',
    ))
      texts.set(streamOf(row).key, Number(row['bytes']))
  return found.map((row) => {
    const stream = streamOf(row)
    return { stream, entries: Number(row['entries']), bytes: Number(row['bytes']) + (texts.get(stream.key) ?? 0) }
  })
}

/** Each line with its bytes, and with the names and values of its metadata. */
function linesSql(request: GrafanaRequest): string {
  const { jsonText } = dialectOf(request.store)
  const text = (...keys: readonly string[]): string => jsonText('data', keys)
  const isLog = "family = 'log'"
  // A source may have an id in the metadata, too.
  const known = (name: string, value: string, isKnown: string): string =>
    `CASE WHEN ${text('metadata', name)} IS NULL AND ${isKnown} THEN ['${name}', ${value}] ELSE ${none} END`
  const [trace, spanId] = [text('trace'), text('span')]
  const ofLog = [
    `coalesce(json_keys(data, '$.metadata'), ${none})`,
    `coalesce(json_extract_string(data, '$.metadata.*'), ${none})`,
    known('detected_level', `coalesce(${text('severity')}, ${levelWordSql(text('line'))})`, 'TRUE'),
    known('trace_id', trace, `${trace} IS NOT NULL`),
    known('span_id', spanId, `${spanId} IS NOT NULL`),
  ].join(' || ')
  const ofEvent = ['subject', 'ref', 'id']
    .map((name) => `CASE WHEN ${name} IS NULL THEN ${none} ELSE ['${name}', ${name}] END`)
    .join(' || ')
  return (
    `SELECT CASE WHEN ${isLog} THEN ${text('labels')} END AS labels, family, ` +
    `CASE WHEN ${isLog} THEN '' ELSE type END AS type, CASE WHEN ${isLog} THEN '' ELSE source END AS source, ` +
    `coalesce(strlen(CASE WHEN ${isLog} THEN ${text('line')} ELSE data::VARCHAR END), 0) AS bytes, ` +
    `CASE WHEN ${isLog} THEN ${ofLog} ELSE ${ofEvent} END AS texts FROM events`
  )
}

function streamOf({ labels, family, type, source }: Record<string, unknown>): LabelSet {
  return family === 'log'
    ? LabelSet.of((parsedJson((labels as string | null) ?? '{}') ?? {}) as Record<string, string>)
    : LabelSet.of({ family: String(family), type: String(type), source: String(source) })
}

/** Flows have no metadata. */
async function flowCounts(request: GrafanaRequest, span: LogSpan): Promise<StreamCount[]> {
  const flows = await flowLines(request, span)
  const [first] = flows
  if (first === undefined) return []
  const bytes = flows.reduce((sum, { line }) => sum + Buffer.byteLength(line), 0)
  return [{ stream: first.stream, entries: flows.length, bytes }]
}
