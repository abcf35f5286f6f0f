import { withoutUrlSecrets } from '../../model/url-text.ts'
import type { Channel, Message } from 'amqplib'
import type { Pulled, Puller } from '../../messaging/message-source.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { Prefetch } from '../../messaging/prefetch.ts'
import { connectToAny, closeConnection, type OpenConnection } from '../../messaging/amqp/connect.ts'
import { codeOf, errorText } from '../../messaging/amqp/errors.ts'
import type { RabbitmqSourceConfig } from './config.ts'
import { fromMessage, offsetOf } from './map-read.ts'
import { StreamOffset } from './source-offset.ts'

const maxMessages = 1024
/** A unit costs a sync, a frame and a read of each sink: where many messages arrive, each waits for more of them. */
const [busyMessages, gatherMs] = [32, 200]
/** A longer pause between reads gains little. Prefetched messages must suffice for it at a high rate. */
const [maxPauseMs, messagesPerPauseMs] = [30, 50]
const closeMs = 2000

type Live = Readonly<{
  dialed: OpenConnection
  channel: Channel
  open: Set<number>
}>

/** The message itself would be held until its acknowledgement, with all of its properties. */
type Handle = Readonly<{
  tag: number
  offset: number | undefined
  live: Live
}>

export class RabbitPuller implements Puller<Handle> {
  readonly address: string
  readonly #config: RabbitmqSourceConfig
  readonly #context: SourceContext
  readonly #offset: StreamOffset
  readonly #prefetch: Prefetch
  #live: Live | undefined
  #waiting: Pulled<Handle>[] = []
  #ended: string | undefined
  #connections = 0
  #wake: () => void = () => undefined
  #wanted = 1
  #lastPull = 0

  constructor(config: RabbitmqSourceConfig, context: SourceContext) {
    this.#config = config
    this.#context = context
    this.#prefetch = new Prefetch(context.host.memory, config.prefetch)
    this.#offset = new StreamOffset(context.host, context.state, config.queue)
    this.address = `${withoutUrlSecrets(config.url)}/${config.queue}`
  }

  async pull(signal: AbortSignal): Promise<readonly Pulled<Handle>[]> {
    this.#live ??= await this.#connect()
    await this.#arrived(1, signal)
    if (this.#lastPull >= busyMessages) {
      const enough = Math.max(1, Math.min(maxMessages, this.#prefetch.count >> 1))
      const timer = this.#context.host.timers.after(gatherMs, () => {
        this.#wanted = 0
        this.#wake()
      })
      await this.#arrived(enough, signal)
      timer.cancel()
    }
    if (this.#ended !== undefined) {
      const reason = this.#ended
      await this.close()
      throw new Error(reason)
    }
    this.#lastPull = Math.min(this.#waiting.length, maxMessages)
    const taken = this.#waiting.splice(0, maxMessages)
    for (const { message } of taken) this.#prefetch.taken(message.body.length)
    return taken
  }

  /** Resolves with `count` messages, when the connection ends, or when `#wanted` is lowered. */
  async #arrived(count: number, signal: AbortSignal): Promise<void> {
    this.#wanted = count
    while (this.#waiting.length < this.#wanted && this.#ended === undefined && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      signal.addEventListener('abort', resolve as () => void, { once: true })
      await promise
      signal.removeEventListener('abort', resolve as () => void)
    }
  }

  async ack(handles: readonly Handle[]): Promise<void> {
    const live = this.#live
    const current = handles.filter((handle) => handle.live === live)
    if (live !== undefined && current.length > 0) settle(live, current)
    const offsets = current.flatMap(({ offset }) => offset ?? [])
    if (offsets.length > 0) await this.#offset.acknowledged(offsets)
  }

  release(handles: readonly Handle[]): Promise<void> {
    for (const { tag, live } of handles) {
      if (live !== this.#live) continue
      live.open.delete(tag)
      live.channel.nack(messageOf(tag), false, true)
    }
    return Promise.resolve()
  }

  async close(): Promise<void> {
    const live = this.#live
    this.#live = undefined
    this.#waiting = []
    this.#prefetch.reset()
    if (live === undefined) return
    await this.#offset.save()
    await closeConnection(live.dialed, this.#context, closeMs)
  }

  async #connect(): Promise<Live> {
    const { queue, begin, vhost, timeout } = this.#config
    const { count: prefetch } = this.#prefetch
    const longest = Math.min(maxPauseMs, Math.floor(prefetch / messagesPerPauseMs))
    // With half of them unacknowledged, the server may wait for acknowledgements: a pause would lower the rate.
    const isSteady = () => this.#lastPull >= busyMessages && (this.#live?.open.size ?? prefetch) < prefetch / 2
    const dialed = await connectToAny(this.#config, this.#context, () => (isSteady() ? longest : 0))
    const { connection, url } = dialed
    this.#ended = undefined
    const connectionId = `${this.#context.epoch}.${++this.#connections}`
    const end = (reason: string) => {
      this.#ended ??= reason
      this.#wake()
    }
    connection.on('error', (error) => {
      end(`the connection to ${url} is lost (${errorText(error)})`)
    })
    connection.on('close', (error) => {
      end(`the connection to ${url} is lost${error === undefined ? '' : ` (${errorText(error)})`}`)
    })
    const consume = async (more: { readonly 'x-stream-offset'?: string | number }) => {
      const channel = await connection.createChannel()
      const live: Live = { dialed, channel, open: new Set() }
      let begun = false
      channel.on('error', (error) => {
        if (begun) end(`${url} cancelled the consumer of queue ${queue} (${errorText(error)})`)
      })
      await channel.prefetch(prefetch)
      await channel.consume(
        queue,
        (message) => {
          if (message === null) return end(`${url}: queue ${queue} was deleted`)
          const tag = message.fields.deliveryTag
          live.open.add(tag)
          const offset = offsetOf(message.properties.headers)
          if (offset !== undefined) this.#offset.received(offset)
          this.#waiting.push({
            handle: { tag, offset, live },
            message: fromMessage(message, queue, connectionId),
          })
          if (!this.#prefetch.add(message.content.length)) {
            end(this.#prefetch.reason)
            // The server would send the others that it has prepared.
            dialed.destroy()
          }
          if (this.#waiting.length >= this.#wanted) this.#wake()
        },
        { noAck: false, arguments: more },
      )
      begun = true
      return live
    }
    const timer = this.#context.host.timers.after(timeout, dialed.destroy)
    try {
      const offset = (await this.#offset.next()) ?? (begin === 'all' ? 'first' : 'next')
      const live = await consume({ 'x-stream-offset': offset }).catch((error: unknown) => {
        if (codeOf(error) === 406 && errorText(error).includes('x-stream-offset')) return consume({})
        throw error
      })
      this.#context.log.info('Reads from RabbitMQ.', { source: this.#context.id, server: url, queue })
      return live
    } catch (error) {
      await closeConnection(dialed, this.#context, closeMs)
      const code = codeOf(error)
      if (code === 404)
        throw new Error(`${url}: no queue ${queue} in vhost ${vhost}; create it, or correct \`queue\``, {
          cause: error,
        })
      throw new Error(
        code === 403
          ? `${url} denies consuming queue ${queue} (${errorText(error)}); grant the user read permission, or check ` +
              'for an exclusive consumer'
          : `${url}: queue ${queue} can't be read (${errorText(error)})`,
        { cause: error },
      )
    } finally {
      timer.cancel()
    }
  }
}

function settle({ channel, open }: Live, handles: readonly Handle[]) {
  for (const { tag } of handles) open.delete(tag)
  const [oldest = Number.POSITIVE_INFINITY] = open
  let last = 0
  for (const { tag } of handles) {
    if (tag > oldest) channel.ack(messageOf(tag))
    else last = Math.max(last, tag)
  }
  if (last > 0) channel.ack(messageOf(last), true)
}

/** The library reads nothing else of a message to settle it. */
function messageOf(deliveryTag: number): Message {
  return { fields: { deliveryTag } } as Message
}
