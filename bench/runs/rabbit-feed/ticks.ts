// Ticks in a queue of RabbitMQ at a steady rate, numbered from 0. Every tick is confirmed.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConfirmChannel } from 'amqplib'
import type { RabbitObserver } from '../../../test/real/kit/rabbitmq-observer.ts'

const symbols = 50
const begin = Date.UTC(2026, 10, 25)
const periodMs = 20

export class Ticks {
  /** Ticks that the queue has. */
  sent = 0
  readonly #channel: ConfirmChannel
  readonly #queue: string

  private constructor(channel: ConfirmChannel, queue: string) {
    this.#channel = channel
    this.#queue = queue
  }

  static async open(observer: RabbitObserver, queue: string): Promise<Ticks> {
    const channel = await observer.channel()
    await channel.assertQueue(queue, { durable: true })
    return new Ticks(channel, queue)
  }

  async send(count: number, rate: number): Promise<void> {
    const [first, started] = [this.sent, performance.now()]
    while (this.sent < first + count) {
      const due = Math.min(count, Math.ceil(((performance.now() - started) * rate) / 1000))
      for (let number = this.sent; number < first + due; number++)
        if (!this.#channel.sendToQueue(this.#queue, bodyOf(number), { persistent: true, messageId: String(number) }))
          await once(this.#channel, 'drain')
      await this.#channel.waitForConfirms()
      this.sent = first + due
      await sleep(periodMs)
    }
  }
}

/** Symbol and time are different for each tick, so that no point replaces another. */
function bodyOf(sequence: number): Buffer {
  const symbol = sequence % symbols
  const timestamp = begin + Math.floor(sequence / symbols)
  const price = 100 + ((sequence * 7919) % 10_000) / 100
  return Buffer.from(JSON.stringify({ symbol: `S${symbol}`, price, sequence, timestamp }))
}
