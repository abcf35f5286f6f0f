/** One place of a source that asks: asked again and again for what is new, and for what became visible late. */
import type { WeirEvent } from '../model/events.ts'
import { ResponseError, PollError } from './poll-error.ts'
import { withRetries } from './retry.ts'
import { readPages, type Page } from './pages.ts'
import type { SourceContext } from '../engine/ports.ts'
import { isTooLarge } from './chunks.ts'
import type { Checkpoint } from './checkpoint.ts'
import { messageOf } from '../model/errors.ts'

/** At most so much time is asked for at once, and so many events are held; a span with more is asked for in parts. */
export interface PollLimits {
  readonly sliceMs: number
  readonly most: number
}

const usualLimits: PollLimits = { sliceMs: 3_600_000, most: 10_000 }
const shortestSliceMs = 1000
/** An answer that is not whole is asked for so often in one cycle. */
const answerTries = 4
/** A cursor without an event is written so often. */
const bookmarkMs = 300_000
/** So many of what can't be taken are known again. */
const mostRefused = 1000
/** Said again after so long. */
const repeatMs = 3_600_000

export interface Span {
  /** Unix ms; events of exactly these times are in it. */
  readonly from: number
  readonly to: number
}

export interface Mapped {
  readonly event: WeirEvent
  /** Unix ms when the other side noted it, where it says so. */
  readonly recorded?: number | undefined
}

/** A place that lets us in. */
export interface OpenPartition<Given, M extends Mapped> {
  /** By which the cursor knows it, whatever the settings call it. */
  readonly key: string
  /**
   * One page of a span, newest first over all pages; `next`: token of the page before it. Undefined: too large to be read at once.
   * Rejects with PollError, with ResponseError for a success that is not what was asked for, and when the signal aborts.
   */
  page(span: Span, next: string | undefined, signal: AbortSignal): Promise<Page<Given> | undefined>
  /** Pure. Undefined for what is no event at all. */
  map(given: Given): M | undefined
}

type Metric = Parameters<SourceContext['metrics']['count']>[0]

/** What differs from one cloud to the other. */
export interface PolledRecord<Given, M extends Mapped = Mapped> {
  readonly context: SourceContext
  readonly told: Checkpoint
  readonly every: number
  readonly lookBack: number
  readonly backfill: number | null
  /** The other side has nothing older. */
  readonly keptMs: number
  readonly words: {
    /** Who is asked: `CTS`. */
    readonly who: string
    /** What it gives: `trace`, `event`. */
    readonly what: string
    /** Why there is nothing older, in a sentence. */
    readonly kept: string
  }
  /** `behind` and `missed` have the place's labels, `events` an `outcome`, too. */
  readonly metrics: { readonly events: Metric; readonly behind: Metric; readonly missed: Metric }
  /** As they are known at the moment. */
  labels(): Readonly<Record<string, string>>
  /** Rejects with PollError. */
  open(signal: AbortSignal): Promise<OpenPartition<Given, M>>
  /** Told of a cycle that failed with an PollError. */
  failed?(): void
  /** What more there is to count and to say of events that were just told. */
  account?(fresh: readonly M[], warn: (what: string, message: string) => void): void
  readonly limits?: PollLimits
}

export interface PartitionStatus {
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

export class PartitionPoller<Given, M extends Mapped = Mapped> {
  readonly #of: PolledRecord<Given, M>
  readonly #limits: PollLimits
  readonly #refused = new Set<string>()
  readonly #said = new Map<string, number>()
  #sliceMs: number
  #key: string | undefined
  #asked: number | undefined
  #newest: number | undefined
  #events = 0
  /** What was said last, while it holds. */
  #failed: string | undefined
  /** Why nothing comes just now. */
  #why: string | undefined

  constructor(of: PolledRecord<Given, M>) {
    this.#of = of
    this.#limits = of.limits ?? usualLimits
    this.#sliceMs = this.#limits.sliceMs
  }

  status(): PartitionStatus {
    return {
      complete: this.#key === undefined ? undefined : this.#of.told.toldUntil(this.#key),
      asked: this.#asked, newest: this.#newest, events: this.#events, ...(this.#why === undefined ? {} : { why: this.#why }),
    }
  }

  /** A request is tried again, and this is why. */
  waits(why: string): void {
    this.#why = why
  }

  /** Ends when the signal aborts and what is being told is synced. */
  async run(signal: AbortSignal): Promise<void> {
    const { every, context: { host } } = this.#of
    while (!signal.aborted) {
      const began = host.clock.monotonic()
      const waitMs = await this.#cycle(signal)
      await host.timers.sleep(Math.max(waitMs, every - (host.clock.monotonic() - began)), signal)
    }
  }

  /** Returns how long the other side wants us to wait, in ms. */
  async #cycle(signal: AbortSignal): Promise<number> {
    const { context: { log, metrics, host }, told, words } = this.#of
    const all = `${words.what}s`
    let waitMs = 0
    try {
      await this.poll(signal)
      if (this.#failed !== undefined) log.info(`${capital(all)} of ${words.who} are read again.`, this.#labels())
      this.#failed = this.#why = undefined
    } catch (error) {
      if (signal.aborted) return 0
      const message = says(error)
      if (error instanceof PollError) {
        this.#of.failed?.()
        waitMs = error.afterMs
      }
      if (this.#failed !== message) log[error instanceof PollError ? 'warn' : 'error'](`${capital(all)} can't be read: ${message}.`, this.#labels())
      this.#failed = this.#why = message
    }
    await told.ease(signal).catch((error: unknown) => {
      if (!signal.aborted) this.warn('state', `What is known of ${all} can't be written down: ${says(error)}`)
    })
    const until = this.status().complete
    if (until !== undefined) metrics.set(this.#of.metrics.behind, Math.max(0, Math.round((host.clock.now() - until) / 1000)), this.#labels())
    return waitMs
  }

  /** Reads up to now, in slices. Rejects with PollError, and with what the journal says. */
  async poll(signal: AbortSignal): Promise<void> {
    const { context: { host }, told, lookBack, backfill, keptMs } = this.#of
    const { most, sliceMs: longest } = this.#limits
    const place = await this.#of.open(signal)
    const { key } = place
    this.#key = key
    const now = host.clock.now()
    const settled = now - lookBack
    // Where it begins is known again also when nothing can be read for long.
    if (told.toldUntil(key) === undefined) await told.pass(key, now - (backfill ?? lookBack), 0, signal)
    // Where the clock was set back, it is not asked for a time to come.
    const began = Math.min(told.toldUntil(key) ?? settled, settled)
    let at = Math.max(began, now - keptMs)
    while (at < now && !signal.aborted) {
      const to = Math.min(at + this.#sliceMs, now)
      const given = await this.#read(place, { from: at, to }, this.#sliceMs > shortestSliceMs ? most : Infinity, signal)
      if (given === undefined) {
        this.#sliceMs = Math.max(shortestSliceMs, this.#sliceMs / 2)
        continue
      }
      if (given.length < most / 4) this.#sliceMs = Math.min(longest, this.#sliceMs * 2)
      // Only of what was asked for before can be said how late it became visible.
      const isSteady = this.#asked !== undefined && now - this.#asked < lookBack
      await this.#tell(place, given, { from: at, until: Math.min(to, settled), isSteady }, signal)
      if (began < now - keptMs && at === now - keptMs) this.#missed(began, at)
      at = to
    }
    if (!signal.aborted) this.#asked = now
  }

  /** All of a span. An answer that is not whole is counted, said and asked for again; then it fails the cycle, and the cursor stays. */
  #read(place: OpenPartition<Given, M>, span: Span, most: number, signal: AbortSignal): Promise<readonly Given[] | undefined> {
    const { context: { host }, words: { who } } = this.#of
    const retry = <T>(attempt: () => Promise<T>): Promise<T> => withRetries({ host, signal, tries: answerTries, passes: (error) => error instanceof ResponseError, retried: (why) => { this.waits(why) } }, () => attempt().catch((error: unknown) => {
      if (error instanceof ResponseError) this.#refusedAnswer(error)
      throw error
    }))
    return readPages((next, until) => place.page(span, next, until), { who, most, signal, retry })
  }

  #refusedAnswer({ fault, message }: ResponseError): void {
    const { context: { id, metrics } } = this.#of
    metrics.count('weir_poll_invalid_responses_total', 1, { source: id, reason: fault })
    this.warn(`answer ${fault}`, `${message}; nothing is skipped, and it is read again.`)
  }

  async #tell(place: OpenPartition<Given, M>, all: readonly Given[], { from, until, isSteady }: { readonly from: number; readonly until: number; readonly isSteady: boolean }, signal: AbortSignal): Promise<void> {
    const { context, told, words } = this.#of
    const { key } = place
    const fresh = new Map<string, { readonly mapped: M; readonly order: number }>()
    const left: Record<string, number> = {}
    // It is given to us again and again.
    const count = (outcome: string, what: string): void => {
      if (this.#refused.has(what)) return
      if (this.#refused.size >= mostRefused) this.#refused.clear()
      this.#refused.add(what)
      left[outcome] = (left[outcome] ?? 0) + 1
    }
    all.forEach((given, at) => {
      const mapped = place.map(given)
      // Told with what was asked for before, where edges are of whole seconds.
      if ((mapped?.event.time ?? from) < from) return
      if (mapped === undefined) count('malformed', JSON.stringify(given))
      else if (!told.has(key, mapped.event.id) && !fresh.has(mapped.event.id)) {
        if (isTooLarge(mapped.event)) count('too_large', mapped.event.id)
        else fresh.set(mapped.event.id, { mapped, order: -at })
      }
    })
    // They come newest first.
    const inOrder = [...fresh.values()]
      .sort((a, b) => (a.mapped.event.time ?? 0) - (b.mapped.event.time ?? 0) || (a.mapped.recorded ?? 0) - (b.mapped.recorded ?? 0) || a.order - b.order)
      .map(({ mapped }) => mapped)
    for (const [outcome, rows] of Object.entries(left)) {
      context.shed(outcome, rows)
      this.warn(outcome, `${words.who} gave something that can't be taken (${outcome.replaceAll('_', ' ')}); the other ${words.what}s were taken.`)
    }
    if (inOrder.length === 0) await told.pass(key, until, bookmarkMs, signal)
    else await told.tell(key, inOrder.map(({ event }) => event), until, signal)
    this.#account(inOrder, left, isSteady)
  }

  #account(fresh: readonly M[], left: Readonly<Record<string, number>>, isSteady: boolean): void {
    const { lookBack, words, context: { metrics, host } } = this.#of
    for (const [outcome, rows] of Object.entries({ ...left, taken: fresh.length })) if (rows > 0) metrics.count(this.#of.metrics.events, rows, { ...this.#labels(), outcome })
    this.#events += fresh.length
    this.#of.account?.(fresh, (what, message) => { this.warn(what, message) })
    let late = 0
    let isNoted = false
    for (const { event: { time }, recorded } of fresh) {
      if (time === undefined) continue
      this.#newest = Math.max(this.#newest ?? 0, time)
      const seen = recorded ?? (isSteady ? host.clock.now() : time)
      if (seen - time > late) [late, isNoted] = [seen - time, recorded !== undefined]
    }
    if (late > lookBack * 0.8) this.warn('late', `${words.what === 'event' ? 'An' : 'A'} ${words.what} ${isNoted ? 'was recorded' : 'became visible'} ${Math.round(late / 1000)} s after it had happened, and \`look_back\` is ${lookBack / 1000} s: raise it, or what comes later is missed.`)
  }

  /** What is older than what the other side keeps is lost, and that is said. */
  #missed(from: number, to: number): void {
    const { words: { what, kept }, context: { metrics, log } } = this.#of
    const seconds = Math.round((to - from) / 1000)
    metrics.count(this.#of.metrics.missed, seconds, this.#labels())
    log.warn(`${kept}: what happened before, and after the last ${what} that was read, is missed.`, { ...this.#labels(), seconds, from: new Date(from).toISOString(), to: new Date(to).toISOString() })
  }

  #labels(): Readonly<Record<string, string>> {
    return this.#of.labels()
  }

  /** Once in a while. */
  warn(what: string, message: string): void {
    const { log, host } = this.#of.context
    const now = host.clock.monotonic()
    if (now - (this.#said.get(what) ?? -Infinity) < repeatMs) return
    this.#said.set(what, now)
    log.warn(message, this.#labels())
  }
}

function says(error: unknown): string {
  return messageOf(error)
}

function capital(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`
}
