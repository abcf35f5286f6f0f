import type { WeirEvent } from '../model/events.ts'
import { ResponseError, PollError } from './poll-error.ts'
import { withRetries } from './retry.ts'
import { pollOnSchedule } from './schedule.ts'
import { readPages, type Page } from './pages.ts'
import type { SourceContext } from '../engine/contracts.ts'
import { isTooLarge } from './chunks.ts'
import type { Checkpoint } from './checkpoint.ts'
import { messageOf } from '../model/errors.ts'

/** Limits of one poll: time span, and events in memory. A larger span is split. */
export type PollLimits = Readonly<{
  sliceMs: number
  maxEvents: number
}>

const defaultLimits: PollLimits = { sliceMs: 3_600_000, maxEvents: 10_000 }
const minSliceMs = 1000
const responseTries = 4
/** Interval of frames without an event. */
const bookmarkMs = 300_000
const maxRefused = 1000
const repeatMs = 3_600_000

export type Span = Readonly<{
  /** Unix ms, inclusive. */
  from: number
  to: number
}>

export type Mapped = Readonly<{
  event: WeirEvent
  /** Unix ms at which the API recorded the event, if known. */
  recorded?: number | undefined
}>

interface OpenPartition<Given, M extends Mapped> {
  /** Key in the cursor, independent of the settings. */
  readonly key: string
  /** Newest first; `next`: token from the previous page. Undefined: too large. */
  page(span: Span, next: string | undefined, signal: AbortSignal): Promise<Page<Given> | undefined>
  map(given: Given): M | undefined
}

type Metric = Parameters<SourceContext['metrics']['count']>[0]

type PolledRecord<Given, M extends Mapped = Mapped> = Readonly<{
  context: SourceContext
  checkpoint: Checkpoint
  every: number
  lookBack: number
  backfill: number | null
  retentionMs: number
  words: Readonly<{
    api: string
    what: string
    retention: string
  }>
  /** `behind` and `missed` have the labels of the partition, `events` also has `outcome`. */
  metrics: Readonly<{ events: Metric; behind: Metric; missed: Metric }>
  labels(): Readonly<Record<string, string>>
  open(signal: AbortSignal): Promise<OpenPartition<Given, M>>
  failed?(): void
  account?(fresh: readonly M[], warn: (what: string, message: string) => void): void
  limits?: PollLimits
}>

export type PartitionStatus = Readonly<{
  /** Unix ms: all events until then are read, except late ones. */
  complete: number | undefined
  lastPoll: number | undefined
  newest: number | undefined
  events: number
  why?: string
}>

export class PartitionPoller<Given, M extends Mapped = Mapped> {
  readonly #of: PolledRecord<Given, M>
  readonly #limits: PollLimits
  readonly #refused = new Set<string>()
  readonly #warned = new Map<string, number>()
  #sliceMs: number
  #key: string | undefined
  #lastPoll: number | undefined
  #newest: number | undefined
  #events = 0
  #failed: string | undefined
  #why: string | undefined

  constructor(of: PolledRecord<Given, M>) {
    this.#of = of
    this.#limits = of.limits ?? defaultLimits
    this.#sliceMs = this.#limits.sliceMs
  }

  status(): PartitionStatus {
    return {
      complete: this.#key === undefined ? undefined : this.#of.checkpoint.watermark(this.#key),
      lastPoll: this.#lastPoll,
      newest: this.#newest,
      events: this.#events,
      ...(this.#why === undefined ? {} : { why: this.#why }),
    }
  }

  waits(why: string): void {
    this.#why = why
  }

  run(signal: AbortSignal): Promise<void> {
    const {
      every,
      context: { host },
    } = this.#of
    return pollOnSchedule({ host, every }, (until) => this.#cycle(until), signal)
  }

  async #cycle(signal: AbortSignal): Promise<number> {
    const {
      context: { log, metrics, host },
      checkpoint,
      words,
    } = this.#of
    const all = `${words.what}s`
    let waitMs = 0
    try {
      await this.poll(signal)
      if (this.#failed !== undefined) log.info(`${capital(all)} of ${words.api} are readable again.`, this.#labels())
      this.#failed = this.#why = undefined
    } catch (error) {
      if (signal.aborted) return 0
      const message = messageOf(error)
      if (error instanceof PollError) {
        this.#of.failed?.()
        waitMs = error.afterMs
      }
      if (this.#failed !== message)
        log[error instanceof PollError ? 'warn' : 'error'](
          `${capital(all)} cannot be read: ${message}.`,
          this.#labels(),
        )
      this.#failed = this.#why = message
    }
    await checkpoint.releaseOld(signal).catch((error: unknown) => {
      if (!signal.aborted) this.warn('state', `The checkpoint of ${all} could not be saved: ${messageOf(error)}`)
    })
    const until = this.status().complete
    if (until !== undefined)
      metrics.set(this.#of.metrics.behind, Math.max(0, Math.round((host.clock.now() - until) / 1000)), this.#labels())
    return waitMs
  }

  async poll(signal: AbortSignal): Promise<void> {
    const {
      context: { host },
      checkpoint,
      lookBack,
      backfill,
      retentionMs,
    } = this.#of
    const { maxEvents, sliceMs: maxSliceMs } = this.#limits
    const partition = await this.#of.open(signal)
    const { key } = partition
    this.#key = key
    const now = host.clock.now()
    const settledTime = now - lookBack
    // Stores the start, even if polls fail for long.
    if (checkpoint.watermark(key) === undefined) await checkpoint.advance(key, now - (backfill ?? lookBack), 0, signal)
    // The span is empty after the clock was set back.
    const began = Math.min(checkpoint.watermark(key) ?? settledTime, settledTime)
    let at = Math.max(began, now - retentionMs)
    while (at < now && !signal.aborted) {
      const sliceEnd = Math.min(at + this.#sliceMs, now)
      const readEvents = await this.#read(
        partition,
        { from: at, to: sliceEnd },
        this.#sliceMs > minSliceMs ? maxEvents : Infinity,
        signal,
      )
      if (readEvents === undefined) {
        this.#sliceMs = Math.max(minSliceMs, this.#sliceMs / 2)
        continue
      }
      if (readEvents.length < maxEvents / 4) this.#sliceMs = Math.min(maxSliceMs, this.#sliceMs * 2)
      // Only a repeated poll shows how late an event became visible.
      const isSteady = this.#lastPoll !== undefined && now - this.#lastPoll < lookBack
      await this.#record(partition, readEvents, { from: at, until: Math.min(sliceEnd, settledTime), isSteady }, signal)
      if (began < now - retentionMs && at === now - retentionMs) this.#missed(began, at)
      at = sliceEnd
    }
    if (!signal.aborted) this.#lastPoll = now
  }

  /** Incomplete responses are retried; then the cycle fails, and the cursor stays. */
  #read(
    partition: OpenPartition<Given, M>,
    span: Span,
    maxEvents: number,
    signal: AbortSignal,
  ): Promise<readonly Given[] | undefined> {
    const {
      context: { host },
      words: { api },
    } = this.#of
    const retry = <T>(attempt: () => Promise<T>) =>
      withRetries(
        {
          host,
          signal,
          tries: responseTries,
          passes: (error) => error instanceof ResponseError,
          retried: (why) => {
            this.waits(why)
          },
        },
        () =>
          attempt().catch((error: unknown) => {
            if (error instanceof ResponseError) this.#countInvalid(error)
            throw error
          }),
      )
    return readPages((next, until) => partition.page(span, next, until), { api, maxElements: maxEvents, signal, retry })
  }

  #countInvalid({ fault, message }: ResponseError) {
    const {
      context: { id, metrics },
    } = this.#of
    metrics.count('weir_poll_invalid_responses_total', 1, { source: id, reason: fault })
    this.warn(`answer ${fault}`, `${message}; nothing is skipped, and the request is retried.`)
  }

  async #record(
    partition: OpenPartition<Given, M>,
    all: readonly Given[],
    { from, until, isSteady }: { from: number; until: number; isSteady: boolean },
    signal: AbortSignal,
  ) {
    const { context, checkpoint, words } = this.#of
    const { key } = partition
    const newEvents = new Map<string, Readonly<{ mapped: M; order: number }>>()
    const leftOut: Record<string, number> = {}
    // An event is counted once, although every poll returns it.
    const count = (outcome: string, what: string) => {
      if (this.#refused.has(what)) return
      if (this.#refused.size >= maxRefused) this.#refused.clear()
      this.#refused.add(what)
      leftOut[outcome] = (leftOut[outcome] ?? 0) + 1
    }
    all.forEach((given, at) => {
      const mapped = partition.map(given)
      // Part of the previous poll, if bounds are whole seconds.
      if ((mapped?.event.time ?? from) < from) return
      if (mapped === undefined) count('malformed', JSON.stringify(given))
      else if (!checkpoint.has(key, mapped.event.id) && !newEvents.has(mapped.event.id)) {
        if (isTooLarge(mapped.event)) count('too_large', mapped.event.id)
        else newEvents.set(mapped.event.id, { mapped, order: -at })
      }
    })
    const inOrder = [...newEvents.values()]
      .sort(
        (a, b) =>
          (a.mapped.event.time ?? 0) - (b.mapped.event.time ?? 0) ||
          (a.mapped.recorded ?? 0) - (b.mapped.recorded ?? 0) ||
          a.order - b.order,
      )
      .map(({ mapped }) => mapped)
    for (const [outcome, rows] of Object.entries(leftOut)) {
      context.shed(outcome, rows)
      this.warn(
        outcome,
        `${words.api} returned a record that cannot be stored (${outcome.replaceAll('_', ' ')}); the other ` +
          `${words.what}s were taken.`,
      )
    }
    if (inOrder.length === 0) await checkpoint.advance(key, until, bookmarkMs, signal)
    else
      await checkpoint.record(
        key,
        inOrder.map(({ event }) => event),
        until,
        signal,
      )
    this.#account(inOrder, leftOut, { isSteady })
  }

  #account(fresh: readonly M[], left: Readonly<Record<string, number>>, { isSteady }: Readonly<{ isSteady: boolean }>) {
    const {
      lookBack,
      words,
      context: { metrics, host },
    } = this.#of
    for (const [outcome, rows] of Object.entries({ ...left, taken: fresh.length }))
      if (rows > 0) metrics.count(this.#of.metrics.events, rows, { ...this.#labels(), outcome })
    this.#events += fresh.length
    this.#of.account?.(fresh, (what, message) => {
      this.warn(what, message)
    })
    let longestDelay = 0
    let isNoted = false
    for (const {
      event: { time },
      recorded,
    } of fresh) {
      if (time === undefined) continue
      this.#newest = Math.max(this.#newest ?? 0, time)
      const recordedAt = recorded ?? (isSteady ? host.clock.now() : time)
      if (recordedAt - time > longestDelay) [longestDelay, isNoted] = [recordedAt - time, recorded !== undefined]
    }
    if (longestDelay > lookBack * 0.8)
      this.warn(
        'late',
        `${words.what === 'event' ? 'An' : 'A'} ${words.what} ${isNoted ? 'was recorded' : 'became visible'} ` +
          `${Math.round(longestDelay / 1000)} s after the event, and \`look_back\` is ${lookBack / 1000} s: ` +
          'raise `look_back`, or later events are missed.',
      )
  }

  /** Counts a span before the retention of the API. */
  #missed(from: number, to: number) {
    const {
      words: { what, retention },
      context: { metrics, log },
    } = this.#of
    const seconds = Math.round((to - from) / 1000)
    metrics.count(this.#of.metrics.missed, seconds, this.#labels())
    log.warn(`${retention}: events between the last ${what} and the start of the retention are missed.`, {
      ...this.#labels(),
      seconds,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
    })
  }

  #labels() {
    return this.#of.labels()
  }

  warn(what: string, message: string): void {
    const { log, host } = this.#of.context
    const now = host.clock.monotonic()
    if (now - (this.#warned.get(what) ?? -Infinity) < repeatMs) return
    this.#warned.set(what, now)
    log.warn(message, this.#labels())
  }
}

function capital(word: string) {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`
}
