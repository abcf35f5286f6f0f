/**
 * Traces of what happens to events. A trace is known by the id of its event, so that nothing travels with the event through the journal:
 * whoever works on it, in whatever thread or process, adds its span to the same trace.
 */
import { hash } from 'node:crypto'
import type { Timer, Timers } from '../host/index.ts'
import type { Log, Metrics, Receiver, Sender } from './ports.ts'
import { messageOf } from '../model/errors.ts'

export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
  readonly parentId?: string
  readonly name: string
  readonly kind: 'internal' | 'producer'
  /** Unix ms. */
  readonly start: number
  readonly end: number
  readonly attributes: Readonly<Record<string, string | number>>
  /** Why it failed. */
  readonly error?: string
}

/** What those who work on events need of tracing; there is none while it is off. */
export interface Traces {
  /** Is this trace one that is kept? The same answer everywhere. */
  keeps(traceId: string): boolean
  /** Never waits: what there is no room for is dropped, and counted. */
  add(span: Span): void
}

/** Sends spans; rejects when they were not taken. */
export interface SpanSender {
  send(spans: readonly Span[]): Promise<void>
  close(): Promise<void>
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** A UUID is the id of its trace; of any other id it is a digest. */
export function traceIdOf(eventId: string): string {
  return uuid.test(eventId) ? eventId.replaceAll('-', '').toLowerCase() : hash('md5', eventId, 'hex')
}

/** The span in which `what` was done, in a trace. */
export function spanIdOf(traceId: string, what: string): string {
  return hash('md5', `${traceId} ${what}`, 'hex').slice(0, 16)
}

/** By the last seven bytes, which are random in every kind of trace id (W3C Trace Context, level 2). */
export function keepsTrace(traceId: string, sample: number): boolean {
  return sample >= 1 || Number.parseInt(traceId.slice(18), 16) < sample * 2 ** 56
}

/** A span takes about 1 KB here: together 4 MB. */
const mostWaiting = 4096
const mostAtOnce = 512
const gatherMs = 1000
/** After something was not taken. */
const pauseMs = 5000
const closeMs = 3000

export interface TraceQueueOptions {
  readonly sender: SpanSender
  /** Of how many traces in 1 the spans are kept. */
  readonly sample: number
  readonly timers: Timers
  readonly log: Log
  readonly metrics: Metrics
}

/** Spans on their way out, in batches: where they go to may be slow or away, and nobody waits for it. */
export class TraceQueue implements Traces {
  readonly sample: number
  readonly #options: TraceQueueOptions
  #waiting: Span[] = []
  #underWay = 0
  #timer: Timer | undefined
  /** The timer is that of a pause. */
  #pausing = false
  #sending: Promise<void> | undefined

  constructor(options: TraceQueueOptions) {
    this.#options = options
    this.sample = options.sample
  }

  keeps(traceId: string): boolean {
    return keepsTrace(traceId, this.sample)
  }

  add(span: Span): void {
    if (this.#waiting.length >= mostWaiting) return this.#drop(1, 'queue_full')
    this.#waiting.push(span)
    if (this.#waiting.length >= mostAtOnce && !this.#pausing) this.#begin()
    else this.#timer ??= this.#options.timers.after(gatherMs, () => this.#begin())
  }

  /** Sends what waits, for some seconds at most: the end of the process must not hang on it. Never rejects. */
  async close(): Promise<void> {
    const { sender, timers } = this.#options
    const done = new AbortController()
    await Promise.race([this.#drain().then(() => sender.close()), timers.sleep(closeMs, done.signal)])
    done.abort()
    this.#timer?.cancel()
    this.#drop(this.#underWay + this.#waiting.length, 'stopped')
    this.#waiting = []
  }

  async #drain(): Promise<void> {
    await this.#sending
    while (this.#waiting.length > 0 && (await this.#send())) continue
  }

  #begin(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#pausing = false
    if (this.#waiting.length > 0) this.#sending ??= this.#sendAll()
  }

  /** Never rejects. */
  async #sendAll(): Promise<void> {
    const { timers } = this.#options
    let taken = true
    while (taken && this.#waiting.length > 0) taken = await this.#send()
    this.#sending = undefined
    if (taken) return
    this.#timer?.cancel()
    this.#pausing = true
    this.#timer = timers.after(pauseMs, () => this.#begin())
  }

  async #send(): Promise<boolean> {
    const { sender, log, metrics } = this.#options
    const spans = this.#waiting.splice(0, mostAtOnce)
    this.#underWay = spans.length
    try {
      await sender.send(spans)
      metrics.count('weir_traces_sent_spans_total', spans.length)
      return true
    } catch (error) {
      this.#drop(spans.length, 'not_taken')
      log.warn('Spans of traces were not taken and are dropped; the events that they tell of are not affected.', {
        spans: spans.length,
        error: messageOf(error),
      })
      return false
    } finally {
      this.#underWay = 0
    }
  }

  #drop(spans: number, reason: 'queue_full' | 'not_taken' | 'stopped'): void {
    if (spans > 0) this.#options.metrics.count('weir_traces_dropped_spans_total', spans, { reason })
  }
}

const envelope = 'weir:spans'

/** In a worker: hands spans to the thread that sends them, now and then; it calls {@link collectSpans}. */
export class SpanForwarder implements Traces {
  readonly #port: Sender
  readonly #sample: number
  readonly #metrics: Metrics
  #waiting: Span[] = []

  constructor(port: Sender, sample: number, metrics: Metrics) {
    this.#port = port
    this.#sample = sample
    this.#metrics = metrics
  }

  keeps(traceId: string): boolean {
    return keepsTrace(traceId, this.#sample)
  }

  add(span: Span): void {
    if (this.#waiting.length >= mostWaiting)
      this.#metrics.count('weir_traces_dropped_spans_total', 1, { reason: 'queue_full' })
    else this.#waiting.push(span)
  }

  flush(): void {
    if (this.#waiting.length === 0) return
    this.#port.postMessage({ is: envelope, spans: this.#waiting })
    this.#waiting = []
  }
}

/** Takes the spans that a worker hands over. Other messages of the port are left to others. */
export function collectSpans(port: Receiver, traces: Traces): void {
  port.on('message', (message) => {
    if (
      typeof message !== 'object' ||
      message === null ||
      !('is' in message) ||
      message.is !== envelope ||
      !('spans' in message)
    )
      return
    for (const span of message.spans as readonly Span[]) traces.add(span)
  })
}
