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
  names: SampleNames,
): (Point | Failure)[] {
  const samples: { time: number; row: Point | Failure }[] = []
  const rows = sinkRows(batch, noFlows)
  for (const { header, rows: chosen } of batch.pieces)
    for (const _ of chosen) {
      const row = rows.next().value as SinkRow
      const time = Math.floor(row.event.time ?? header.received)
      samples.push({ time, row: sampleRow(row, time, common, drop, names) })
    }
  return samples.sort((a, b) => a.time - b.time).map(({ row }) => row)
}

function sampleRow(
  { index, family, event }: SinkRow,
  time: number,
  common: Readonly<Record<string, string>>,
  drop: () => void,
  names: SampleNames,
): Point | Failure {
  try {
    const data = family === 'point' ? dataOf(event.data) : {}
    if (!isRecord(data['fields'])) return { index, is: 'drop', reason: 'the row is no point' }
    const name = String(data['name'])
    const labels = { ...common, ...fieldsOf(data['labels']) }
    const parts: Uint8Array[] = []
    for (const [field, value] of valuesOf(data)) {
      if (value === undefined) {
        drop()
        continue
      }
      const sample = names.of(field === 'value' ? name : `${name}_${field}`)
      if (sample.other !== undefined)
        return { index, is: 'reject', reason: `its name becomes ${sample.name}, as that of ${sample.other} does` }
      parts.push(encodeSample(labelsOf(sample.name, labels), value, time))
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

const maxNames = 100_000

/** Names of series by the names of points. Two names that become the same one would mix their samples. */
export class SampleNames {
  readonly #firstOf = new Map<string, string>()

  /** `other`: the name that has this series already. */
  of(given: string): { name: string; other?: string } {
    const name = given.replaceAll(/[^a-zA-Z0-9_:]/g, '_').replace(/^(?=\d)/, '_')
    const first = this.#firstOf.get(name)
    if (first === undefined && this.#firstOf.size < maxNames) this.#firstOf.set(name, given)
    return first === undefined || first === given ? { name } : { name, other: first }
  }
}

/**
 * Sorted by name. Characters that a name cannot have become `_`; values of equal names are joined,
 * in the order of the names. Labels without a value are none.
 */
function labelsOf(name: string, labels: Fields): Labels {
  const values = new Map<string, string[]>()
  for (const [label, value] of Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (value === '') continue
    const own = label.replaceAll(/\W/g, '_').replace(/^(?=\d)/, '_')
    values.set(own, [...(values.get(own) ?? []), String(value)])
  }
  const all = new Map([...values].map(([label, texts]) => [label, texts.join(';')]))
  all.set('__name__', name)
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1))
}
