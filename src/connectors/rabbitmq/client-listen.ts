import type { Channel } from 'amqplib'
import { CameBy } from '../../messaging/message-watcher.ts'
import type { Context, Listening } from '../../engine/contracts.ts'
import { dial, hangUp } from './client-connect.ts'
import { codeOf, says } from './client-errors.ts'
import type { RabbitmqConfig } from './config.ts'

const [closeMs, mostKept, refused] = [2000, 1000, 403]

/** A queue of our own, which goes with the connection, bound to the exchange by the message's routing key: it has copies, and nobody loses any. */
export async function listenRabbitmq(
  config: RabbitmqConfig,
  context: Context,
  routingKey: string,
): Promise<Listening | string> {
  const { exchange } = config
  if (exchange === 'amq.default')
    return `a message to amq.default goes into queue ${routingKey} and nowhere else: to read it would be to take it from the readers of that queue`
  const dialed = await dial(config, context)
  const { connection } = dialed
  // What was asked is told by its rejection.
  connection.on('error', () => undefined)
  const close = (): Promise<void> => hangUp(dialed, context, Math.min(config.timeout, closeMs))
  const seen = new CameBy()
  let channel: Channel
  let queue: string
  try {
    channel = await connection.createChannel()
    channel.on('error', () => undefined)
    ;({ queue } = await channel.assertQueue('', {
      exclusive: true,
      autoDelete: true,
      durable: false,
      maxLength: mostKept,
    }))
  } catch (error) {
    await close()
    throw why(error, 'make a queue to listen by')
  }
  return {
    // Bound before the first message, our queue alone would make the server say that somebody takes it.
    async begin() {
      try {
        await channel.bindQueue(queue, exchange, routingKey)
        await channel.consume(
          queue,
          (message) => {
            if (message !== null) seen.add(message.content)
          },
          { noAck: true },
        )
      } catch (error) {
        throw why(error, `read what goes to exchange ${exchange}`)
      }
    },
    came: (text, signal) => seen.has(text, signal),
    close,
  }
}

function why(error: unknown, act: string): Error {
  return new Error(
    codeOf(error) === refused ? `RabbitMQ does not let us ${act} (${says(error)})` : `RabbitMQ: ${says(error)}`,
    { cause: error },
  )
}
