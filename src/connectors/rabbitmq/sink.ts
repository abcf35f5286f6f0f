import { eachMessageSink, type EachClient, type OutMessage } from '../../messaging/message-sink.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Context, Sink } from '../../engine/contracts.ts'
import { messageOf } from '../../model/errors.ts'
import { defineSink } from '../../engine/define.ts'
import { RabbitPublisher } from './client.ts'
import { listenRabbitmq } from './client-listen.ts'
import { probeRabbitmq } from './client-probe.ts'
import type { RabbitmqConfig, rabbitmqSchema } from './config.ts'
import { routingKeyOf } from './map-key.ts'
import { toMessage, type RabbitMessage } from './map.ts'

export const sink = defineSink<typeof rabbitmqSchema>('rabbitmq', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  build: openRabbitmq,
})

export function openRabbitmq(config: RabbitmqConfig, context: Context): Promise<Sink> {
  const publisher = new RabbitPublisher(config, context)
  const routingKey = routingKeyOf(config.routing_key)
  const written = (message: OutMessage): RabbitMessage => toMessage(message, routingKey(message.row))
  const unwritten = (error: unknown): string => `can't be written as a message: ${messageOf(error)}`
  const client: EachClient = {
    ready: (signal) => publisher.ready(signal),
    publish(message, signal) {
      try {
        return publisher.publish(written(message), signal)
      } catch (error) {
        return Promise.resolve({ is: 'reject', reason: unwritten(error) } satisfies Attempt)
      }
    },
    show(message) {
      try {
        const { routingKey: key, headers, contentType, messageId, body } = written(message)
        return {
          to: `${config.exchange} ${key}`.trimEnd(),
          headers: {
            ...headers,
            'message-id': messageId,
            ...(contentType === undefined ? {} : { 'content-type': contentType }),
          },
          body,
        }
      } catch (error) {
        return { problem: unwritten(error) }
      }
    },
    probe: (signal) => probeRabbitmq(config, context, signal),
    listen: (_signal, { message }) => listenRabbitmq(config, context, routingKey(message.row)),
    close: () => publisher.close(),
  }
  return eachMessageSink(config, context, client)
}
