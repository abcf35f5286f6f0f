import { encodeSample, type Labels } from '../../codecs/remote-write/index.ts'
import type { SinkBatch } from '../../engine/contracts.ts'
import { noFlows, sinkRows, type SinkRow } from '../../engine/delivery/rows.ts'
import { messageOf } from '../../model/errors.ts'
import { fieldsOf, isRecord, type Fields } from '../../model/json.ts'
import type { Failure } from '../../model/outcome.ts'

type Value = number | 'stale'
type Point = Readonly<{ index: number; bytes: Uint8Array }>

const specials: Readonly<Record<string, Value>> = { NaN, '+Inf': Infinity, '-Inf': -Infinity, stale: 'stale' }

/** Samples by time, because a receiver refuses an older sample of a series. `drop`: a text has no sample. */
export function samplesIn(
  batch: SinkBatch,
  common: Readonly<Record<string, string>>,
  drop: () => void,
): (Point | Failure)[] {
  const found: { time: number; row: Point | Failure }[] = []
  const rows = sinkRows(batch, noFlows)
  for (const { header, rows: chosen } of batch.pieces)
    for (const _ of chosen) {
      const row = rows.next().value as SinkRow
      const time = Math.floor(row.event.time ?? header.received)
      found.push({ time, row: sampleRow(row, time, common, drop) })
    }
  return found.sort((a, b) => a.time - b.time).map(({ row }) => row)
}

function sampleRow(
  { index, family, event }: SinkRow,
  time: number,
  common: Readonly<Record<string, string>>,
  drop: () => void,
): Point | Failure {
  try {
    const data = family === 'point' ? dataOf(event.data) : {}
    if (!isRecord(data['fields'])) return { index, is: 'drop', reason: 'the row is no point' }
    const name = String(data['name'])
    const labels = { ...common, ...fieldsOf(data['labels']) }
    const parts: Uint8Array[] = []
    for (const [field, value] of valuesOf(data)) {
      if (value === undefined) drop()
      else parts.push(encodeSample(labelsOf(field === 'value' ? name : `${name}_${field}`, labels), value, time))
    }
    return parts.length === 0
      ? { index, is: 'drop', reason: 'the point has no number' }
      : { index, bytes: Buffer.concat(parts) }
  } catch (error) {
    return { index, is: 'reject', reason: messageOf(error) }
  }
}

function dataOf(data: Uint8Array | undefined): Fields {
  return fieldsOf(JSON.parse(Buffer.from(data ?? []).toString()))
}

function* valuesOf(data: Fields): Generator<readonly [string, Value | undefined]> {
  for (const [field, value] of Object.entries(fieldsOf(data['fields'])))
    yield [field, typeof value === 'number' || typeof value === 'boolean' ? Number(value) : undefined]
  for (const [field, word] of Object.entries(fieldsOf(data['special']))) yield [field, specials[String(word)]]
}

/** Sorted by name. Characters that a name cannot have become `_`; labels without a value are none. */
function labelsOf(name: string, labels: Fields): Labels {
  const all = new Map([['__name__', name.replaceAll(/[^a-zA-Z0-9_:]/g, '_').replace(/^(?=\d)/, '_')]])
  for (const [label, value] of Object.entries(labels))
    if (value !== '') all.set(label.replaceAll(/\W/g, '_').replace(/^(?=\d)/, '_'), String(value))
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1))
}
