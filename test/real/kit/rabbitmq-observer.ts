import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type ChannelModel, type ConfirmChannel, type GetMessage, type Options } from 'amqplib'

export class RabbitObserver {
  readonly #url: string
  #connection: ChannelModel | undefined
  #channel: ConfirmChannel | undefined
  #sent = 0
  /** Messages taken from each queue so far, in order. */
  readonly #taken = new Map<string, GetMessage[]>()

  constructor(url: string) {
    this.#url = url
  }

  /** Reconnects after the server was restarted or has closed the channel. */
  async channel(): Promise<ConfirmChannel> {
    if (this.#channel !== undefined) return this.#channel
    this.#connection ??= await connect(this.#url)
    this.#connection
      .on('error', () => undefined)
      .on('close', () => {
        this.#connection = undefined
        this.#channel = undefined
      })
    const channel = await this.#connection.createConfirmChannel()
    channel
      .on('error', () => undefined)
      .on('close', () => {
        this.#channel = undefined
      })
    this.#channel = channel
    return channel
  }

  async version(): Promise<string | undefined> {
    await this.channel()
    const messageOf = (
      this.#connection as unknown as
        | { readonly connection: { readonly serverProperties: { readonly version?: string } } }
        | undefined
    )?.connection.serverProperties.version
    return messageOf
  }

  /** All messages of the queue so far, with duplicates. */
  async received(queue: string): Promise<readonly GetMessage[]> {
    const taken = this.#taken.get(queue) ?? []
    this.#taken.set(queue, taken)
    const channel = await this.channel()
    for (;;) {
      const message = await channel.get(queue, { noAck: true })
      if (message === false) return taken
      taken.push(message)
    }
  }

  /**
   * Resolves when the queue has it; retries while the server or the queue is unavailable: right after a start
   * messages for a stream are returned.
   */
  async send(queue: string, body: string | Buffer, options: Options.Publish): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        const [channel, correlationId] = [await this.channel(), `${++this.#sent}`]
        let back = false
        const returned = ({ properties }: { properties: { correlationId: unknown } }): void => {
          if (properties.correlationId === correlationId) back = true
        }
        channel.on('return', returned)
        try {
          return await new Promise((resolve, reject) => {
            channel.sendToQueue(
              queue,
              Buffer.from(body),
              { ...options, correlationId, mandatory: true },
              (error: unknown) => {
                if (error === null && !back) resolve()
                else reject(new Error(back ? 'returned' : String(error)))
              },
            )
          })
        } finally {
          channel.off('return', returned)
        }
      } catch (error) {
        if (tries > 100) throw error
        await sleep(100)
      }
    }
  }

  async close(): Promise<void> {
    await this.#connection?.close()
  }
}

export const eventId = ({ properties: { headers, messageId } }: GetMessage): string =>
  String(headers?.['cloudEvents:id'] ?? messageId)
