import { manyMessagesSink } from '../../messaging/message-sink.ts'
import { defineSink } from '../../engine/define.ts'
import { ServiceBusPublisher } from './client.ts'
import { listenServiceBus } from './client-listen.ts'
import type { serviceBusSchema } from './config.ts'
import { toMessage } from './map.ts'

export const sink = defineSink<typeof serviceBusSchema>('azure-servicebus', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  build(config, context) {
    const publisher = new ServiceBusPublisher(config, context)
    return manyMessagesSink(config, context, {
      ready: (signal) => publisher.ready(signal),
      write: (message) => ({ key: message.key, message: toMessage(message, config) }),
      publishAll: (messages, signal) => publisher.sendAll(messages, signal),
      show({ message: { body, applicationProperties, sessionId, messageId, contentType } }) {
        return {
          to: sessionId === undefined ? config.entity : `${config.entity} (session ${sessionId})`,
          headers: {
            ...applicationProperties,
            'message-id': messageId,
            ...(contentType === undefined ? {} : { 'content-type': contentType }),
          },
          body,
        }
      },
      probe: (signal) => publisher.probe(signal),
      listen: () => listenServiceBus(config, context),
      close: () => publisher.close(),
    })
  },
})
