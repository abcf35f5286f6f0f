import type { Msg, NatsConnection, Status } from '@nats-io/transport-node'
import { AbortOnce } from '../../messaging/abort-once.ts'
import { problemWithTimeout, unavailable } from '../../messaging/sink-timeout.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Context } from '../../engine/contracts.ts'
import {
  connectTimeout,
  publishDenied,
  acknowledgementsDenied,
  errorText,
  unacknowledged,
  publishFailure,
  whyNotConnected,
} from './client-errors.ts'
import { connectionOptions, ensureStream, loadClient, type Library } from './client-connect.ts'
import { PendingPublishes } from './client-pending.ts'
import type { NatsConfig } from './config.ts'
import type { NatsMessage } from './map.ts'

interface Live {
  readonly library: Library
  readonly connection: NatsConnection
  readonly inbox: string
  subscribed: boolean
  away: string | undefined
}

type PublishAck = Readonly<{
  stream?: string
  error?: Readonly<{ code: number; err_code: number; description: string }>
}>

/** One subscription receives all acknowledgements: the library's own publish costs a third more per message. */
export class JetStreamPublisher {
  readonly #config: NatsConfig
  readonly #context: Context
  #live: Live | undefined
  #connecting: Promise<Live> | undefined
  #closed = false
  readonly #pending: PendingPublishes
  readonly #aborts = new AbortOnce((signal) => {
    this.#failPending('the sink is stopping', signal)
  })

  constructor(config: NatsConfig, context: Context) {
    this.#config = config
    this.#context = context
    this.#pending = new PendingPublishes(context.host, { ms: config.timeout, late: unacknowledged(config) })
  }

  async ready(signal: AbortSignal): Promise<string | undefined> {
    if (this.#live !== undefined) return this.#live.away
    this.#connecting ??= this.#connect()
    return problemWithTimeout(
      this.#connecting.then(
        () => undefined,
        (error: unknown) => whyNotConnected(error, this.#config),
      ),
      { timers: this.#context.host.timers, ms: this.#config.timeout, late: connectTimeout(this.#config) },
      signal,
    )
  }

  publish({ subject, headers, data, messageId }: NatsMessage, signal: AbortSignal): Promise<Attempt> {
    const live = this.#live
    if (live === undefined || live.away !== undefined)
      return Promise.resolve(unavailable(live?.away ?? 'the connection is closed'))
    this.#aborts.watch(signal)
    return this.#pending.add(subject, signal, (number) => {
      try {
        const { stream, wait_for: waitFor } = this.#config
        const fields: Record<string, string[]> = { 'Nats-Msg-Id': [messageId] }
        for (const name in headers) fields[name] = [headers[name] ?? '']
        if (waitFor === 'stream' && stream !== null) fields['Nats-Expected-Stream'] = [stream]
        // `append` compares each name with all earlier ones.
        const lines = live.library.MsgHdrsImpl.fromRecord(fields)
        if (waitFor === 'server') {
          live.connection.publish(subject, data, { headers: lines })
          this.#settleAfterFlush(live, number, subject)
        } else {
          this.#subscribe(live)
          live.connection.publish(subject, data, { headers: lines, reply: `${live.inbox}${number}` })
        }
      } catch (error) {
        this.#pending.settle(number, publishFailure(error, subject, this.#config, live.library))
      }
    })
  }

  #settleAfterFlush({ library, connection }: Live, number: number, subject: string) {
    // A permission error may arrive one event-loop turn after the pong.
    connection
      .flush()
      .then(() => this.#context.host.timers.sleep(0))
      .then(
        () => {
          this.#pending.settle(number, undefined)
        },
        (error: unknown) => {
          this.#pending.settle(number, publishFailure(error, subject, this.#config, library))
        },
      )
  }

  #subscribe(live: Live) {
    if (live.subscribed) return
    live.subscribed = true
    live.connection.subscribe(`${live.inbox}*`, {
      callback: (error, message) => {
        if (error === null) this.#acknowledged(live, message)
        else {
          live.subscribed = false
          this.#pending.settleAll({ is: 'retry', reason: acknowledgementsDenied(error, live.inbox) })
        }
      },
    })
  }

  #acknowledged(live: Live, message: Msg) {
    const number = Number(message.subject.slice(live.inbox.length))
    const subject = this.#pending.subjectOf(number)
    if (subject !== undefined) this.#pending.settle(number, this.#outcome(live, message, subject))
  }

  #outcome({ library }: Live, message: Msg, subject: string): Attempt {
    try {
      if (message.data.length === 0 && message.headers?.code === 503)
        throw new library.errors.NoRespondersError(subject)
      const { stream, error } = message.json<PublishAck>()
      if (error !== undefined) throw new library.JetStreamApiError(error)
      if (stream === undefined || stream === '') throw new Error('the responder is not a stream')
      return undefined
    } catch (error) {
      return publishFailure(error, subject, this.#config, library)
    }
  }

  #failPending(reason: string, under?: AbortSignal) {
    this.#pending.settleAll(unavailable(reason), ({ signal }) => under === undefined || signal === under)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#failPending('the sink is closed')
    await this.#connecting?.catch(() => undefined)
    await this.#live?.connection.close()
  }

  async #connect(): Promise<Live> {
    try {
      const library = await loadClient()
      const connection = await library.connect(await connectionOptions(library, this.#config, this.#context))
      const live: Live = { library, connection, inbox: `${library.createInbox()}.`, subscribed: false, away: undefined }
      this.#watch(live).catch((error: unknown) => {
        this.#disconnected(live, errorText(error))
      })
      if (this.#closed) await connection.close()
      else
        await ensureStream(library, connection, this.#config).catch(async (error: unknown) => {
          await connection.close()
          throw error
        })
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

  async #watch(live: Live) {
    let lastError: string | undefined
    for await (const status of live.connection.status()) {
      if (status.type === 'error') {
        lastError = errorText(status.error)
        this.#permissionDenied(live, status.error)
      }
      lastError = this.#updateConnection(live, status, lastError)
    }
    const reason = await live.connection.closed()
    this.#disconnected(live, reason instanceof Error ? errorText(reason) : 'the connection is closed')
  }

  /** The error names the subject, not the message. */
  #permissionDenied({ library }: Live, error: Error) {
    if (!(error instanceof library.errors.PermissionViolationError) || error.operation !== 'publish') return
    this.#pending.settleAll(
      { is: 'retry', reason: publishDenied(error.subject) },
      ({ subject }) => subject === error.subject,
    )
  }

  #updateConnection(live: Live, status: Status, lastError: string | undefined): string | undefined {
    if (status.type === 'reconnect') {
      live.away = undefined
      this.#context.log.info('Connected to NATS again.', { server: status.server })
      return undefined
    }
    if (status.type !== 'disconnect' && status.type !== 'staleConnection') return lastError
    live.away =
      `the connection to ${this.#config.url} is lost; ` +
      `reconnecting${lastError === undefined ? '' : ` (${lastError})`}`
    this.#failPending(live.away)
    return lastError
  }

  #disconnected(live: Live, reason: string) {
    live.away = reason
    if (this.#live === live) this.#live = undefined
    this.#failPending(reason)
  }
}
