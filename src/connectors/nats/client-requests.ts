import type { Consumer, ConsumerConfig, ConsumerMessages, JsMsg } from '@nats-io/jetstream'
import type { Timers } from '../../host/index.ts'
import type { Prefetch } from '../../messaging/prefetch.ts'
import type { RedeliveryGate } from './client-redelivery-gate.ts'

/** Limits of a consumer that a user made; the server refuses larger requests. */
export type RequestLimits = Readonly<{ messages: number; ms: number }>

export function requestLimits({
  max_batch: messages = 0,
  max_expires: ns = 0,
}: Partial<ConsumerConfig>): RequestLimits {
  return { messages: messages > 0 ? messages : Infinity, ms: ns > 0 ? Math.floor(ns / 1e6) : Infinity }
}

type RequestOptions = Readonly<{
  consumer: Consumer
  gate: RedeliveryGate
  prefetch: Prefetch
  timers: Timers
  /** After this time the server redelivers unacknowledged messages. */
  redeliveryMs: number
  /** Bytes of a request, if its messages are as large as those of the last one. */
  maxBytes: number
  limits: RequestLimits
  /** Resolves when `count` more messages may arrive, and when `stopped` aborts. */
  room(count: number, stopped: AbortSignal): Promise<void>
}>

/** Milliseconds after which the server forgets a request, also that of a lost connection. */
export const requestMs = 10_000
/** The same while messages are held. */
const gateRequestMs = 4000
/** A server closes a connection for which more than its `max_pending` wait: 64 MiB by default. */
export const maxRequestBytes = 4 << 20
const leastBytes = 256 << 10

/** Fewer after a lost connection: the server may permit less. `missing`: single messages until all arrived again. */
export function requestBytesAfterLoss(bytes: number, missing: number): number {
  return missing > 0 ? 1 : Math.max(leastBytes, bytes >> 2)
}

/**
 * One request follows the other, so that few bytes are in flight. Requests grow with the backlog, as far as messages of
 * the last sizes fit. They have no `max_bytes`: a server forgets the redelivery of a message that exceeds it.
 */
export class MessageRequests {
  readonly #options: RequestOptions
  readonly #stopped = new AbortController()
  #messages: ConsumerMessages | undefined
  #limit = 1
  #backlog = 1

  constructor(options: RequestOptions) {
    this.#options = options
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<JsMsg> {
    const { gate, prefetch, timers, redeliveryMs, limits, room } = this.#options
    while (!this.stopped) {
      const { missing } = gate
      const wanted = missing > 0 ? missing : this.#backlog
      const count = Math.max(1, Math.min(wanted, this.#limit, prefetch.count, limits.messages))
      await room(count, this.#stopped.signal)
      if (this.stopped) return
      yield* this.#request(count, Math.min(missing > 0 ? gateRequestMs : requestMs, limits.ms))
      if (missing > 0 && gate.requestEnded()) await timers.sleep(redeliveryMs, this.#stopped.signal)
    }
  }

  get stopped(): boolean {
    return this.#stopped.signal.aborted
  }

  /** Messages of the current request that have not arrived are redelivered. */
  stop(): void {
    this.#stopped.abort()
    this.#messages?.stop()
  }

  async *#request(count: number, expires: number): AsyncGenerator<JsMsg> {
    const { consumer, gate, prefetch, maxBytes } = this.#options
    prefetch.request(count)
    const messages = await consumer.fetch({ max_messages: count, expires })
    this.#messages = messages
    if (this.stopped) messages.stop()
    let largest = 1
    for await (const message of messages) {
      largest = Math.max(largest, message.data.length)
      this.#backlog = message.info.pending
      yield message
    }
    const bytes = gate.missing > 0 ? maxBytes : Math.max(maxBytes, leastBytes)
    this.#limit = Math.min(2 * count, Math.floor(bytes / largest))
  }
}
