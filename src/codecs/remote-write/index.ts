/** Prometheus remote write 1.0: the message `WriteRequest`, not compressed. */
import type { Family } from '../flow-metrics/index.ts'
import { ProtoWriter } from '../proto-writer/index.ts'

export interface WriteOptions {
  /** Labels of every series, unless the series has one of the name. */
  readonly labels: Readonly<Record<string, string>>
  /** Unix ms */
  readonly at: number
  readonly samples: number
  /** Series of a family by the number of its label set; `stale`: with the marker of an ended series. */
  readonly include: (changed: number) => boolean
  readonly stale?: boolean
}

export interface WriteRequest {
  readonly body: Uint8Array
  readonly samples: number
}

const kinds = { counter: 1, gauge: 2, histogram: 3 } as const

/** Requests of at most about `samples` samples, each with the metadata of its families. */
export function* writeRequests(families: Iterable<Family>, options: WriteOptions): Generator<WriteRequest> {
  const writer = new ProtoWriter()
  const metadata = new Map<string, Family>()
  let samples = 0
  const finish = (): WriteRequest => {
    for (const { name, type, help, unit } of metadata.values()) {
      const start = writer.begin(3)
      writer.uint(1, kinds[type])
      writer.text(2, name)
      writer.text(4, help)
      if (unit !== undefined) writer.text(5, unit)
      writer.end(start)
    }
    const request = { body: writer.finish(), samples }
    writer.reset()
    metadata.clear()
    samples = 0
    return request
  }
  for (const family of families) {
    const { changed } = family.series
    for (let set = 0; set < changed.length; set++) {
      if (changed[set] === 0 || !options.include(changed[set]!)) continue
      metadata.set(family.name, family)
      samples += writeSeries(writer, family, set, options)
      if (samples >= options.samples) yield finish()
    }
  }
  if (samples > 0) yield finish()
}

function writeSeries(writer: ProtoWriter, family: Family, set: number, options: WriteOptions): number {
  const { name, type, series, raw, bounds } = family
  const labels = labelsOf(family, set, options.labels)
  if (type !== 'histogram') {
    writeSample(writer, labels, name, undefined, (raw ? series.raw! : series.values)[set]!, options)
    return 1
  }
  let count = 0
  for (let b = 0; b <= bounds.length; b++) {
    count += series.counts[set * series.buckets + b]!
    const bound = bounds[b]
    writeSample(writer, labels, `${name}_bucket`, bound === undefined ? '+Inf' : String(bound), count, options)
  }
  writeSample(writer, labels, `${name}_sum`, undefined, series.values[set]!, options)
  writeSample(writer, labels, `${name}_count`, undefined, count, options)
  return bounds.length + 3
}

type Labels = readonly (readonly [name: string, value: string])[]

/** Sorted by name, without empty values, which are no labels. */
function labelsOf({ labels, valuesOf }: Family, set: number, common: Readonly<Record<string, string>>): Labels {
  const values = valuesOf(set)
  const own = labels.flatMap((label, k): (readonly [string, string])[] =>
    values[k] === '' ? [] : [[label, values[k]!]],
  )
  const names = new Set(own.map(([label]) => label))
  const all = [...own, ...Object.entries(common).filter(([label]) => !names.has(label))]
  return all.sort(([a], [b]) => (a < b ? -1 : 1))
}

function writeSample(
  writer: ProtoWriter,
  labels: Labels,
  name: string,
  le: string | undefined,
  value: number,
  { at, stale }: WriteOptions,
): void {
  const start = writer.begin(1)
  let [named, bounded] = [false, le === undefined]
  for (const [label, text] of labels) {
    if (!named && label > '__name__') {
      writeLabel(writer, '__name__', name)
      named = true
    }
    if (!bounded && label > 'le') {
      writeLabel(writer, 'le', le!)
      bounded = true
    }
    writeLabel(writer, label, text)
  }
  if (!named) writeLabel(writer, '__name__', name)
  if (!bounded) writeLabel(writer, 'le', le!)
  const sample = writer.begin(2)
  // Prometheus' marker is a NaN with these bits.
  if (stale === true) writer.fixed64(1, 2, 0x7ff00000)
  else writer.double(1, value)
  writer.int(2, at)
  writer.end(sample)
  writer.end(start)
}

function writeLabel(writer: ProtoWriter, name: string, value: string): void {
  const start = writer.begin(1)
  writer.text(1, name)
  writer.text(2, value)
  writer.end(start)
}
