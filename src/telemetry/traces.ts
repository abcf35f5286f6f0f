/** Derived from the event's id, so that no context travels through the journal. */
import { hash } from 'node:crypto'
import type { Timer, Timers } from '../host/index.ts'
import type { Log, Metrics, Receiver, Sender } from './ports.ts'
import { messageOf } from '../model/errors.ts'

export type Span = Readonly<{
  traceId: string
  spanId: string
  parentId?: string
  name: string
  kind: 'internal' | 'producer'
  start: number
  end: number
  attributes: Readonly<Record<string, string | number>>
  error?: string
}>

export interface Traces {
  samples(traceId: string): boolean
  /** Never waits: spans beyond the limit are dropped and counted. */
  add(span: Span): void
}

export interface SpanSender {
  send(spans: readonly Span[]): Promise<void>
  close(): Promise<void>
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** A UUID is its own trace id; others are hashed. */
export function traceIdOf(eventId: string): string {
  return uuid.test(eventId) ? eventId.replaceAll('-', '').toLowerCase() : hash('md5', eventId, 'hex')
}

export function spanIdOf(traceId: string, what: string): string {
  return hash('md5', `${traceId} ${what}`, 'hex').slice(0, 16)
}

/** By the last seven bytes, which are random (W3C Trace Context, level 2). */
export function isSampled(traceId: string, sample: number): boolean {
  return sample >= 1 || Number.parseInt(traceId.slice(18), 16) < sample * 2 ** 56
}

/** About 1 KB each. */
const maxWaiting = 4096
const maxBatch = 512
const gatherMs = 1000
const pauseMs = 5000
const closeMs = 3000

type TraceQueueOptions = Readonly<{
  sender: SpanSender
  sample: number
  timers: Timers
  log: Log
  metrics: Metrics
}>

export class TraceQueue implements Traces {
  readonly sample: number
  readonly #options: TraceQueueOptions
  #waiting: Span[] = []
  #underWay = 0
  #timer: Timer | undefined
  #pausing = false
  #sending: Promise<void> | undefined

  constructor(options: TraceQueueOptions) {
    this.#options = options
    this.sample = options.sample
  }

  samples(traceId: string): boolean {
    return isSampled(traceId, this.sample)
  }

  add(span: Span): void {
    if (this.#waiting.length >= maxWaiting) return this.#drop(1, 'queue_full')
    this.#waiting.push(span)
    if (this.#waiting.length >= maxBatch && !this.#pausing) this.#begin()
    else this.#timer ??= this.#options.timers.after(gatherMs, () => this.#begin())
  }

  /** Sends the rest within some seconds. Never rejects. */
  async close(): Promise<void> {
    const { sender, timers } = this.#options
    const done = new AbortController()
    await Promise.race([this.#drain().then(() => sender.close()), timers.sleep(closeMs, done.signal)])
    done.abort()
    this.#timer?.cancel()
    this.#drop(this.#underWay + this.#waiting.length, 'stopped')
    this.#waiting = []
  }

  async #drain() {
    await this.#sending
    while (this.#waiting.length > 0 && (await this.#send())) continue
  }

  #begin() {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#pausing = false
    if (this.#waiting.length > 0) this.#sending ??= this.#sendAll()
  }

  async #sendAll() {
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
    const spans = this.#waiting.splice(0, maxBatch)
    this.#underWay = spans.length
    try {
      await sender.send(spans)
      metrics.count('weir_traces_sent_spans_total', spans.length)
      return true
    } catch (error) {
      this.#drop(spans.length, 'not_taken')
      log.warn('The trace server did not accept spans; they are dropped. Events are not affected.', {
        spans: spans.length,
        error: messageOf(error),
      })
      return false
    } finally {
      this.#underWay = 0
    }
  }

  #drop(spans: number, reason: 'queue_full' | 'not_taken' | 'stopped') {
    if (spans > 0) this.#options.metrics.count('weir_traces_dropped_spans_total', spans, { reason })
  }
}

const envelope = 'weir:spans'

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

  samples(traceId: string): boolean {
    return isSampled(traceId, this.#sample)
  }

  add(span: Span): void {
    if (this.#waiting.length >= maxWaiting)
      this.#metrics.count('weir_traces_dropped_spans_total', 1, { reason: 'queue_full' })
    else this.#waiting.push(span)
  }

  flush(): void {
    if (this.#waiting.length === 0) return
    this.#port.postMessage({ is: envelope, spans: this.#waiting })
    this.#waiting = []
  }
}

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
