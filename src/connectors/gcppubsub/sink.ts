import { manyMessagesSink, type ManyClient } from '../../messaging/message-sink.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Context, Sink } from '../../engine/contracts.ts'
import { messageOf } from '../../model/errors.ts'
import { defineSink } from '../../engine/define.ts'
import { PubSubPublisher } from './client.ts'
import { listenPubSub } from './client-listen.ts'
import type { gcppubsubSchema, PubSubConfig } from './config.ts'
import { toMessage, type PubSubMessage } from './map.ts'

export const sink = defineSink<typeof gcppubsubSchema>('gcppubsub', {
  accepts: ['events', 'flows'],
  idempotency: 'none',
  build: openPubSub,
})

export function openPubSub(config: PubSubConfig, context: Context): Promise<Sink> {
  const publisher = new PubSubPublisher(config, context)
  const client: ManyClient = {
    slice: Math.min(sliceMessages, config.request_messages),
    ready: () => publisher.ready(),
    async publishAll(messages, signal) {
      const written: PubSubMessage[] = []
      const attempts: Attempt[] = []
      const places: number[] = []
      const refused = new Set<string>()
      for (const [at, message] of messages.entries()) {
        try {
          if (message.key !== undefined && refused.has(message.key)) throw new Behind()
          written.push(toMessage(message, config.ordering))
          places.push(at)
        } catch (error) {
          if (message.key !== undefined) refused.add(message.key)
          const reason = messageOf(error)
          attempts[at] = error instanceof Behind ? { is: 'retry', reason } : { is: 'reject', reason }
        }
      }
      for (const [index, attempt] of (await publisher.publishAll(written, signal)).entries())
        attempts[places[index] ?? 0] = attempt
      return Array.from({ length: messages.length }, (_, at) => attempts[at])
    },
    show(message) {
      const { data, attributes, orderingKey } = toMessage(message, config.ordering)
      return {
        to: orderingKey === undefined ? config.topic : `${config.topic} (ordering key ${orderingKey})`,
        headers: attributes,
        body: data,
      }
    },
    probe: () => publisher.probe(),
    listen: () => listenPubSub(config, context),
    close: () => publisher.close(),
  }
  return manyMessagesSink(config, context, client)
}

/** Enough that a request costs little of what its messages do. */
const sliceMessages = 250

class Behind extends Error {
  constructor() {
    super('waits behind an earlier event of its key')
  }
}
