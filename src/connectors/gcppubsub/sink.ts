import { manyMessagesSink } from '../../bus/message-sink.ts'
import type { Context, Sink } from '../../engine/ports.ts'
import { PubsubPublisher } from './client.ts'
import type { PubsubConfig } from './config.ts'
import { toMessage } from './map.ts'

export function openPubsub(config: PubsubConfig, context: Context): Promise<Sink> {
  const publisher = new PubsubPublisher(config, context)
  return manyMessagesSink(config, context, {
    ready: () => publisher.ready(),
    publishAll: (messages, signal) => publisher.publishAll(messages.map(toMessage), signal),
    show(message) {
      const one = toMessage(message)
      if ('problem' in one) return one
      return { to: one.orderingKey === '' ? config.topic : `${config.topic} (key ${one.orderingKey})`, headers: one.attributes, body: one.data }
    },
    probe: (signal) => publisher.probe(signal),
    close: () => publisher.close(),
  })
}
