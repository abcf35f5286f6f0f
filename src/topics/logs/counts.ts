import { parsedJson } from '../../model/json.ts'
import { dialectOf, levelWordSql, type Dialect } from '../../query/index.ts'
import { LabelSet } from '../../query/metrics/labels.ts'
import { readManyRows } from '../many-rows.ts'
import { eventCondition, flowLines, type LogReader } from './lines.ts'
import type { Counted, CountedSpan, CountRow, StreamCount, StreamRow } from './schema.ts'

const none = '[]::VARCHAR[]'
const bytesOfLabel = 8
const nsPerMicro = 1000n

export async function eventCounts(reader: LogReader, span: CountedSpan, counted: Counted): Promise<StreamCount[]> {
  const condition = eventCondition(reader, span)
  if (condition === undefined) return []
  const lines = `WITH lines AS (${linesSql(dialectOf(reader.store), span.step)} WHERE ${condition}) `
  const rows = await readManyRows<CountRow>(
    reader,
    `${lines}SELECT step, labels, family, type, source, count(*) AS entries, ` +
      `sum(bytes + len(texts) // 2 * ${bytesOfLabel}) AS bytes FROM lines GROUP BY ALL`,
  )
  const texts = new Map<string, number>()
  if (counted === 'bytes')
    for (const row of await readManyRows<StreamRow>(
      reader,
      `${lines}SELECT step, labels, family, type, source, sum(strlen(text)) AS bytes FROM ` +
        '(SELECT DISTINCT step, labels, family, type, source, unnest(texts) AS text FROM lines) GROUP BY ALL',
    ))
      texts.set(keyOf(row), Number(row.bytes))
  return rows.map((row) => ({
    stream: streamOf(row),
    step: BigInt(row.step),
    entries: Number(row.entries),
    bytes: Number(row.bytes) + (texts.get(keyOf(row)) ?? 0),
  }))
}

/** Each line with its bytes, and with the names and values of its metadata. */
function linesSql(dialect: Dialect, step: bigint | undefined): string {
  const { floorDivide, jsonText, micros } = dialect
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
    selectKnown('detected_level', `coalesce(${text('severity')}, ${levelWordSql(text('line'), dialect)})`, 'TRUE'),
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

const keyOf = (row: StreamRow): string => `${row.step} ${streamOf(row).key}`

function streamOf({ labels, family, type, source }: StreamRow): LabelSet {
  return family === 'log'
    ? LabelSet.of((parsedJson(labels ?? '{}') ?? {}) as Record<string, string>)
    : LabelSet.of({ family, type, source })
}

/** Flows have no metadata. */
export async function flowCounts(reader: LogReader, span: CountedSpan): Promise<StreamCount[]> {
  const counts = new Map<bigint, { stream: LabelSet; step: bigint; entries: number; bytes: number }>()
  for (const { stream, time, line } of await flowLines(reader, span)) {
    // Times are not negative.
    const step = span.step === undefined ? 0n : time / span.step
    const count = counts.get(step) ?? { stream, step, entries: 0, bytes: 0 }
    counts.set(step, count)
    count.entries++
    count.bytes += Buffer.byteLength(line)
  }
  return [...counts.values()]
}
