import { coreMetrics, type MetricInfo, type MetricTable } from './metric-table.ts'
import type { Labels, MetricName, Metrics, Receiver, Sender } from './ports.ts'

export interface Series {
  readonly values: readonly string[]
  value: number
  /** Increase (counters), or 1 after a change (gauges). */
  unpublished: number
  isPublished: boolean
  /** Cache of the exposition: the text before the value. */
  text: string | undefined
}

const maxSeries = 500
const overflow = 'weir_telemetry_overflow_total'
const envelope = 'weir:metrics'

type Change = readonly [name: string, values: readonly string[], value: number]

/** prom-client is loaded only by a scrape. With `strict`, for tests, an unknown name or label is an error. */
export class MetricStore implements Metrics {
  readonly #series = new Map<string, Map<string, Series>>()
  readonly #strict: boolean
  table: MetricTable

  constructor(options: Readonly<{ strict?: boolean; table?: MetricTable }> = {}) {
    this.#strict = options.strict ?? false
    this.table = options.table ?? coreMetrics
  }

  /** Adds metrics to the table, for connectors that are loaded later. */
  declare(table: MetricTable): void {
    this.table = { ...this.table, ...table }
  }

  count(name: MetricName, by: number, labels?: Labels): void {
    const info = this.#known(name, 'counter', labels)
    if (info === undefined) return
    if (!(by >= 0)) return this.#refuse(`${name} is a counter and cannot change by ${by}`)
    this.#add(name, this.#values(info, labels), by)
  }

  set(name: MetricName, value: number | undefined, labels?: Labels): void {
    const info = this.#known(name, 'gauge', labels)
    if (info === undefined) return
    if (value === undefined) this.#remove(name, this.#values(info, labels))
    else this.#put(name, this.#values(info, labels), value)
  }

  value(name: string, labels?: Labels): number {
    const info = this.table[name]
    const values = info === undefined ? [] : this.#values(info, labels)
    return this.#series.get(name)?.get(values.join('\0'))?.value ?? 0
  }

  *[Symbol.iterator](): Generator<readonly [name: string, info: MetricInfo, series: Iterable<Series>]> {
    for (const [name, info] of Object.entries(this.table)) {
      const series = this.#series.get(name)
      if (series !== undefined) yield [name, info, series.values()]
    }
  }

  publishTo(port: Sender): void {
    const changes: Change[] = []
    for (const [name, all] of this.#series) {
      for (const series of all.values()) {
        if (series.unpublished === 0) continue
        const isCounter = this.table[name]?.kind === 'counter'
        changes.push([name, series.values, isCounter ? series.unpublished : series.value])
        series.unpublished = 0
        series.isPublished = true
        if (Number.isNaN(series.value)) this.#delete(name, series.values)
      }
    }
    if (changes.length > 0) port.postMessage({ is: envelope, changes })
  }

  collectFrom(port: Receiver): void {
    port.on('message', (message) => {
      if (!isChanges(message)) return
      for (const [name, values, value] of message.changes) {
        const kind = this.table[name]?.kind
        if (kind === 'counter') this.#add(name, values, value)
        else if (kind === 'gauge' && Number.isNaN(value)) this.#delete(name, values)
        else if (kind === 'gauge') this.#put(name, values, value)
      }
    })
  }

  #add(name: string, values: readonly string[], by: number) {
    const series = this.#at(name, values)
    if (series === undefined) {
      this.#add(overflow, [name], by === 0 ? 0 : 1)
      return
    }
    series.value += by
    series.unpublished += by
  }

  #put(name: string, values: readonly string[], value: number) {
    const series = this.#at(name, values)
    if (series === undefined) {
      this.#add(overflow, [name], 1)
      return
    }
    series.value = value
    series.unpublished = 1
  }

  /** A series that a receiver has is NaN until it is published. */
  #remove(name: string, values: readonly string[]) {
    const series = this.#series.get(name)?.get(values.join('\0'))
    if (series === undefined) return
    if (!series.isPublished) return this.#delete(name, values)
    series.value = Number.NaN
    series.unpublished = 1
  }

  #delete(name: string, values: readonly string[]) {
    this.#series.get(name)?.delete(values.join('\0'))
  }

  #at(name: string, values: readonly string[]): Series | undefined {
    let all = this.#series.get(name)
    if (all === undefined) this.#series.set(name, (all = new Map()))
    const key = values.join('\0')
    let series = all.get(key)
    if (series === undefined && (all.size < (this.table[name]?.series ?? maxSeries) || name === overflow))
      all.set(key, (series = { values, value: 0, unpublished: 0, isPublished: false, text: undefined }))
    return series
  }

  #values(info: MetricInfo, labels: Labels | undefined) {
    return info.labels.map((label) => labels?.[label] ?? '')
  }

  #known(name: string, kind: MetricInfo['kind'], labels: Labels | undefined): MetricInfo | undefined {
    const info = this.table[name]
    if (info?.kind !== kind) {
      this.#refuse(
        info === undefined ? `${name} is not in the table of metrics` : `${name} is a ${info.kind}, not a ${kind}`,
      )
      return undefined
    }
    if (this.#strict) {
      const given = Object.keys(labels ?? {})
        .toSorted()
        .join(', ')
      const expected = info.labels.toSorted().join(', ')
      if (given !== expected) this.#refuse(`${name} has the labels (${expected}), not (${given})`)
    }
    return info
  }

  #refuse(reason: string) {
    if (this.#strict) throw new Error(reason)
  }
}

function isChanges(message: unknown): message is { readonly changes: readonly Change[] } {
  return typeof message === 'object' && message !== null && 'is' in message && message.is === envelope
}
