import type { CompiledMetric } from './definition.ts'
import type { Interner } from './interner.ts'
import type { MetricSeries } from './series.ts'
import { WordTable } from './word-table.ts'

/** Value of every label of the series that counts what exceeds `max_series`. */
const surplusLabel = 'other'

/** Label sets shared by metrics with the same labels. Set 0 is the surplus. */
export class LabelSets {
  readonly labels: CompiledMetric['labels']
  readonly series: MetricSeries[] = []
  readonly #limit: number
  #table: WordTable
  readonly #words: Int32Array
  #texts: (readonly string[] | undefined)[] = []

  constructor(labels: CompiledMetric['labels'], limit: number) {
    this.labels = labels
    this.#limit = limit
    // One word without labels: a table needs a width.
    this.#words = new Int32Array(Math.max(1, labels.length))
    this.#table = tableOf(this.#words.length)
  }

  get size(): number {
    return this.#table.size - 1
  }

  /** The set of each position where the mask is set. */
  find(ids: readonly Int32Array[], mask: Uint8Array): Int32Array {
    const sets = new Int32Array(mask.length)
    const words = this.#words
    const table = this.#table
    for (let i = 0; i < mask.length; i++) {
      if (mask[i] === 0) continue
      for (let k = 0; k < ids.length; k++) words[k] = ids[k]![i]!
      const code = table.find(words, 0)
      if (code > 0) sets[i] = code
      else if (code < 0 && table.size <= this.#limit) sets[i] = table.add(words, 0)
    }
    for (const metricSeries of this.series) metricSeries.reserve(table.size)
    return sets
  }

  values(set: number, interner: Interner): readonly string[] {
    return (this.#texts[set] ??= this.labels.map((_, k) =>
      set === 0 ? surplusLabel : (interner.texts[this.#table.keys[set * this.#words.length + k]!] ?? ''),
    ))
  }

  /** Removes sets that no series used since the batch. Returns their number. */
  expire(oldest: number): number {
    const living = [0]
    for (let set = 1; set < this.#table.size; set++)
      if (this.series.some(({ changed }) => changed[set]! >= oldest)) living.push(set)
    const removed = this.#table.size - living.length
    const before = this.#table
    if (removed > 0) {
      this.#table = new WordTable(this.#words.length)
      const texts = this.#texts
      this.#texts = living.map((set) => texts[set])
      for (const set of living) this.#table.add(before.keys, set * this.#words.length)
    }
    for (const metricSeries of this.series) metricSeries.keep(living, oldest)
    return removed
  }

  /** Replaces the ids, which belong to another interner. */
  renumber(from: Interner, to: Interner): void {
    const { keys, size } = this.#table
    const words = this.#words
    const width = words.length
    this.#table = tableOf(width)
    for (let set = 1; set < size; set++) {
      for (let k = 0; k < this.labels.length; k++) words[k] = to.id(from.texts[keys[set * width + k]!] ?? '')
      this.#table.add(words, 0)
    }
  }
}

/** Set 0 has ids that no value has. */
function tableOf(width: number): WordTable {
  const table = new WordTable(width)
  table.add(new Int32Array(width).fill(-1), 0)
  return table
}
