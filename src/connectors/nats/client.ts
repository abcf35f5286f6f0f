import type { JetStreamClient } from '@nats-io/jetstream'
import type { MsgHdrs, NatsConnection, Status } from '@nats-io/transport-node'
import { Heeded } from '../../bus/heeded.ts'
import { soon } from '../../bus/soon.ts'
import type { Attempt } from '../../engine/in-order.ts'
import type { Context } from '../../engine/ports.ts'
import { noAnswer, notAllowed, says, verdict, whyNotConnected } from './client-errors.ts'
import { connectionOptions, ensureStream, loadClient, type Library } from './client-connect.ts'
import type { NatsConfig } from './config.ts'
import type { NatsMessage } from './map.ts'

interface Live {
  readonly library: Library
  readonly connection: NatsConnection
  readonly stream: JetStreamClient
  /** Why nothing can be published just now; the library reconnects by itself meanwhile. */
  away: string | undefined
}

interface Waiting {
  readonly subject: string
  readonly settle: (outcome: Attempt) => void
  readonly signal: AbortSignal
}

/** One connection to a cluster, made when it is first needed and again after the library has given it up. */
export class JetStreamPublisher {
  readonly #config: NatsConfig
  readonly #context: Context
  #live: Live | undefined
  #connecting: Promise<Live> | undefined
  #closed = false
  /** Publishes under way. */
  readonly #waiting = new Set<Waiting>()
  readonly #heeded = new Heeded((signal) => { this.giveUp('the sink is stopping', signal) })

  constructor(config: NatsConfig, context: Context) {
    this.#config = config
    this.#context = context
  }

  /** Undefined when messages may be published; else why not, in words. Ends within the timeout, at once when the signal aborts. */
  async ready(signal: AbortSignal): Promise<string | undefined> {
    if (this.#live !== undefined) return this.#live.away
    this.#connecting ??= this.#connect()
    return soon(this.#connecting.then(() => undefined, (error: unknown) => whyNotConnected(error, this.#config)), { timers: this.#context.host.timers, ms: this.#config.timeout, late: noAnswer(this.#config) }, signal)
  }

  /** Resolves when the stream has stored the message (or had it already), or with what is to become of it. */
  publish({ subject, headers, data, messageId }: NatsMessage, signal: AbortSignal): Promise<Attempt> {
    const live = this.#live
    if (live === undefined || live.away !== undefined) return Promise.resolve(gone(live?.away ?? 'the connection is closed'))
    return new Promise((resolve) => {
      const settle = (outcome: Attempt): void => {
        this.#waiting.delete(waiting)
        resolve(outcome)
      }
      this.#heeded.heed(signal)
      const waiting: Waiting = { subject, settle, signal }
      this.#waiting.add(waiting)
      const fields = live.library.headers()
      for (const [name, value] of Object.entries(headers)) fields.set(name, value)
      const { stream, timeout, wait_for: waitFor } = this.#config
      const sent = waitFor === 'server'
        ? this.#publishToServer(live, subject, fields, data, messageId)
        : live.stream.publish(subject, data, { msgID: messageId, headers: fields, timeout, ...(stream === null ? {} : { expect: { streamName: stream } }) })
      sent.then(
        () => { settle(undefined) },
        (error: unknown) => { settle(verdict(error, subject, this.#config, live.library)) },
      )
    })
  }

  /** Resolves when the server has answered a ping that was sent behind the message: it says nothing of messages that it takes. */
  async #publishToServer({ library, connection }: Live, subject: string, headers: MsgHdrs, data: Uint8Array, messageId: string): Promise<void> {
    headers.set('Nats-Msg-Id', messageId)
    connection.publish(subject, data, { headers })
    const late = new AbortController()
    const timer = this.#context.host.timers.after(this.#config.timeout, () => { late.abort() })
    try {
      await Promise.race([connection.flush(), new Promise((_, reject) => late.signal.addEventListener('abort', () => { reject(new library.errors.TimeoutError()) }))])
      // A refusal comes before the answer, but may be handed on a turn later (see #refused).
      await this.#context.host.timers.sleep(0)
    } finally {
      timer.cancel()
    }
  }

  /** Gives up on everything under way, or on what waits under that signal. */
  giveUp(reason: string, under?: AbortSignal): void {
    for (const { settle, signal } of this.#waiting) if (under === undefined || signal === under) settle(gone(reason))
  }

  async close(): Promise<void> {
    this.#closed = true
    this.giveUp('the sink is closed')
    await this.#connecting?.catch(() => undefined)
    await this.#live?.connection.close()
  }

  async #connect(): Promise<Live> {
    try {
      const library = await loadClient()
      const connection = await library.connect(await connectionOptions(library, this.#config, this.#context))
      const live: Live = { library, connection, stream: library.jetstream(connection), away: undefined }
      this.#watch(live).catch((error: unknown) => { this.#lose(live, says(error)) })
      if (this.#closed) await connection.close()
      else await ensureStream(library, connection, this.#config).catch(async (error: unknown) => {
        await connection.close()
        throw error
      })
      this.#context.log.info('Connected to NATS.', { server: connection.getServer() })
      this.#live = live
      return live
    } finally {
      this.#connecting = undefined
    }
  }

  /** Follows what the library says of the connection until it is closed. */
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

  /** The server names the subject, not the message, and the library tells one of those that wait for it. */
  #refused({ library }: Live, error: Error): void {
    if (!(error instanceof library.errors.PermissionViolationError) || error.operation !== 'publish') return
    for (const { subject, settle } of this.#waiting) if (subject === error.subject) settle({ is: 'retry', reason: notAllowed(subject) })
  }

  #note(live: Live, status: Status, lastError: string | undefined): string | undefined {
    if (status.type === 'reconnect') {
      live.away = undefined
      this.#context.log.info('Connected to NATS again.', { server: status.server })
      return undefined
    }
    if (status.type !== 'disconnect' && status.type !== 'staleConnection') return lastError
    live.away = `the connection to ${this.#config.url} is lost and is being made again${lastError === undefined ? '' : ` (${lastError})`}`
    this.giveUp(live.away)
    return lastError
  }

  #lose(live: Live, reason: string): void {
    live.away = reason
    if (this.#live === live) this.#live = undefined
    this.giveUp(reason)
  }
}

function gone(reason: string): Attempt {
  return { is: 'retry', reason, away: true }
}
