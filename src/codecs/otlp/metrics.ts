import type { Family } from '../flow-metrics/index.ts'
import { ProtoWriter } from '../proto-writer/index.ts'
import { writeAttribute, writeExport, writeTime, type OtlpResource } from './attributes.ts'

type MetricsOptions = Readonly<{
  resource: OtlpResource
  at: number
  points: number
  /** Chooses series by the number of their last change. */
  include: (changed: number) => boolean
}>

type MetricsRequest = Readonly<{
  body: Uint8Array
  samples: number
}>

const units: Readonly<Record<string, string>> = { bytes: 'By', packets: '{packet}', seconds: 's' }
const cumulative = 2

export function* metricsRequests(families: Iterable<Family>, options: MetricsOptions): Generator<MetricsRequest> {
  let metrics: Uint8Array[] = []
  let samples = 0
  const finish = (): MetricsRequest => {
    const writer = new ProtoWriter()
    writeExport(writer, options.resource, (to) => {
      for (const metric of metrics) to.bytes(2, metric)
    })
    const request = { body: writer.finish(), samples }
    metrics = []
    samples = 0
    return request
  }
  const writer = new ProtoWriter()
  for (const family of families) {
    const { changed } = family.series
    let set = 0
    while (set < changed.length) {
      let points = 0
      writer.reset()
      const end = beginMetric(writer, family)
      for (; set < changed.length && samples + points < options.points; set++) {
        if (changed[set] === 0 || !options.include(changed[set]!)) continue
        writePoint(writer, family, set, options.at)
        points++
      }
      end()
      if (points > 0) metrics.push(writer.finish())
      samples += points
      if (samples >= options.points) yield finish()
    }
  }
  if (samples > 0) yield finish()
}

function beginMetric(writer: ProtoWriter, { name, help, unit, type }: Family): () => void {
  writer.text(1, name)
  writer.text(2, help)
  if (unit !== undefined) writer.text(3, units[unit] ?? unit)
  const data = writer.begin(type === 'gauge' ? 5 : type === 'counter' ? 7 : 9)
  return () => {
    if (type !== 'gauge') writer.uint(2, cumulative)
    if (type === 'counter') writer.uint(3, 1)
    writer.end(data)
  }
}

function writePoint(
  writer: ProtoWriter,
  { type, series, raw, bounds, labels, valuesOf }: Family,
  set: number,
  at: number,
) {
  const start = writer.begin(1)
  const values = valuesOf(set)
  const isHistogram = type === 'histogram'
  labels.forEach((label, k) => {
    if (values[k] !== '') writeAttribute(writer, isHistogram ? 9 : 7, label, values[k]!)
  })
  if (type !== 'gauge') writeTime(writer, 2, Math.min(series.since[set]!, at))
  writeTime(writer, 3, at)
  const value = (raw ? series.raw! : series.values)[set]!
  if (isHistogram)
    writeHistogram(writer, series.counts.subarray(set * series.buckets, (set + 1) * series.buckets), bounds, value)
  else if (Number.isSafeInteger(value)) writer.fixed64(6, value >>> 0, Math.floor(value / 0x1_0000_0000) >>> 0)
  else writer.double(4, value)
  writer.end(start)
}

function writeHistogram(writer: ProtoWriter, counts: Float64Array, bounds: readonly number[], sum: number) {
  const total = counts.reduce((all, count) => all + count, 0)
  writer.fixed64(4, total >>> 0, Math.floor(total / 0x1_0000_0000))
  writer.double(5, sum)
  writer.bytes(6, new Uint8Array(BigUint64Array.from(counts, (count) => BigInt(count)).buffer))
  writer.bytes(7, new Uint8Array(Float64Array.from(bounds).buffer))
}
