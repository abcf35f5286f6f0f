import { withoutUrlSecrets } from '../../model/url-text.ts'
import type { Consumer, JsMsg } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Pulled, Puller } from '../../messaging/message-source.ts'
import { Prefetch } from '../../messaging/prefetch.ts'
import { withTimeoutUntil } from '../../host/with-timeout.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { RedeliveryGate, type DeliveredState } from './client-redelivery-gate.ts'
import { connectionOptions, loadClient, type Library } from './client-connect.ts'
import { errorText, whyNotConnected } from './client-errors.ts'
import {
  maxRequestBytes,
  MessageRequests,
  requestBytesAfterLoss,
  requestLimits,
  requestMs,
  type RequestLimits,
} from './client-requests.ts'
import type { NatsSourceConfig } from './config.ts'
import { fromMessage } from './map-read.ts'

const [prefetchMessages, maxMessages] = [2048, 1024]
/** The server checks for expired acknowledgements and requests at intervals. */
const marginMs = 500
const readerPollMs = 1000

type Live = Readonly<{
  connection: NatsConnection
  requests: MessageRequests
  gate: RedeliveryGate
  ended: AbortSignal
}>

type Redelivery = DeliveredState & Readonly<{ waitMs: number; limits: RequestLimits }>

export class JetStreamPuller implements Puller<JsMsg> {
  readonly address: string
  readonly keepMs: number
  readonly #config: NatsSourceConfig
  readonly #context: SourceContext
  readonly #prefetch: Prefetch
  #live: Live | undefined
  #buffered: JsMsg[] = []
  #ended: string | undefined
  #requestBytes = maxRequestBytes
  #waiting = false
  #wake: () => void = () => undefined
  #resume: () => void = () => undefined

  constructor(config: NatsSourceConfig, context: SourceContext) {
    this.#config = config
    this.#context = context
    this.#prefetch = new Prefetch(context.host.memory, prefetchMessages)
    this.keepMs = config.ack_wait / 3
    this.address = `${withoutUrlSecrets(config.url)}/${config.stream}`
  }

  async pull(signal: AbortSignal): Promise<readonly Pulled<JsMsg>[]> {
    this.#live ??= await this.#connect(signal)
    while (this.#buffered.length === 0 && this.#ended === undefined && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      this.#waiting = true
      this.#resume()
      signal.addEventListener('abort', resolve as () => void, { once: true })
      await promise
      signal.removeEventListener('abort', resolve as () => void)
    }
    this.#waiting = false
    const messages = this.#buffered.splice(0, maxMessages)
    for (const { data } of messages) this.#prefetch.taken(data.length)
    this.#resume()
    if (messages.length === 0 && !signal.aborted) await this.#fail(this.#ended ?? 'the consumer ended')
    return messages.map((handle) => ({
      handle,
      message: fromMessage({
        stream: this.#config.stream,
        sequence: handle.seq,
        subject: handle.subject,
        time: Math.floor(handle.info.timestampNanos / 1e6),
        headers: handle.headers ?? [],
        data: handle.data,
      }),
    }))
  }

  async ack(handles: readonly JsMsg[]): Promise<void> {
    for (const handle of handles) handle.ack()
    await this.#flush()
  }

  async release(handles: readonly JsMsg[]): Promise<void> {
    for (const handle of handles) handle.nak()
    await this.#flush()
  }

  async keep(handles: readonly JsMsg[]): Promise<void> {
    for (const handle of [...handles, ...this.#buffered, ...(this.#live?.gate.held() ?? [])]) handle.working()
    await this.#flush()
  }

  async close(): Promise<void> {
    const live = this.#live
    this.#live = undefined
    if (live === undefined) return
    const unsettled = [...this.#buffered.splice(0), ...live.gate.drop()]
    this.#prefetch.reset()
    live.requests.stop()
    this.#resume()
    try {
      for (const handle of unsettled) handle.nak()
      await this.#flush(live)
    } catch {
      // Messages are redelivered after the acknowledgement timeout.
    }
    await live.connection.close()
  }

  async #flush(live = this.#live) {
    if (live === undefined) return
    const { timeout: ms, url } = this.#config
    const limit = { timers: this.#context.host.timers, ms, late: `${url} did not respond within ${ms} ms` }
    await withTimeoutUntil(live.connection.flush(), limit, live.ended, 'the connection is lost')
  }

  async #fail(reason: string): Promise<never> {
    this.#requestBytes = requestBytesAfterLoss(this.#requestBytes, this.#live?.gate.missing ?? 0)
    await this.close()
    throw new Error(reason)
  }

  async #connect(signal: AbortSignal): Promise<Live> {
    const library = await loadClient()
    let connection: NatsConnection
    // Messages in transit are lost with a connection, so the consumer restarts to keep the order.
    try {
      connection = await library.connect({
        ...(await connectionOptions(library, this.#config, this.#context)),
        reconnect: false,
      })
    } catch (error) {
      throw new Error(whyNotConnected(error, this.#config), { cause: error })
    }
    try {
      const consumer = await this.#consumer(library, connection)
      const state = await this.#waitForRedelivery(consumer, signal)
      const gate = this.#gate(state)
      const requests = this.#requests(consumer, gate, state)
      this.#ended = undefined
      this.#pump(requests, gate).catch((error: unknown) => {
        this.#end(requests, errorText(error))
      })
      this.#context.log.info('Reads from NATS.', {
        source: this.#context.id,
        server: connection.getServer(),
        stream: this.#config.stream,
      })
      const closedAbort = new AbortController()
      connection.closed().then(
        () => {
          closedAbort.abort()
          this.#end(requests, 'the connection closed')
        },
        () => undefined,
      )
      return { connection, requests, gate, ended: closedAbort.signal }
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  /** Waits for messages that a previous reader did not acknowledge, to keep the order. */
  async #waitForRedelivery(consumer: Consumer, signal: AbortSignal): Promise<Redelivery> {
    const { clock, timers } = this.#context.host
    let info = await consumer.info()
    // A request of a connection that the server does not know to be lost counts as a reader, and receives messages.
    if (info.num_waiting > 0)
      this.#context.log.info('Waiting for the requests of another reader to end, to keep the order.', {
        source: this.#context.id,
        ms: requestMs,
      })
    for (let waited = 0; info.num_waiting > 0 && waited <= requestMs && !signal.aborted; waited += readerPollMs) {
      await timers.sleep(readerPollMs, signal)
      info = await consumer.info()
    }
    const { num_ack_pending: open, delivered, config, ts } = info
    const waitMs = (config.ack_wait ?? 0) / 1e6 + marginMs
    const state = { newest: delivered.stream_seq, waitMs, limits: requestLimits(config) }
    if (info.num_waiting > 0 || open === 0) return { ...state, open: 0 }
    // The server sends RFC 3339, not nanoseconds, and none before 2.10.
    const idleMs = (ts === undefined ? clock.now() : Date.parse(ts)) - Date.parse(String(delivered.last_active))
    const ms = Number.isNaN(idleMs) ? waitMs : Math.min(waitMs, waitMs - idleMs)
    if (ms <= marginMs) return { ...state, open }
    this.#context.log.info('Waiting for unacknowledged messages of a previous reader to keep the order.', {
      source: this.#context.id,
      messages: open,
      ms: Math.ceil(ms),
    })
    await timers.sleep(ms, signal)
    const later = await consumer.info()
    // Another reader that takes messages also acknowledges them.
    return { ...state, open: later.delivered.consumer_seq > delivered.consumer_seq ? 0 : later.num_ack_pending }
  }

  #gate(state: DeliveredState) {
    return new RedeliveryGate(state, {
      maxBytes: this.#prefetch.maxBytes / 2,
      emit: (message) => {
        this.#buffered.push(message)
        this.#wake()
      },
      dropped: ({ data }) => {
        this.#prefetch.taken(data.length)
      },
    })
  }

  #requests(consumer: Consumer, gate: RedeliveryGate, { waitMs, limits }: Redelivery) {
    return new MessageRequests({
      consumer,
      gate,
      prefetch: this.#prefetch,
      timers: this.#context.host.timers,
      redeliveryMs: waitMs,
      maxBytes: this.#requestBytes,
      limits,
      // A large message is requested when memory suffices to decode it at once.
      room: async (count, stopped) => {
        while (!stopped.aborted && (count > 1 ? this.#buffered.length > 0 : !this.#waiting))
          await new Promise<void>((resolve) => {
            this.#resume = resolve
          })
      },
    })
  }

  async #pump(requests: MessageRequests, gate: RedeliveryGate) {
    for await (const message of requests) {
      const hasRoom = this.#prefetch.add(message.data.length)
      gate.add(message)
      if (!hasRoom) return this.#end(requests, this.#prefetch.reason)
    }
  }

  #end(requests: MessageRequests, reason: string) {
    if (requests.stopped) return
    requests.stop()
    this.#ended ??= reason
    this.#wake()
    this.#resume()
  }

  async #consumer(library: Library, connection: NatsConnection): Promise<Consumer> {
    const { url, stream, consumer, subjects, begin, ack_wait: ackWait, timeout } = this.#config
    const manager = await library.jetstreamManager(connection, { timeout, checkAPI: false })
    try {
      await manager.consumers.info(stream, consumer)
    } catch (error) {
      if (!(error instanceof library.JetStreamApiError))
        throw new Error(
          `${url}: JetStream does not respond (${errorText(error)}); enable it, or let the user manage consumers`,
          { cause: error },
        )
      if (error.code === library.JetStreamApiCodes.StreamNotFound)
        throw new Error(`${url}: stream ${stream} not found; create it, or correct \`stream\``, { cause: error })
      if (error.code !== library.JetStreamApiCodes.ConsumerNotFound)
        throw new Error(`${url}: consumer ${consumer} is unavailable (${error.message})`, { cause: error })
      await manager.consumers.add(stream, {
        durable_name: consumer,
        ack_policy: library.AckPolicy.Explicit,
        ack_wait: library.nanos(ackWait),
        deliver_policy: begin === 'all' ? library.DeliverPolicy.All : library.DeliverPolicy.New,
        max_ack_pending: 4 * prefetchMessages,
        ...(subjects.length === 0 ? {} : { filter_subjects: [...subjects] }),
      })
    }
    return library.jetstream(connection, { timeout }).consumers.get(stream, consumer)
  }
}
