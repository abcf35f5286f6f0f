import type { CompiledMetric } from './definition.ts'

/** By row; undefined: 1 each. */
type RowFactors = Readonly<{
  amounts: Float64Array | undefined
  scale: Float64Array | undefined
}>

export class MetricSeries {
  readonly metric: CompiledMetric
  readonly name: string
  readonly #buckets: number
  values = new Float64Array(64)
  /** Values without sampling. */
  raw: Float64Array | undefined
  /** Histograms: counts by bucket, not cumulative, the last one above all bounds. */
  counts: Float64Array
  changed = new Uint32Array(64)
  /** Unix ms of the first value. */
  since = new Float64Array(64)

  constructor(metric: CompiledMetric, name: string, { withRaw }: Readonly<{ withRaw: boolean }>) {
    this.metric = metric
    this.name = name
    const { type, buckets } = metric.definition
    this.#buckets = type === 'histogram' ? buckets.length + 1 : 0
    this.raw = withRaw ? new Float64Array(64) : undefined
    this.counts = new Float64Array(64 * this.#buckets)
  }

  get buckets(): number {
    return this.#buckets
  }

  reserve(sets: number): void {
    if (sets <= this.changed.length) return
    const capacity = Math.max(sets, 2 * this.changed.length)
    this.values = grown(this.values, capacity)
    if (this.raw !== undefined) this.raw = grown(this.raw, capacity)
    this.counts = grown(this.counts, capacity * this.#buckets)
    this.since = grown(this.since, capacity)
    const changed = new Uint32Array(capacity)
    changed.set(this.changed)
    this.changed = changed
  }

  /** Adds amounts where the mask is set. Returns the number of rows added to set 0. */
  add(
    sets: Int32Array,
    rows: Uint32Array,
    mask: Uint8Array,
    { amounts, scale }: RowFactors,
    { version, now }: { version: number; now: number },
  ): number {
    const { type, divide } = this.metric.definition
    const { values, raw, changed, since } = this
    let surplus = 0
    for (let i = 0; i < mask.length; i++) {
      if (mask[i] === 0) continue
      const row = rows[i]!
      const amount = amounts === undefined ? 1 : amounts[row]! / divide
      if (Number.isNaN(amount)) continue
      const set = sets[i]!
      if (set === 0) surplus++
      if (changed[set] === 0) since[set] = now
      changed[set] = version
      if (type === 'gauge') values[set] = amount
      else if (type === 'counter') {
        values[set] = values[set]! + (scale === undefined ? amount : amount * scale[row]!)
        if (raw !== undefined) raw[set] = raw[set]! + amount
      } else {
        values[set] = values[set]! + amount
        this.#observe(set, amount)
      }
    }
    return surplus
  }

  keep(sets: readonly number[], oldest: number): void {
    const { values, raw, counts, changed, since } = this
    this.values = new Float64Array(values.length)
    this.raw = raw === undefined ? undefined : new Float64Array(values.length)
    this.counts = new Float64Array(counts.length)
    this.changed = new Uint32Array(values.length)
    this.since = new Float64Array(values.length)
    sets.forEach((from, to) => {
      if (changed[from]! < oldest) return
      this.changed[to] = changed[from]!
      this.since[to] = since[from]!
      this.values[to] = values[from]!
      if (this.raw !== undefined) this.raw[to] = raw![from]!
      for (let b = 0; b < this.#buckets; b++) this.counts[to * this.#buckets + b] = counts[from * this.#buckets + b]!
    })
  }

  #observe(set: number, value: number) {
    const { buckets } = this.metric.definition
    let b = 0
    while (b < buckets.length && value > buckets[b]!) b++
    const at = set * this.#buckets + b
    this.counts[at] = this.counts[at]! + 1
  }
}

function grown(values: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(length)
  larger.set(values)
  return larger
}
