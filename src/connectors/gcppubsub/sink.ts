import { manyMessagesSink } from '../../messaging/message-sink.ts'
import { defineSink } from '../../engine/define.ts'
import { PubSubPublisher } from './client.ts'
import { listenPubSub } from './client-listen.ts'
import type { gcppubsubSchema } from './config.ts'
import { toMessage } from './map.ts'

export const sink = defineSink<typeof gcppubsubSchema>('gcppubsub', {
  accepts: ['events', 'flows'],
  idempotency: 'none',
  build(config, context) {
    const publisher = new PubSubPublisher(config, context)
    return manyMessagesSink(config, context, {
      slice: Math.min(sliceMessages, config.request_messages),
      ready: () => publisher.ready(),
      write: (message) => toMessage(message, config),
      publishAll: (messages, signal) => publisher.publishAll(messages, signal),
      show: ({ data, attributes, orderingKey }) => ({
        to: orderingKey === undefined ? config.topic : `${config.topic} (ordering key ${orderingKey})`,
        headers: attributes,
        body: data,
      }),
      probe: () => publisher.probe(),
      listen: () => listenPubSub(config, context),
      close: () => publisher.close(),
    })
  },
})

const sliceMessages = 250
