import { withoutUrlSecrets } from '../../model/url-text.ts'
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Pulled, Puller } from '../../messaging/message-source.ts'
import { Prefetch } from '../../messaging/prefetch.ts'
import { withTimeoutUntil } from '../../host/with-timeout.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { RedeliveryGate, type DeliveredState } from './client-redelivery-gate.ts'
import { connectionOptions, loadClient, type Library } from './client-connect.ts'
import { errorText, whyNotConnected } from './client-errors.ts'
import type { NatsSourceConfig } from './config.ts'
import { fromMessage } from './map-read.ts'

const [prefetchMessages, maxMessages] = [2048, 1024]
/** Milliseconds of a request for a single message. */
const singleMs = 30_000
/** The server checks for expired acknowledgements at intervals. */
const marginMs = 500

type Live = Readonly<{
  connection: NatsConnection
  messages: Messages
  gate: RedeliveryGate
  ended: AbortSignal
}>

type Messages = AsyncIterable<JsMsg> & Pick<ConsumerMessages, 'stop'>

export class JetStreamPuller implements Puller<JsMsg> {
  readonly address: string
  readonly keepMs: number
  readonly #config: NatsSourceConfig
  readonly #context: SourceContext
  readonly #prefetch: Prefetch
  #live: Live | undefined
  #buffered: JsMsg[] = []
  #ended: string | undefined
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
    const taken = this.#buffered.splice(0, maxMessages)
    for (const { data } of taken) this.#prefetch.taken(data.length)
    this.#resume()
    if (taken.length === 0 && !signal.aborted) await this.#fail(this.#ended ?? 'the consumer ended')
    return taken.map((handle) => ({
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
    for (const handle of [...handles, ...this.#buffered, ...(this.#live?.gate.delayed ?? [])]) handle.working()
    await this.#flush()
  }

  async close(): Promise<void> {
    const live = this.#live
    this.#live = undefined
    if (live === undefined) return
    const waiting = [...this.#buffered.splice(0), ...live.gate.drop()]
    this.#prefetch.reset()
    this.#resume()
    try {
      live.messages.stop()
      for (const handle of waiting) handle.nak()
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
      const given = await this.#waitForRedelivery(consumer, signal)
      const messages = await this.#messages(consumer)
      const before = new RedeliveryGate(given, this.#context.host.timers, (message) => {
        this.#buffered.push(message)
        this.#wake()
      })
      this.#ended = undefined
      this.#pump(messages, before).catch((error: unknown) => {
        this.#end(errorText(error))
      })
      this.#context.log.info('Reads from NATS.', {
        source: this.#context.id,
        server: connection.getServer(),
        stream: this.#config.stream,
      })
      const ended = new AbortController()
      connection.closed().then(
        () => {
          ended.abort()
        },
        () => undefined,
      )
      return { connection, messages, gate: before, ended: ended.signal }
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  /** Waits for messages that a previous reader did not acknowledge, to keep the order. */
  async #waitForRedelivery(consumer: Consumer, signal: AbortSignal): Promise<DeliveredState> {
    const {
      num_ack_pending: pending,
      num_waiting: readers,
      delivered: { last_active: active, stream_seq: newest },
      config: { ack_wait: wait = 0 },
      ts,
    } = await consumer.info()
    const waitMs = wait / 1e6
    // The server sends RFC 3339, not nanoseconds, and none before 2.10.
    const ago = (ts === undefined ? this.#context.host.clock.now() : Date.parse(ts)) - Date.parse(String(active))
    const ms = (Number.isNaN(ago) ? waitMs : Math.min(waitMs, waitMs - ago)) + marginMs
    const given = { newest, open: readers > 0 ? 0 : pending, maxWaitMs: waitMs + marginMs }
    if (given.open === 0 || !(ms > marginMs)) return given
    this.#context.log.info('Waiting for unacknowledged messages of a previous reader to keep the order.', {
      source: this.#context.id,
      messages: pending,
      ms: Math.ceil(ms),
    })
    await this.#context.host.timers.sleep(ms, signal)
    return given
  }

  async #messages(consumer: Consumer): Promise<Messages> {
    const { count } = this.#prefetch
    if (count > 1) return consumer.consume({ max_messages: count, threshold_messages: Math.floor(count * 0.75) })
    return singleMessages(consumer, () => this.#room(() => this.#waiting))
  }

  async #room(free: () => boolean) {
    while (!free())
      await new Promise<void>((resolve) => {
        this.#resume = resolve
      })
  }

  async #pump(messages: Messages, before: RedeliveryGate) {
    for await (const message of messages) {
      const fits = this.#prefetch.add(message.data.length)
      before.add(message)
      if (!fits) {
        messages.stop()
        return this.#end(this.#prefetch.reason)
      }
      await this.#room(() => this.#buffered.length < this.#prefetch.count)
    }
    this.#end('the consumer was removed, or the connection closed')
  }

  #end(reason: string) {
    this.#ended ??= reason
    this.#wake()
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

/** `consume` requests more messages while one is transmitted. Large ones are requested when there is room for one. */
function singleMessages(consumer: Consumer, room: () => Promise<void>): Messages {
  let stopped = false
  return {
    async *[Symbol.asyncIterator]() {
      for (;;) {
        await room()
        if (stopped) return
        const message = await consumer.next({ expires: singleMs })
        if (message !== null) yield message
      }
    },
    stop() {
      stopped = true
    },
  }
}
