// A plain client of RabbitMQ, of the test's own: what it sees is what any consumer would see.
import { connect, type Channel, type ChannelModel, type GetMessage } from 'amqplib'

export class RabbitObserver {
  readonly #url: string
  #connection: ChannelModel | undefined
  #channel: Channel | undefined
  /** What was taken out of each queue so far, in order. */
  readonly #taken = new Map<string, GetMessage[]>()

  constructor(url: string) {
    this.#url = url
  }

  /** Made anew when the server was restarted, or closed it over a question. */
  async channel(): Promise<Channel> {
    if (this.#channel !== undefined) return this.#channel
    this.#connection ??= await connect(this.#url)
    this.#connection.on('error', () => undefined).on('close', () => {
      this.#connection = undefined
      this.#channel = undefined
    })
    const channel = await this.#connection.createChannel()
    channel.on('error', () => undefined).on('close', () => { this.#channel = undefined })
    this.#channel = channel
    return channel
  }

  /** Everything that has come into the queue so far, repeats included. */
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

  async close(): Promise<void> {
    await this.#connection?.close()
  }
}

export const eventId = ({ properties: { headers, messageId } }: GetMessage): string => String(headers?.['cloudEvents:id'] ?? messageId)
