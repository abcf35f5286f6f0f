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
export type StreamCount = Readonly<{
  stream: LabelSet
  /** The time in steps, rounded down; 0 without steps. */
  step: bigint
  entries: number
  bytes: number
}>

/** `step`: ns, whole milliseconds. Streams are counted for each step. */
export type CountedSpan = LogSpan & Readonly<{ step?: bigint | undefined }>

/** The bytes of texts cost a second query. */
export type Counted = 'lines' | 'bytes'

const none = '[]::VARCHAR[]'
const bytesOfLabel = 8
const nsPerMicro = 1000n

export async function streamCounts(
  request: GrafanaRequest,
  span: CountedSpan,
  counted: Counted,
): Promise<StreamCount[]> {
  const counts = [...(await eventCounts(request, span, counted)), ...(await flowCounts(request, span))]
  return counts.filter(({ stream }) => matchesAll(stream, span.matchers))
}

async function eventCounts(request: GrafanaRequest, span: CountedSpan, counted: Counted): Promise<StreamCount[]> {
  const condition = eventCondition(request, span)
  if (condition === undefined) return []
  const lines = `WITH lines AS (${linesSql(request, span.step)} WHERE ${condition}) `
  const rowsRead = await rows(
    request,
    `${lines}SELECT step, labels, family, type, source, count(*) AS entries, ` +
      `sum(bytes + len(texts) // 2 * ${bytesOfLabel}) AS bytes FROM lines GROUP BY ALL`,
  )
  const texts = new Map<string, number>()
  if (counted === 'bytes')
    for (const row of await rows(
      request,
      `${lines}SELECT step, labels, family, type, source, sum(strlen(text)) AS bytes FROM ` +
        '(SELECT DISTINCT step, labels, family, type, source, unnest(texts) AS text FROM lines) GROUP BY ALL',
    ))
      texts.set(keyOf(row), Number(row['bytes']))
  return rowsRead.map((row) => ({
    stream: streamOf(row),
    step: stepOf(row),
    entries: Number(row['entries']),
    bytes: Number(row['bytes']) + (texts.get(keyOf(row)) ?? 0),
  }))
}

/** Each line with its bytes, and with the names and values of its metadata. */
function linesSql(request: GrafanaRequest, step: bigint | undefined): string {
  const { floorDivide, jsonText, micros } = dialectOf(request.store)
  const number = step === undefined ? '0' : floorDivide(micros('time'), step / nsPerMicro)
  const text = (...keys: readonly string[]): string => jsonText('data', keys)
  const isLog = "family = 'log'"
  // A source may have an id in the metadata, too.
  const selectKnown = (name: string, value: string, isKnown: string): string =>
    `CASE WHEN ${text('metadata', name)} IS NULL AND ${isKnown} THEN ['${name}', ${value}] ELSE ${none} END`
  const [trace, spanId] = [text('trace'), text('span')]
  const ofLog = [
    `coalesce(json_keys(data, '$.metadata'), ${none})`,
    `coalesce(json_extract_string(data, '$.metadata.*'), ${none})`,
    selectKnown('detected_level', `coalesce(${text('severity')}, ${levelWordSql(text('line'))})`, 'TRUE'),
    selectKnown('trace_id', trace, `${trace} IS NOT NULL`),
    selectKnown('span_id', spanId, `${spanId} IS NOT NULL`),
  ].join(' || ')
  const ofEvent = ['subject', 'ref', 'id']
    .map((name) => `CASE WHEN ${name} IS NULL THEN ${none} ELSE ['${name}', ${name}] END`)
    .join(' || ')
  return (
    `SELECT ${number} AS step, CASE WHEN ${isLog} THEN ${text('labels')} END AS labels, family, ` +
    `CASE WHEN ${isLog} THEN '' ELSE type END AS type, CASE WHEN ${isLog} THEN '' ELSE source END AS source, ` +
    `coalesce(strlen(CASE WHEN ${isLog} THEN ${text('line')} ELSE data::VARCHAR END), 0) AS bytes, ` +
    `CASE WHEN ${isLog} THEN ${ofLog} ELSE ${ofEvent} END AS texts FROM events`
  )
}

const stepOf = ({ step }: Record<string, unknown>): bigint => BigInt(String(step))
const keyOf = (row: Record<string, unknown>): string => `${stepOf(row)} ${streamOf(row).key}`

function streamOf({ labels, family, type, source }: Record<string, unknown>): LabelSet {
  return family === 'log'
    ? LabelSet.of((parsedJson((labels as string | null) ?? '{}') ?? {}) as Record<string, string>)
    : LabelSet.of({ family: String(family), type: String(type), source: String(source) })
}

/** Flows have no metadata. */
async function flowCounts(request: GrafanaRequest, span: CountedSpan): Promise<StreamCount[]> {
  const counts = new Map<bigint, { stream: LabelSet; step: bigint; entries: number; bytes: number }>()
  for (const { stream, time, line } of await flowLines(request, span)) {
    // Times are not negative.
    const step = span.step === undefined ? 0n : time / span.step
    const count = counts.get(step) ?? { stream, step, entries: 0, bytes: 0 }
    counts.set(step, count)
    count.entries++
    count.bytes += Buffer.byteLength(line)
  }
  return [...counts.values()]
}
