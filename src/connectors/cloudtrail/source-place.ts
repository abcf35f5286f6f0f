/** One region: asked again and again for what is new, and for what became visible late. */
import type { Event } from '@aws-sdk/client-cloudtrail'
import type { SourceContext } from '../../engine/ports.ts'
import { isTooLarge, type ToldOnce } from '../../engine/told-once.ts'
import type { WeirEvent } from '../../model/events.ts'
import { TrailError, type TrailReader } from './client.ts'
import type { From } from './config.ts'
import { mapRecord } from './map.ts'

/** The API has nothing older. */
export const keptMs = 90 * 86_400_000
/** At most so much time is asked for at once, and so many events are held; a span with more is asked for in parts. */
const usualLimits = { sliceMs: 3_600_000, most: 10_000 }
const shortestSliceMs = 1000
/** A cursor without an event is written so often. */
const bookmarkMs = 300_000
/** So many of what can't be taken are known again. */
const mostRefused = 1000
/** Said again after so long. */
const repeatMs = 3_600_000

export interface PlaceStatus {
  readonly region: string | undefined
  /** Unix ms: what happened until then is read, whatever comes late. */
  readonly complete: number | undefined
  /** Unix ms when it was asked last and answered whole. */
  readonly asked: number | undefined
  /** Unix ms of the newest event. */
  readonly newest: number | undefined
  readonly events: number
  /** Why nothing is read, and what to do. */
  readonly why?: string
}

export interface PlaceOptions {
  readonly config: From<'lookup'>
  readonly context: SourceContext
  readonly reader: TrailReader
  readonly told: ToldOnce
  /** Time that is asked for at once, and events that are held. */
  readonly limits?: typeof usualLimits
}

export class Place {
  readonly #options: PlaceOptions
  readonly #refused = new Set<string>()
  readonly #said = new Map<string, number>()
  #sliceMs: number
  #region: string | undefined
  #asked: number | undefined
  #newest: number | undefined
  #events = 0
  #why: string | undefined

  constructor(options: PlaceOptions) {
    this.#options = options
    this.#sliceMs = (options.limits ?? usualLimits).sliceMs
  }

  status(): PlaceStatus {
    return {
      region: this.#region, complete: this.#region === undefined ? undefined : this.#options.told.toldUntil(this.#region),
      asked: this.#asked, newest: this.#newest, events: this.#events, ...(this.#why === undefined ? {} : { why: this.#why }),
    }
  }

  /** Ends when the signal aborts and what is being told is synced. */
  async run(signal: AbortSignal): Promise<void> {
    const { config: { every }, context: { host } } = this.#options
    while (!signal.aborted) {
      const began = host.clock.monotonic()
      await this.#cycle(signal)
      await host.timers.sleep(Math.max(0, every - (host.clock.monotonic() - began)), signal)
    }
  }

  async #cycle(signal: AbortSignal): Promise<void> {
    const { context: { log, metrics, host }, told } = this.#options
    try {
      await this.poll(signal)
      if (this.#why !== undefined) log.info('Events of CloudTrail are read again.', this.#labels())
      this.#why = undefined
    } catch (error) {
      if (signal.aborted) return
      const message = says(error)
      if (this.#why !== message) log[error instanceof TrailError ? 'warn' : 'error'](`Events can't be read: ${message}.`, this.#labels())
      this.#why = message
    }
    await told.ease(signal).catch((error: unknown) => {
      if (!signal.aborted) this.#warn('state', `What is known of events can't be written down: ${says(error)}`)
    })
    const until = this.status().complete
    if (until !== undefined) metrics.set('weir_cloudtrail_behind_seconds', Math.max(0, Math.round((host.clock.now() - until) / 1000)), this.#labels())
  }

  /** Reads up to now, in slices. Rejects with TrailError, and with what the journal says. */
  async poll(signal: AbortSignal): Promise<void> {
    const { config, context: { host }, reader, told, limits: { most, sliceMs: longest } = usualLimits } = this.#options
    const region = (this.#region ??= await reader.region())
    const now = host.clock.now()
    const settled = now - config.look_back
    // Where it begins is known again also when nothing can be read for long.
    if (told.toldUntil(region) === undefined) await told.pass(region, now - (config.backfill ?? config.look_back), 0, signal)
    // Where the clock was set back, it is not asked for a time to come.
    const began = Math.min(told.toldUntil(region) ?? settled, settled)
    let at = Math.max(began, now - keptMs)
    while (at < now && !signal.aborted) {
      const to = Math.min(at + this.#sliceMs, now)
      const events = await reader.read({ from: at, to }, this.#sliceMs > shortestSliceMs ? most : Infinity, signal)
      if (events === undefined) {
        this.#sliceMs = Math.max(shortestSliceMs, this.#sliceMs / 2)
        continue
      }
      if (events.length < most / 4) this.#sliceMs = Math.min(longest, this.#sliceMs * 2)
      const isSteady = this.#asked !== undefined && now - this.#asked < config.look_back
      await this.#tell(region, events, { until: Math.min(to, settled), isSteady }, signal)
      if (began < now - keptMs && at === now - keptMs) this.#missed(began, at)
      at = to
    }
    if (!signal.aborted) this.#asked = now
  }

  async #tell(region: string, events: readonly Event[], { until, isSteady }: { readonly until: number; readonly isSteady: boolean }, signal: AbortSignal): Promise<void> {
    const { context, told } = this.#options
    const fresh = new Map<string, { readonly event: WeirEvent; readonly order: number }>()
    const left: Record<string, number> = {}
    // It is given to us again and again.
    const count = (outcome: string, what: string): void => {
      if (this.#refused.has(what)) return
      if (this.#refused.size >= mostRefused) this.#refused.clear()
      this.#refused.add(what)
      left[outcome] = (left[outcome] ?? 0) + 1
    }
    events.forEach((given, at) => {
      const event = eventOf(given)
      if (event === undefined) count('malformed', given.EventId ?? JSON.stringify(given))
      else if (!told.has(region, event.id) && !fresh.has(event.id)) {
        if (isTooLarge(event)) count('too_large', event.id)
        else fresh.set(event.id, { event, order: -at })
      }
    })
    // They come newest first.
    const inOrder = [...fresh.values()].sort((a, b) => (a.event.time ?? 0) - (b.event.time ?? 0) || a.order - b.order).map(({ event }) => event)
    for (const [outcome, rows] of Object.entries(left)) {
      context.shed(outcome, rows)
      this.#warn(outcome, `CloudTrail gave something that can't be taken (${outcome.replaceAll('_', ' ')}); the other events were taken.`)
    }
    if (inOrder.length === 0) await told.pass(region, until, bookmarkMs, signal)
    else await told.tell(region, inOrder, until, signal)
    this.#account(inOrder, left, isSteady)
  }

  #account(fresh: readonly WeirEvent[], left: Readonly<Record<string, number>>, isSteady: boolean): void {
    const { config: { look_back: lookBack }, context: { metrics, host } } = this.#options
    for (const [outcome, rows] of Object.entries({ ...left, taken: fresh.length })) if (rows > 0) metrics.count('weir_cloudtrail_events_total', rows, { ...this.#labels(), outcome })
    this.#events += fresh.length
    let oldest = host.clock.now()
    for (const { time } of fresh) {
      if (time === undefined) continue
      this.#newest = Math.max(this.#newest ?? 0, time)
      oldest = Math.min(oldest, time)
    }
    const late = host.clock.now() - oldest
    if (isSteady && late > lookBack * 0.8) this.#warn('late', `An event became visible ${Math.round(late / 1000)} s after it had happened, and \`look_back\` is ${lookBack / 1000} s: raise it, or what comes later is missed.`)
  }

  /** What is older than what the API keeps is lost, and that is said. */
  #missed(from: number, to: number): void {
    const { metrics, log } = this.#options.context
    const seconds = Math.round((to - from) / 1000)
    metrics.count('weir_cloudtrail_missed_seconds_total', seconds, this.#labels())
    log.warn('CloudTrail keeps events for ninety days: what happened before, and after the last event that was read, is missed.', { ...this.#labels(), seconds, from: new Date(from).toISOString(), to: new Date(to).toISOString() })
  }

  #labels(): { readonly source: string; readonly region: string } {
    return { source: this.#options.context.id, region: this.#region ?? '' }
  }

  /** Once in a while. */
  #warn(what: string, message: string): void {
    const { log, host } = this.#options.context
    const now = host.clock.monotonic()
    if (now - (this.#said.get(what) ?? -Infinity) < repeatMs) return
    this.#said.set(what, now)
    log.warn(message, this.#labels())
  }
}

function eventOf({ CloudTrailEvent: text, Resources: resources = [] }: Event): WeirEvent | undefined {
  try {
    return mapRecord(JSON.parse(text ?? ''), resources)
  } catch {
    return undefined
  }
}

function says(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
