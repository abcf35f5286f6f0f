import type { FlowBatch } from '../../model/batches.ts'
import type { FlowFieldName } from '../../model/fields.ts'
import type { CompiledMetric, FieldRef } from './definition.ts'
import { ValueFilter } from './filters.ts'
import { Interner } from './interner.ts'
import { LabelSets } from './label-sets.ts'
import { MetricSeries } from './series.ts'
import { amountsOf, BatchTexts, FieldIds, keepPresent } from './values.ts'
import { BatchView, viewOf } from './batch-view.ts'
import type { Family } from './family.ts'
import { rawName, unitOf } from './names.ts'

export type AggregatorOptions = Readonly<{
  metrics: readonly CompiledMetric[]
  prefix: string
  /** `scaled`: multiplied by the sampling interval. `both`: also as exported, with `_raw` before `_total`. */
  sampling: 'scaled' | 'raw' | 'both'
  maxSeries: number
  /** Series without a flow for this long, in ms, are removed. */
  expiryMs: number
}>

type Group = Readonly<{
  sets: LabelSets
  flatten: readonly FlowFieldName[]
  labels: readonly FieldRef[]
  metrics: Readonly<{ series: MetricSeries; mask: number; metric: CompiledMetric }>[]
}>

const sweepEvery = 4
const spareTexts = 65_536

/** Sums flows into series. Known series cost neither objects nor strings per row. */
export class FlowAggregator {
  readonly #options: AggregatorOptions
  readonly #groups = new Map<string, Group>()
  readonly #filterLists: CompiledMetric['filters'][] = []
  #interner = new Interner()
  #fields = new Map<string, FieldIds>()
  #filters = new Map<string, ValueFilter>()
  #version = 0
  /** Version and Unix ms of some batches, so that the age of a version is known. */
  #marks: Readonly<{ version: number; at: number }>[] = []
  #sweptAt: number | undefined
  #surplus = 0

  constructor(options: AggregatorOptions) {
    this.#options = options
    for (const metric of options.metrics) {
      this.#register(metric)
      for (const filter of metric.filters) this.#filterOf(filter)
    }
  }

  get version(): number {
    return this.#version
  }

  get size(): number {
    let size = 0
    for (const { sets } of this.#groups.values()) size += sets.size
    return size
  }

  takeSurplus(): number {
    const surplus = this.#surplus
    this.#surplus = 0
    return surplus
  }

  add(batch: FlowBatch, rows: Uint32Array, now: number): void {
    this.#version++
    this.#mark(now)
    if (rows.length === 0) return
    const views = this.#viewsOf(batch, rows)
    const scale = this.#options.sampling === 'raw' ? undefined : scaleOf(views.amountOf('sampling'))
    for (const group of this.#groups.values())
      this.#addGroup(group, views.of(group), views.amountOf, scale, { version: this.#version, now })
  }

  eachRowOf(
    batch: FlowBatch,
    rows: Uint32Array,
    wanted: ReadonlyMap<MetricSeries, Pick<ReadonlySet<number>, 'has'>>,
    visit: (row: number, series: MetricSeries, set: number) => void,
  ): void {
    const views = this.#viewsOf(batch, rows)
    for (const group of this.#groups.values())
      for (const { series, mask, metric } of group.metrics) {
        const sets = wanted.get(series)
        const amounts = metric.value === undefined ? undefined : views.amountOf(metric.value)
        if (sets === undefined || (metric.value !== undefined && amounts === undefined)) continue
        const view = views.of(group)
        const chosen = this.#maskOf(view, mask)
        if (chosen === undefined) continue
        const set = group.sets.find(
          group.labels.map((ref) => this.#idsOf(view, ref)),
          chosen,
        )
        view.view.rows.forEach((row, i) => {
          if (chosen[i] !== 0 && sets.has(set[i]!) && !Number.isNaN(amounts?.[row])) visit(row, series, set[i]!)
        })
      }
  }

  /** Removes series without recent flows, which changed last before `oldest`. Returns the number of label sets. */
  sweep(now: number, expiring: (oldest: number) => void = () => {}): number {
    const { expiryMs } = this.#options
    if (this.#sweptAt !== undefined && now - this.#sweptAt < expiryMs / sweepEvery) return 0
    this.#sweptAt = now
    // A mark also stands for the batches until the next one.
    const first = this.#marks.findIndex(({ at }) => now - at < expiryMs + this.#markEvery)
    const oldest = first < 0 ? this.#version + 1 : this.#marks[first]!.version
    this.#marks = first < 0 ? [] : this.#marks.slice(first)
    expiring(oldest)
    let removed = 0
    for (const { sets } of this.#groups.values()) removed += sets.expire(oldest)
    this.#compact()
    return removed
  }

  /** Series by metric, in the order of the definitions. Valid until the next call of `add` or `sweep`. */
  *families(): Generator<Family> {
    for (const { sets, metrics } of this.#groups.values())
      for (const { series, metric } of metrics) {
        const labels = sets.labels.map(({ name }) => name)
        const { type, help, buckets, value } = metric.definition
        yield {
          name: this.#options.prefix + series.name,
          type,
          help,
          labels,
          bounds: buckets,
          unit: value === undefined ? undefined : unitOf(series.name),
          series,
          raw: false,
          valuesOf: (set) => sets.values(set, this.#interner),
        }
        if (series.raw !== undefined)
          yield {
            name: this.#options.prefix + rawName(series.name),
            type,
            help: `${help}, as exported`,
            labels,
            bounds: buckets,
            unit: unitOf(series.name),
            series,
            raw: true,
            valuesOf: (set) => sets.values(set, this.#interner),
          }
      }
  }

  #register(metric: CompiledMetric) {
    const { definition, labels, flatten, filters } = metric
    const key = JSON.stringify([labels.map(({ name, ref }) => [name, ref.text]), flatten])
    let group = this.#groups.get(key)
    if (group === undefined) {
      const sets = new LabelSets(labels, this.#options.maxSeries)
      group = { sets, flatten, labels: labels.map(({ ref }) => ref), metrics: [] }
      this.#groups.set(key, group)
    }
    const text = JSON.stringify(filters)
    let mask = this.#filterLists.findIndex((list) => JSON.stringify(list) === text)
    if (mask < 0) mask = this.#filterLists.push(filters) - 1
    const withRaw = definition.scaled && this.#options.sampling === 'both'
    const series = new MetricSeries(metric, definition.name, { withRaw })
    group.sets.series.push(series)
    group.metrics.push({ series, mask, metric })
  }

  #addGroup(
    { sets, labels, metrics }: Group,
    view: BatchView,
    amountOf: (field: FlowFieldName) => Float64Array | undefined,
    scale: Float64Array | undefined,
    batch: Readonly<{ version: number; now: number }>,
  ) {
    const active = metrics.filter(
      ({ metric, mask }) =>
        (metric.value === undefined || amountOf(metric.value) !== undefined) && this.#maskOf(view, mask) !== undefined,
    )
    const [first] = active
    if (first === undefined) return
    const set = sets.find(
      labels.map((ref) => this.#idsOf(view, ref)),
      active.length === 1 ? this.#maskOf(view, first.mask)! : view.union(active.map(({ mask }) => view.masks[mask]!)),
    )
    for (const { series, metric, mask } of active) {
      const factors = {
        amounts: metric.value === undefined ? undefined : amountOf(metric.value),
        scale: metric.definition.scaled ? scale : undefined,
      }
      this.#surplus += series.add(set, view.view.rows, view.masks[mask]!, factors, batch)
    }
  }

  #viewsOf(
    batch: FlowBatch,
    rows: Uint32Array,
  ): Readonly<{ of: (group: Group) => BatchView; amountOf: (field: FlowFieldName) => Float64Array | undefined }> {
    const texts = new BatchTexts(batch, this.#interner)
    const views = new Map<string, BatchView>()
    const amounts = new Map<FlowFieldName, Float64Array | undefined>()
    return {
      of: ({ flatten }) => {
        const key = flatten.join()
        let view = views.get(key)
        if (view === undefined) {
          view = new BatchView(batch, texts, viewOf(batch, rows, flatten, texts))
          views.set(key, view)
        }
        return view
      },
      amountOf: (field) => {
        if (!amounts.has(field)) amounts.set(field, amountsOf(batch, field))
        return amounts.get(field)
      },
    }
  }

  #maskOf(view: BatchView, index: number): Uint8Array | undefined {
    const bytes = view.masks[index]
    if (bytes !== undefined) return bytes
    if (view.empty.has(index)) return undefined
    const mask = new Uint8Array(view.view.count).fill(1)
    for (const filter of this.#filterLists[index]!) {
      const { ref, type } = filter
      const isFixed = ref.kind !== 'dict' && ref.kind !== 'json' && !ref.kind.startsWith('list<')
      if (isFixed && (type === 'presence' || type === 'absence'))
        keepPresent(view.batch, ref.field, view.view.rows, mask, type === 'presence' ? 'present' : 'absent')
      else this.#filterOf(filter).apply(this.#idsOf(view, ref), mask)
    }
    if (!mask.includes(1)) {
      view.empty.add(index)
      return undefined
    }
    view.masks[index] = mask
    return mask
  }

  #filterOf(filter: CompiledMetric['filters'][number]): ValueFilter {
    const key = `${filter.type} ${filter.value}`
    let valueFilter = this.#filters.get(key)
    if (valueFilter === undefined) {
      valueFilter = new ValueFilter(filter, this.#interner)
      this.#filters.set(key, valueFilter)
    }
    return valueFilter
  }

  #idsOf(view: BatchView, ref: FieldRef): Int32Array {
    let ids = view.ids.get(ref.text)
    if (ids === undefined) {
      let field = this.#fields.get(ref.text)
      if (field === undefined) {
        field = new FieldIds(ref, this.#interner)
        this.#fields.set(ref.text, field)
      }
      ids = field.fill(view.batch, view.texts, view.view)
      view.ids.set(ref.text, ids)
    }
    return ids
  }

  get #markEvery(): number {
    return this.#options.expiryMs / (4 * sweepEvery)
  }

  #mark(now: number) {
    const last = this.#marks.at(-1)
    if (last === undefined || now - last.at >= this.#markEvery) this.#marks.push({ version: this.#version, at: now })
  }

  #compact() {
    const width = Math.max(0, ...[...this.#groups.values()].map(({ labels }) => labels.length))
    if (this.#interner.texts.length < spareTexts + 2 * width * this.size) return
    const next = new Interner()
    for (const { sets } of this.#groups.values()) sets.renumber(this.#interner, next)
    this.#interner = next
    this.#fields = new Map()
    this.#filters = new Map()
  }
}

function scaleOf(sampling: Float64Array | undefined): Float64Array | undefined {
  return sampling?.map((interval) => (interval > 1 ? interval : 1))
}
