/** Scrapes of one target: samples, the series about the scrape, and the markers of series that ended. */
import { HelpTexts, sampleEvent, type Sample } from '../../codecs/samples/index.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { appendEvents } from '../../engine/sources/append-events.ts'
import { labelsFault } from '../../messaging/label-bounds.ts'
import { messageOf } from '../../model/errors.ts'
import type { HttpClient } from '../../net/http/client.ts'
import type { TlsOptions } from '../../net/tls.ts'
import { chunks } from '../../polling/chunks.ts'
import { pollOnSchedule } from '../../polling/schedule.ts'
import type { PrometheusScrapeConfig } from './config.ts'
import { openTarget, readTarget, ScrapeFailed } from './client-target.ts'
import type { ExposedSample, Exposition } from './map-exposition.ts'

type Labels = Readonly<Record<string, string>>
type Series = Pick<Sample, 'name' | 'labels' | 'kind' | 'unit'>

export type Target = Readonly<{
  url: string
  /** Labels of the target, with `job` and `instance`. */
  labels: Labels
}>

export type TargetStatus = Readonly<{
  url: string
  samples: number
  lastPoll: number | undefined
  nextPoll: number | undefined
  why?: string
}>

type TargetParts = Readonly<{
  target: Target
  config: PrometheusScrapeConfig
  context: SourceContext
  tls: TlsOptions | undefined
  isLeader: () => boolean
}>

const about = ['scrape_duration_seconds', 'scrape_samples_scraped', 'scrape_samples_post_metric_relabeling'] as const

export class TargetScraper {
  readonly #parts: TargetParts
  readonly #http: HttpClient
  /** Series of the last scrape that had no times in the response. */
  readonly #helps = new HelpTexts()
  #live = new Map<string, Series>()
  #hasScraped = false
  #samples = 0
  #lastPoll: number | undefined
  #nextPoll: number | undefined
  #why: string | undefined
  /** Why samples of the last scrape were dropped. */
  #fault: string | undefined

  constructor(parts: TargetParts) {
    const { target, config, context, tls } = parts
    this.#parts = parts
    this.#http = openTarget(target.url, { config, host: context.host, tls })
  }

  status(): TargetStatus {
    const { url } = this.#parts.target
    return {
      url,
      samples: this.#samples,
      lastPoll: this.#lastPoll,
      nextPoll: this.#nextPoll,
      ...(this.#why === undefined ? {} : { why: this.#why }),
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { config, context } = this.#parts
    try {
      const scheduled = (at: number): void => void (this.#nextPoll = at)
      await pollOnSchedule(
        { host: context.host, every: config.every, scheduled },
        (until) => this.#scrape(until),
        signal,
      )
    } finally {
      this.#http.close()
    }
  }

  /** Ends the series of a target that is gone. */
  async end(signal: AbortSignal): Promise<void> {
    if (!this.#hasScraped) return
    const { context } = this.#parts
    const at = context.host.clock.now()
    const scrapeSeries = ['up', ...about, 'scrape_series_added'].map((name) => this.#own(name, 'stale', at))
    await this.#append([...this.#ended(new Map(), at), ...scrapeSeries], signal)
  }

  async #scrape(signal: AbortSignal): Promise<number> {
    const { context, target, config } = this.#parts
    const { clock } = context.host
    const [at, began] = [clock.now(), clock.monotonic()]
    let exposition: Exposition = { samples: [], exemplars: 0 }
    let outcome: 'ok' | ScrapeFailed['outcome'] = 'ok'
    let scraped = 0
    try {
      exposition = await readTarget(this.#http, target.url, { config, signal })
      scraped = exposition.samples.length
      if (scraped > config.sample_limit)
        throw new ScrapeFailed('too_many', `the response has ${scraped} samples: raise \`sample_limit\``)
      if (this.#why !== undefined) context.log.info('The target is readable again.', this.#fields())
      this.#why = undefined
      this.#lastPoll = at
    } catch (error) {
      if (signal.aborted) return 0
      exposition = { samples: [], exemplars: 0 }
      outcome = error instanceof ScrapeFailed ? error.outcome : 'failed'
      const reason = messageOf(error)
      if (reason !== this.#why)
        context.log.warn('The target cannot be scraped; Weir retries.', { ...this.#fields(), why: reason })
      this.#why = reason
    }
    const seconds = (clock.monotonic() - began) / 1000
    context.metrics.count('weir_prometheus_scrape_requests_total', 1, { source: context.id, outcome })
    try {
      await this.#record(exposition, { at, seconds, scraped, isUp: outcome === 'ok' }, signal)
    } catch (error) {
      if (!signal.aborted)
        context.log.error('Samples could not be stored.', {
          ...this.#fields(),
          target: target.url,
          why: messageOf(error),
        })
    }
    return 0
  }

  async #record(
    { samples, exemplars, notUtf8 = 0 }: Exposition,
    { at, seconds, scraped, isUp }: Readonly<{ at: number; seconds: number; scraped: number; isUp: boolean }>,
    signal: AbortSignal,
  ) {
    const { context, config } = this.#parts
    const live = new Map<string, Series>()
    const seenKeys = new Set<string>()
    const rows: Sample[] = []
    let [added, fault]: [number, string | undefined] = [0, notUtf8 > 0 ? 'a line is not UTF-8' : undefined]
    const dropCounts: Record<string, number> = { duplicate: 0, exemplar: exemplars, invalid_utf8: notUtf8 }
    const drop = (reason: string) => (dropCounts[reason] = (dropCounts[reason] ?? 0) + 1)
    const bounds = { ...config, max_labels: config.max_labels + 1 }
    for (const sample of samples) {
      const time = config.honor_timestamps ? sample.at : undefined
      const { name, kind, unit, value } = sample
      const series: Series = { name, labels: this.#labelsOf(sample), kind, unit }
      const labelFault = labelsFault({ ...Object.fromEntries(series.labels), __name__: name }, bounds)
      if (labelFault !== undefined) {
        fault ??= `${name.slice(0, 64)}: ${labelFault.message}`
        drop(labelFault.reason)
        continue
      }
      const key = JSON.stringify([name, series.labels])
      if (seenKeys.has(key) && time === undefined) {
        drop('duplicate')
        continue
      }
      seenKeys.add(key)
      if (!this.#live.has(key)) added++
      if (time === undefined) live.set(key, series)
      const help = this.#helps.due(series, sample.help, time ?? at)
      rows.push({ ...series, value, isStale: false, at: time ?? at, help })
    }
    const scrapeSeries = [
      this.#own('up', isUp ? 1 : 0, at),
      ...about.map((name, index) => this.#own(name, [seconds, scraped, rows.length][index]!, at)),
      this.#own('scrape_series_added', added, at),
    ]
    await this.#append([...rows, ...this.#ended(live, at), ...scrapeSeries], signal)
    this.#live = live
    this.#hasScraped = true
    this.#samples += rows.length
    if (fault !== undefined && fault !== this.#fault)
      context.log.warn('Samples of a target are dropped; the others are stored.', { ...this.#fields(), why: fault })
    this.#fault = fault
    for (const [reason, count] of Object.entries(dropCounts)) if (count > 0) context.shed(reason, count)
    for (const [outcome, count] of Object.entries({ taken: rows.length, ...dropCounts }))
      if (count > 0)
        context.metrics.count('weir_prometheus_scraped_samples_total', count, { source: context.id, outcome })
  }

  /** Markers of series that the target no longer has. */
  #ended(live: ReadonlyMap<string, Series>, at: number): Sample[] {
    return [...this.#live]
      .filter(([key]) => !live.has(key))
      .map(([, series]) => ({ ...series, value: Number.NaN, isStale: true, at }))
  }

  #own(name: string, value: number | 'stale', at: number): Sample {
    const labels = Object.entries(this.#parts.target.labels).sort(byName)
    const isStale = value === 'stale'
    return { name, labels, value: isStale ? Number.NaN : value, isStale, at, kind: 'gauge', unit: undefined }
  }

  /** Labels of a sample; a label with an empty value is left out. */
  #labelsOf({ labels: given }: ExposedSample): readonly (readonly [string, string])[] {
    const { target, config } = this.#parts
    const labels = new Map(given)
    for (const [name, value] of Object.entries(target.labels)) {
      const scraped = labels.get(name) ?? ''
      if (config.honor_labels && labels.has(name)) continue
      labels.set(name, value)
      if (scraped === '') continue
      let exportedName = `exported_${name}`
      while (labels.has(exportedName)) exportedName = `exported_${exportedName}`
      labels.set(exportedName, scraped)
    }
    return [...labels].filter(([, value]) => value !== '').sort(byName)
  }

  async #append(samples: readonly Sample[], signal: AbortSignal) {
    const { context, isLeader } = this.#parts
    if (!isLeader()) throw new Error('another instance is the leader')
    for (const [chunk] of chunks(samples.map((sample) => sampleEvent('/prometheus-scrape', sample))))
      if (chunk.length > 0) await appendEvents(context, chunk, { signal })
  }

  #fields() {
    return { source: this.#parts.context.id, target: this.#parts.target.url }
  }
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]) {
  return a < b ? -1 : a > b ? 1 : 0
}
