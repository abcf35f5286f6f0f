import type { Msg, NatsConnection, Status } from '@nats-io/transport-node'
import { AbortOnce } from '../../messaging/abort-once.ts'
import { problemWithTimeout } from '../../messaging/sink-timeout.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Context } from '../../engine/contracts.ts'
import { noAnswer, notAllowed, notHeard, says, unacknowledged, verdict, whyNotConnected } from './client-errors.ts'
import { connectionOptions, ensureStream, loadClient, type Library } from './client-connect.ts'
import { WaitingPublishes } from './client-waiting.ts'
import type { NatsConfig } from './config.ts'
import type { NatsMessage } from './map.ts'

interface Live {
  readonly library: Library
  readonly connection: NatsConnection
  /** Prefix of reply subjects, which end with the number of the publish. */
  readonly inbox: string
  /** Whether acknowledgements are received. */
  hears: boolean
  /** Why publishing is impossible; the library reconnects meanwhile. */
  away: string | undefined
}

/** Acknowledgement of a stream. */
type Answer = {
  readonly stream?: string
  readonly error?: { readonly code: number; readonly err_code: number; readonly description: string }
}

/**
 * One connection, opened at the first use and after the library abandons it. One subscription receives all stream
 * acknowledgements: the library's publish creates an error with its stack and a timer per message, a third of its cost.
 */
export class JetStreamPublisher {
  readonly #config: NatsConfig
  readonly #context: Context
  #live: Live | undefined
  #connecting: Promise<Live> | undefined
  #closed = false
  readonly #waiting: WaitingPublishes
  readonly #heeded = new AbortOnce((signal) => {
    this.#giveUp('the sink is stopping', signal)
  })

  constructor(config: NatsConfig, context: Context) {
    this.#config = config
    this.#context = context
    this.#waiting = new WaitingPublishes(context.host, { ms: config.timeout, late: unacknowledged(config) })
  }

  /** Undefined when messages can be published, else the reason. Ends within the timeout or when the signal aborts. */
  async ready(signal: AbortSignal): Promise<string | undefined> {
    if (this.#live !== undefined) return this.#live.away
    this.#connecting ??= this.#connect()
    return problemWithTimeout(
      this.#connecting.then(
        () => undefined,
        (error: unknown) => whyNotConnected(error, this.#config),
      ),
      { timers: this.#context.host.timers, ms: this.#config.timeout, late: noAnswer(this.#config) },
      signal,
    )
  }

  /** Resolves to the outcome: delivered once the stream has the message or already had it. */
  publish({ subject, headers, data, messageId }: NatsMessage, signal: AbortSignal): Promise<Attempt> {
    const live = this.#live
    if (live === undefined || live.away !== undefined)
      return Promise.resolve(gone(live?.away ?? 'the connection is closed'))
    this.#heeded.heed(signal)
    return this.#waiting.wait(subject, signal, (number) => {
      try {
        const fields = live.library.headers()
        for (const [name, value] of Object.entries(headers)) fields.append(name, value)
        fields.append('Nats-Msg-Id', messageId)
        if (this.#config.wait_for === 'server') {
          live.connection.publish(subject, data, { headers: fields })
          this.#settleTaken(live, number, subject)
        } else {
          if (this.#config.stream !== null) fields.append('Nats-Expected-Stream', this.#config.stream)
          this.#hear(live)
          live.connection.publish(subject, data, { headers: fields, reply: `${live.inbox}${number}` })
        }
      } catch (error) {
        this.#waiting.settle(number, verdict(error, subject, this.#config, live.library))
      }
    })
  }

  /** Settles after a pong that follows the message: core NATS acknowledges nothing else. */
  #settleTaken({ library, connection }: Live, number: number, subject: string): void {
    // A permission error precedes the pong, but may be delivered one event-loop turn later (see #refused).
    connection
      .flush()
      .then(() => this.#context.host.timers.sleep(0))
      .then(
        () => {
          this.#waiting.settle(number, undefined)
        },
        (error: unknown) => {
          this.#waiting.settle(number, verdict(error, subject, this.#config, library))
        },
      )
  }

  /** Subscribes to acknowledgements; the library resubscribes after a reconnect. */
  #hear(live: Live): void {
    if (live.hears) return
    live.hears = true
    live.connection.subscribe(`${live.inbox}*`, {
      callback: (error, message) => {
        if (error === null) this.#acknowledged(live, message)
        else {
          // Retried with the next message.
          live.hears = false
          this.#waiting.settleAll({ is: 'retry', reason: notHeard(error, live.inbox) })
        }
      },
    })
  }

  #acknowledged(live: Live, message: Msg): void {
    const number = Number(message.subject.slice(live.inbox.length))
    const subject = this.#waiting.subjectOf(number)
    if (subject !== undefined) this.#waiting.settle(number, this.#outcome(live, message, subject))
  }

  #outcome({ library }: Live, message: Msg, subject: string): Attempt {
    try {
      if (message.data.length === 0 && message.headers?.code === 503)
        throw new library.errors.NoRespondersError(subject)
      const { stream, error } = message.json<Answer>()
      if (error !== undefined) throw new library.JetStreamApiError(error)
      if (stream === undefined || stream === '') throw new Error('what answers there is no stream')
      return undefined
    } catch (error) {
      return verdict(error, subject, this.#config, library)
    }
  }

  /** Fails all pending publishes, or those of that signal. */
  #giveUp(reason: string, under?: AbortSignal): void {
    this.#waiting.settleAll(gone(reason), ({ signal }) => under === undefined || signal === under)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#giveUp('the sink is closed')
    await this.#connecting?.catch(() => undefined)
    await this.#live?.connection.close()
  }

  async #connect(): Promise<Live> {
    try {
      const library = await loadClient()
      const connection = await library.connect(await connectionOptions(library, this.#config, this.#context))
      const live: Live = { library, connection, inbox: `${library.createInbox()}.`, hears: false, away: undefined }
      this.#watch(live).catch((error: unknown) => {
        this.#lose(live, says(error))
      })
      if (this.#closed) await connection.close()
      else
        await ensureStream(library, connection, this.#config).catch(async (error: unknown) => {
          await connection.close()
          throw error
        })
      // Larger messages are handled by `oversize`.
      this.#context.log.info('Connected to NATS.', {
        server: connection.getServer(),
        max_message_bytes: connection.info?.max_payload,
        oversize: this.#config.oversize,
      })
      this.#live = live
      return live
    } finally {
      this.#connecting = undefined
    }
  }

  /** Follows status events of the library until the connection closes. */
  async #watch(live: Live): Promise<void> {
    let lastError: string | undefined
    for await (const status of live.connection.status()) {
      if (status.type === 'error') {
        lastError = says(status.error)
        this.#refused(live, status.error)
      }
      lastError = this.#note(live, status, lastError)
    }
    const reason = await live.connection.closed()
    this.#lose(live, reason instanceof Error ? says(reason) : 'the connection is closed')
  }

  /** The server names the subject, not the message; the library reports the error to one waiting publish. */
  #refused({ library }: Live, error: Error): void {
    if (!(error instanceof library.errors.PermissionViolationError) || error.operation !== 'publish') return
    this.#waiting.settleAll(
      { is: 'retry', reason: notAllowed(error.subject) },
      ({ subject }) => subject === error.subject,
    )
  }

  #note(live: Live, status: Status, lastError: string | undefined): string | undefined {
    if (status.type === 'reconnect') {
      live.away = undefined
      this.#context.log.info('Connected to NATS again.', { server: status.server })
      return undefined
    }
    if (status.type !== 'disconnect' && status.type !== 'staleConnection') return lastError
    live.away =
      `the connection to ${this.#config.url} is lost; ` +
      `reconnecting${lastError === undefined ? '' : ` (${lastError})`}`
    this.#giveUp(live.away)
    return lastError
  }

  #lose(live: Live, reason: string): void {
    live.away = reason
    if (this.#live === live) this.#live = undefined
    this.#giveUp(reason)
  }
}

function gone(reason: string): Attempt {
  return { is: 'retry', reason, away: true }
}
