import type { Family } from '../flow-metrics/index.ts'

/** A label set of a metric: one series, or all series of a histogram. */
export type Entry = Readonly<{
  family: Family
  set: number
}>

export type WriteOptions = Readonly<{
  /** Labels of every series, unless the series has one of the name. */
  labels: Readonly<Record<string, string>>
  at: number
  /** With the marker of an ended series. */
  stale?: boolean
}>

/** Sorted by name, with `__name__`. */
export type Labels = readonly (readonly [name: string, value: string])[]

export function samplesOf({ family: { type, bounds } }: Entry): number {
  return type === 'histogram' ? bounds.length + 3 : 1
}

/** Lists of at most about `samples` samples; an entry is not split. */
export function* inChunks(entries: Iterable<Entry>, samples: number): Generator<Entry[]> {
  let chunk: Entry[] = []
  let size = 0
  for (const entry of entries) {
    chunk.push(entry)
    size += samplesOf(entry)
    if (size < samples) continue
    yield chunk
    chunk = []
    size = 0
  }
  if (chunk.length > 0) yield chunk
}

export function eachSeries(
  { family, set }: Entry,
  common: WriteOptions['labels'],
  visit: (labels: Labels, value: number) => void,
): void {
  const { name, type, series, raw, bounds } = family
  const labels = labelsOf(family, set, common)
  if (type !== 'histogram') return visit(withName(labels, name), (raw ? series.raw! : series.values)[set]!)
  let count = 0
  for (let b = 0; b <= bounds.length; b++) {
    count += series.counts[set * series.buckets + b]!
    const bound = bounds[b]
    visit(withName(labels, `${name}_bucket`, bound === undefined ? '+Inf' : String(bound)), count)
  }
  visit(withName(labels, `${name}_sum`), series.values[set]!)
  visit(withName(labels, `${name}_count`), count)
}

/** Without empty values, which are no labels. */
function labelsOf({ labels, valuesOf }: Family, set: number, common: WriteOptions['labels']): Labels {
  const values = valuesOf(set)
  const own = labels.flatMap((label, k): (readonly [string, string])[] =>
    values[k] === '' ? [] : [[label, values[k]!]],
  )
  const names = new Set(own.map(([label]) => label))
  const all = [...own, ...Object.entries(common).filter(([label]) => !names.has(label))]
  return all.sort(([a], [b]) => (a < b ? -1 : 1))
}

function withName(labels: Labels, name: string, le?: string): Labels {
  const named = inserted(labels, '__name__', name)
  return le === undefined ? named : inserted(named, 'le', le)
}

function inserted(labels: Labels, name: string, value: string): Labels {
  const at = labels.findIndex(([label]) => label > name)
  return labels.toSpliced(at < 0 ? labels.length : at, 0, [name, value])
}
