/** One tracker of one project: asked again and again for what is new, and for what became visible late. */
import type { SourceContext } from '../../engine/ports.ts'
import { isTooLarge, type ToldOnce } from '../../engine/told-once.ts'
import { basePath, TraceReader } from './client.ts'
import { CtsError } from './client-errors.ts'
import type { Opened, Session } from './client-session.ts'
import type { OtcCtsConfig } from './config.ts'
import { mapTrace, type MappedTrace, type TraceOrigin } from './map.ts'

/** The API has nothing older. */
export const keptMs = 7 * 86_400_000
/** At most so much time is asked for at once, and so many traces are held; a span with more is asked for in parts. */
const usualLimits = { sliceMs: 3_600_000, most: 10_000 }
const shortestSliceMs = 1000
/** A cursor without a trace is written so often. */
const bookmarkMs = 300_000
/** So many of what can't be taken are known again. */
const mostRefused = 1000
/** Said again after so long. */
const repeatMs = 3_600_000

export interface PlaceStatus {
  readonly project: string
  readonly tracker: string
  readonly region: string | undefined
  /** Unix ms: what happened until then is read, whatever comes late. */
  readonly complete: number | undefined
  /** Unix ms when it was asked last and answered whole. */
  readonly asked: number | undefined
  /** Unix ms of the newest trace. */
  readonly newest: number | undefined
  readonly traces: number
  /** Why nothing is read, and what to do. */
  readonly why?: string
}

export interface PlaceOptions {
  readonly config: OtcCtsConfig
  readonly context: SourceContext
  readonly session: Session
  readonly memory: ToldOnce
  /** As the settings call it. */
  readonly project: string
  readonly tracker: string
  /** Time that is asked for at once, and traces that are held. */
  readonly limits?: typeof usualLimits
}

type Fresh = MappedTrace & { readonly order: number }

export class Place {
  readonly #options: PlaceOptions
  readonly #reader: TraceReader
  readonly #labels: { readonly source: string; readonly project: string; readonly tracker: string }
  readonly #refused = new Set<string>()
  readonly #said = new Map<string, number>()
  #sliceMs: number
  #opened: Opened | undefined
  #asked: number | undefined
  #newest: number | undefined
  #traces = 0
  #why: string | undefined
  /** What was said last, while it holds. */
  #failed: string | undefined

  constructor(options: PlaceOptions) {
    this.#options = options
    const { config, context, session, project, tracker, limits = usualLimits } = options
    this.#sliceMs = limits.sliceMs
    this.#labels = { source: context.id, project, tracker }
    this.#reader = new TraceReader({
      host: context.host, session, api: config.api, tracker, page: config.page,
      note: (what, message) => {
        context.metrics.count('weir_cts_requests_total', 1, { ...this.#labels, outcome: what === 'retried' ? 'failed' : 'answered' })
        if (what === 'marker') this.#warn('marker', message)
        if (what === 'retried') this.#why = message
      },
    })
  }

  status(): PlaceStatus {
    const { project, tracker, memory } = this.#options
    return {
      project, tracker, region: this.#opened?.region, complete: this.#opened === undefined ? undefined : memory.toldUntil(this.#key(this.#opened)),
      asked: this.#asked, newest: this.#newest, traces: this.#traces, ...(this.#why === undefined ? {} : { why: this.#why }),
    }
  }

  /** Ends when the signal aborts and what is being told is synced. */
  async run(signal: AbortSignal): Promise<void> {
    const { config: { every }, context: { host } } = this.#options
    while (!signal.aborted) {
      const began = host.clock.monotonic()
      const waitMs = await this.#cycle(signal)
      await host.timers.sleep(Math.max(waitMs, every - (host.clock.monotonic() - began)), signal)
    }
  }

  /** Returns how long the other side wants us to wait, in ms. */
  async #cycle(signal: AbortSignal): Promise<number> {
    const { context: { log, metrics, host }, memory } = this.#options
    let waitMs = 0
    try {
      await this.poll(signal)
      if (this.#failed !== undefined) log.info('Traces are read again.', this.#labels)
      this.#failed = this.#why = undefined
    } catch (error) {
      if (signal.aborted) return 0
      const message = error instanceof Error ? error.message : String(error)
      metrics.count('weir_cts_requests_total', 1, { ...this.#labels, outcome: 'failed' })
      if (this.#failed !== message) log[error instanceof CtsError ? 'warn' : 'error'](`Traces can't be read: ${message}.`, this.#labels)
      this.#failed = this.#why = message
      if (error instanceof CtsError) waitMs = error.afterMs
    }
    await memory.ease(signal).catch((error: unknown) => {
      if (!signal.aborted) this.#warn('state', `What is known of traces can't be written down: ${error instanceof Error ? error.message : String(error)}`)
    })
    const until = this.status().complete
    if (until !== undefined) metrics.set('weir_cts_behind_seconds', Math.max(0, Math.round((host.clock.now() - until) / 1000)), this.#labels)
    return waitMs
  }

  /** Reads up to now, in slices. Rejects with CtsError, and with what the journal says. */
  async poll(signal: AbortSignal): Promise<void> {
    const { config, context: { host }, session, memory, limits: { most, sliceMs: longest } = usualLimits } = this.#options
    const opened = await session.open(signal)
    this.#opened = opened
    const key = this.#key(opened)
    const now = host.clock.now()
    const settled = now - config.look_back
    // Where the clock was set back, it is not asked for a time to come.
    // Where it begins is known again also when nothing can be read for long.
    if (memory.toldUntil(key) === undefined) await memory.pass(key, now - (config.backfill ?? config.look_back), 0, signal)
    const began = Math.min(memory.toldUntil(key) ?? settled, settled)
    let at = Math.max(began, now - keptMs)
    while (at < now && !signal.aborted) {
      const to = Math.min(at + this.#sliceMs, now)
      const traces = await this.#reader.read({ from: at, to }, this.#sliceMs > shortestSliceMs ? most : Infinity, signal)
      if (traces === undefined) {
        this.#sliceMs = Math.max(shortestSliceMs, this.#sliceMs / 2)
        continue
      }
      if (traces.length < most / 4) this.#sliceMs = Math.min(longest, this.#sliceMs * 2)
      await this.#tell(key, traces, this.#origin(opened), Math.min(to, settled), signal)
      if (began < now - keptMs && at === now - keptMs) this.#missed(began, at)
      at = to
    }
    if (!signal.aborted) this.#asked = now
  }

  async #tell(key: string, traces: readonly unknown[], origin: TraceOrigin, until: number, signal: AbortSignal): Promise<void> {
    const { context, memory } = this.#options
    const fresh = new Map<string, Fresh>()
    const left: Record<string, number> = {}
    // It is given to us again and again.
    const count = (outcome: string, what: string): void => {
      if (this.#refused.has(what)) return
      if (this.#refused.size >= mostRefused) this.#refused.clear()
      this.#refused.add(what)
      left[outcome] = (left[outcome] ?? 0) + 1
    }
    traces.forEach((given, at) => {
      const mapped = mapTrace(given, origin)
      if (mapped === undefined) count('malformed', JSON.stringify(given))
      else if (!memory.has(key, mapped.event.id) && !fresh.has(mapped.event.id)) {
        if (isTooLarge(mapped.event)) count('too_large', mapped.event.id)
        else fresh.set(mapped.event.id, { ...mapped, order: -at })
      }
    })
    // They come newest first.
    const inOrder = [...fresh.values()].sort((a, b) => (a.event.time ?? 0) - (b.event.time ?? 0) || (a.recorded ?? 0) - (b.recorded ?? 0) || a.order - b.order)
    for (const [outcome, rows] of Object.entries(left)) {
      context.shed(outcome, rows)
      this.#warn(outcome, `CTS gave something that can't be taken (${outcome.replaceAll('_', ' ')}); the other traces were taken.`)
    }
    if (inOrder.length === 0) await memory.pass(key, until, bookmarkMs, signal)
    else await memory.tell(key, inOrder.map(({ event }) => event), until, signal)
    this.#account(inOrder, left)
  }

  #account(fresh: readonly Fresh[], left: Readonly<Record<string, number>>): void {
    const { config: { look_back: lookBack }, context: { metrics } } = this.#options
    const counts = { ...left, taken: fresh.length, nameless: fresh.filter(({ nameless }) => nameless).length }
    for (const [outcome, rows] of Object.entries(counts)) if (rows > 0) metrics.count('weir_cts_traces_total', rows, { ...this.#labels, outcome })
    this.#traces += fresh.length
    let late = 0
    for (const { event, recorded, strange } of fresh) {
      if (event.time !== undefined) this.#newest = Math.max(this.#newest ?? 0, event.time)
      if (event.time !== undefined && recorded !== undefined) late = Math.max(late, recorded - event.time)
      if (strange !== undefined) this.#warn('rating', `A trace is rated ${strange.slice(0, 40)}, which is none of normal, warning and incident; its severity is unknown.`)
    }
    if (fresh.length > 0) metrics.set('weir_cts_recorded_after_seconds', late / 1000, this.#labels)
    if (late > lookBack * 0.8) this.#warn('late', `A trace was recorded ${Math.round(late / 1000)} s after it had happened, and \`look_back\` is ${lookBack / 1000} s: raise it, or what comes later is missed.`)
  }

  /** What is older than what the API keeps is lost, and that is said. */
  #missed(from: number, to: number): void {
    const { metrics, log } = this.#options.context
    const seconds = Math.round((to - from) / 1000)
    metrics.count('weir_cts_missed_seconds_total', seconds, this.#labels)
    log.warn('CTS keeps traces for seven days: what happened before, and after the last trace that was read, is missed.', { ...this.#labels, seconds, from: new Date(from).toISOString(), to: new Date(to).toISOString() })
  }

  #origin(opened: Opened): TraceOrigin {
    const { config } = this.#options
    return { cloud: config.cloud, source: `${opened.cts}${basePath(config.api, opened)}`, tenant: opened.project, domain: opened.domain, region: opened.region, leaveOut: config.leave_out }
  }

  /** Whatever the settings call it. */
  #key({ project }: Opened): string {
    return `${project}/${this.#options.tracker}`
  }

  /** Once in a while. */
  #warn(what: string, message: string): void {
    const { context: { log, host } } = this.#options
    const now = host.clock.monotonic()
    if (now - (this.#said.get(what) ?? -Infinity) < repeatMs) return
    this.#said.set(what, now)
    log.warn(message, this.#labels)
  }
}
