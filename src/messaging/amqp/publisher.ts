import type { ConfirmChannel } from 'amqplib'
import { AbortOnce } from '../abort-once.ts'
import { problemWithTimeout, unavailable } from '../sink-timeout.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Context } from '../../engine/contracts.ts'
import { connectToAny, ensureDeclared, closeConnection, type OpenConnection } from './connect.ts'
import { blockedFor, channelClosed, nacked, errorText, tooLarge, unroutable, publishFailure } from './errors.ts'
import type { AmqpMessage, AmqpTarget } from './settings.ts'

type Live = Readonly<{
  dialed: OpenConnection
  channel: ConfirmChannel
  blocked: string | undefined
  /** The server sends a return before the confirm. */
  returned: Map<string, number>
}>

type PendingPublish = Readonly<{
  message: AmqpMessage
  signal: AbortSignal
  settle: (outcome: Attempt | 'again') => void
}>

/**
 * A rejected message closes the channel, and then the connection: old frames could follow the start of a new channel.
 */
export class AmqpPublisher {
  readonly #config: AmqpTarget
  readonly #context: Context
  #live: Live | undefined
  #opening: Promise<void> | undefined
  #closed = false
  #maxBytes = Number.POSITIVE_INFINITY
  #announced = false
  readonly #pending = new Set<PendingPublish>()
  readonly #aborts = new AbortOnce((signal) => {
    this.#failPending('the sink is stopping', signal)
  })

  constructor(config: AmqpTarget, context: Context) {
    this.#config = config
    this.#context = context
  }

  async ready(signal: AbortSignal): Promise<string | undefined> {
    if (this.#live?.blocked !== undefined) return this.#live.blocked
    if (this.#live !== undefined) return undefined
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    return problemWithTimeout(
      this.#opening.then(() => undefined, errorText),
      {
        timers: this.#context.host.timers,
        ms: this.#config.timeout,
        late: `${this.#config.url} did not respond within ${this.#config.timeout} ms`,
      },
      signal,
    )
  }

  async publish(message: AmqpMessage, signal: AbortSignal): Promise<Attempt> {
    const { clock } = this.#context.host
    const deadline = clock.monotonic() + this.#config.timeout
    for (;;) {
      const outcome = await this.#publishOnce(message, signal)
      if (outcome !== 'again') return outcome
      if (clock.monotonic() > deadline) return this.#late()
      const problem = await this.ready(signal)
      if (problem !== undefined) return unavailable(problem)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#failPending('the sink is closed')
    await this.#opening?.catch(() => undefined)
    if (this.#live !== undefined) await this.#close(this.#live.dialed)
  }

  #publishOnce(message: AmqpMessage, signal: AbortSignal): Promise<Attempt | 'again'> {
    const live = this.#live
    if (live === undefined) return Promise.resolve('again')
    if (live.blocked !== undefined) return Promise.resolve(unavailable(live.blocked))
    if (message.body.length > this.#maxBytes) return Promise.resolve(tooLarge(this.#maxBytes))
    const { host } = this.#context
    return new Promise((resolve) => {
      const settle = (outcome: Attempt | 'again') => {
        this.#pending.delete(waiting)
        timer.cancel()
        resolve(outcome)
      }
      const timer = host.timers.after(this.#config.timeout, () => {
        settle(this.#late())
      })
      this.#aborts.watch(signal)
      const waiting: PendingPublish = { message, settle, signal }
      this.#pending.add(waiting)
      try {
        this.#send(live, message, settle)
      } catch (error) {
        const closed = error instanceof Error && error.name === 'IllegalOperationError'
        if (closed) this.#discard(live)
        settle(
          closed
            ? unavailable('the connection is closed')
            : { is: 'reject', reason: `the message can't be encoded: ${errorText(error)}` },
        )
      }
    })
  }

  #send(
    { channel, returned }: Live,
    { routingKey, headers, contentType, messageId, body }: AmqpMessage,
    settle: PendingPublish['settle'],
  ) {
    const exchange = this.#config.exchange === 'amq.default' ? '' : this.#config.exchange
    const options = {
      mandatory: true,
      persistent: true,
      headers,
      messageId,
      ...(contentType === undefined ? {} : { contentType }),
    }
    channel.publish(exchange, routingKey, body, options, (error: unknown) => {
      if (error !== null) {
        if (errorText(error) === 'message nacked') settle(nacked)
        return
      }
      const times = returned.get(messageId)
      if (times === undefined) {
        settle(undefined)
        return
      }
      if (times > 1) returned.set(messageId, times - 1)
      else returned.delete(messageId)
      settle(unroutable(routingKey, this.#config))
    })
  }

  #failPending(reason: string, under?: AbortSignal) {
    for (const { settle, signal } of this.#pending)
      if (under === undefined || signal === under) settle(unavailable(reason))
  }

  #late(): Attempt {
    return { is: 'retry', reason: `RabbitMQ did not confirm within ${this.#config.timeout} ms` }
  }

  async #open() {
    const dialed = await connectToAny(this.#config, this.#context)
    const { connection, url } = dialed
    let lastError: string | undefined
    let live: Live | undefined
    let blocked: string | undefined
    connection.on('error', (error) => {
      lastError = errorText(error)
    })
    connection.on('close', (error) => {
      if (live === undefined || this.#live !== live) return
      this.#live = undefined
      this.#announced = false
      // Another server may have a higher limit.
      this.#maxBytes = Number.POSITIVE_INFINITY
      this.#failPending(
        `the connection to ${url} is lost (${error === undefined ? (lastError ?? 'closed') : errorText(error)})`,
      )
    })
    connection.on('blocked', (reason) => {
      blocked = blockedFor(reason)
      this.#context.log.warn('RabbitMQ blocks publishers.', { server: url, reason })
      if (this.#live === live) this.#failPending(blocked)
    })
    connection.on('unblocked', () => {
      blocked = undefined
      this.#context.log.info('RabbitMQ accepts messages again.', { server: url })
    })
    const timer = this.#context.host.timers.after(this.#config.timeout, dialed.destroy)
    try {
      await ensureDeclared(connection, this.#config)
      const channel = await connection.createConfirmChannel()
      if (this.#closed) throw new Error('the sink is closed')
      const returned = new Map<string, number>()
      live = {
        dialed,
        channel,
        returned,
        get blocked() {
          return blocked
        },
      }
      this.#follow(live)
    } catch (error) {
      await this.#close(dialed)
      throw error
    } finally {
      timer.cancel()
    }
    if (!this.#announced) this.#context.log.info('Connected to RabbitMQ.', { server: url })
    this.#announced = true
    this.#live = live
  }

  #follow(live: Live) {
    live.channel.on('return', ({ properties: { messageId } }) => {
      const id = String(messageId)
      live.returned.set(id, (live.returned.get(id) ?? 0) + 1)
    })
    live.channel.on('error', (error) => {
      const closed = channelClosed(error)
      if (closed.maxBytes !== undefined) this.#maxBytes = closed.maxBytes
      this.#discard(live)
      for (const { message, settle } of this.#pending) settle(publishFailure(closed, message, this.#config))
    })
  }

  #discard(live: Live) {
    if (this.#live === live) this.#live = undefined
    this.#close(live.dialed).catch((error: unknown) => {
      this.#context.log.debug('Closing a connection failed.', { reason: errorText(error) })
    })
  }

  #close(dialed: OpenConnection) {
    return closeConnection(dialed, this.#context, Math.min(this.#config.timeout, 2000))
  }
}
