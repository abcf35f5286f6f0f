import type { Channel } from 'amqplib'
import { MessageWatcher } from '../../messaging/message-watcher.ts'
import type { Context, Listening } from '../../engine/contracts.ts'
import { connectToAny, closeConnection } from '../../messaging/amqp/connect.ts'
import { codeOf, errorText } from '../../messaging/amqp/errors.ts'
import type { RabbitmqConfig } from './config.ts'

const [closeMs, maxQueued, refused] = [2000, 1000, 403]

/** An exclusive queue receives copies and takes no message from others. */
export async function listenRabbitmq(
  config: RabbitmqConfig,
  context: Context,
  routingKey: string,
): Promise<Listening | string> {
  const { exchange } = config
  if (exchange === 'amq.default')
    return `a message to amq.default goes only to queue ${routingKey}: reading it would take it from the consumers`
  const dialed = await connectToAny(config, context)
  const { connection } = dialed
  connection.on('error', () => undefined)
  const close = () => closeConnection(dialed, context, Math.min(config.timeout, closeMs))
  const seen = new MessageWatcher()
  let channel: Channel
  let queue: string
  try {
    channel = await connection.createChannel()
    channel.on('error', () => undefined)
    ;({ queue } = await channel.assertQueue('', {
      exclusive: true,
      autoDelete: true,
      durable: false,
      maxLength: maxQueued,
    }))
  } catch (error) {
    await close()
    throw listenFailure(error, 'create a queue to listen')
  }
  return {
    // Bound after the first message, which would count as routed otherwise.
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
        throw listenFailure(error, `read messages of exchange ${exchange}`)
      }
    },
    received: (text, signal) => seen.has(text, signal),
    close,
  }
}

function listenFailure(error: unknown, act: string) {
  return new Error(
    codeOf(error) === refused
      ? `RabbitMQ denies permission to ${act} (${errorText(error)})`
      : `RabbitMQ: ${errorText(error)}`,
    { cause: error },
  )
}
