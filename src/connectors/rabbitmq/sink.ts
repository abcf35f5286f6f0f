import { eachMessageSink } from '../../messaging/message-sink.ts'
import { defineSink } from '../../engine/define.ts'
import { AmqpPublisher } from '../../messaging/amqp/publisher.ts'
import { listenRabbitmq } from './client-listen.ts'
import { probeAmqp } from '../../messaging/amqp/probe.ts'
import type { rabbitmqSchema } from './config.ts'
import { routingKeyOf } from './map-key.ts'
import { toMessage } from './map.ts'

export const sink = defineSink<typeof rabbitmqSchema>('rabbitmq', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  build(config, context) {
    const publisher = new AmqpPublisher(config, context)
    const routingKey = routingKeyOf(config.routing_key)
    return eachMessageSink(config, context, {
      ready: (signal) => publisher.ready(signal),
      write: (message) => toMessage(message, routingKey(message.row)),
      publish: (message, signal) => publisher.publish(message, signal),
      show: ({ routingKey: key, headers, contentType, messageId, body }) => ({
        to: `${config.exchange} ${key}`.trimEnd(),
        headers: {
          ...headers,
          'message-id': messageId,
          ...(contentType === undefined ? {} : { 'content-type': contentType }),
        },
        body,
      }),
      probe: (signal) => probeAmqp(config, context, signal),
      listen: (_signal, { message }) => listenRabbitmq(config, context, routingKey(message.row)),
      close: () => publisher.close(),
    })
  },
})
