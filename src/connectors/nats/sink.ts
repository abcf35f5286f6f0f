import { eachMessageSink, unwritten, type EachClient, type OutMessage } from '../../messaging/message-sink.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Context, Sink } from '../../engine/contracts.ts'
import { defineSink } from '../../engine/define.ts'
import { JetStreamPublisher } from './client.ts'
import { listenNats } from './client-listen.ts'
import { probeNats } from './client-probe.ts'
import type { NatsConfig, natsSchema } from './config.ts'
import { subjectOf } from './map-subject.ts'
import { toMessage, type NatsMessage } from './map.ts'

export const sink = defineSink<typeof natsSchema>('nats', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  build: openNats,
})

export async function openNats(config: NatsConfig, context: Context): Promise<Sink> {
  const publisher = new JetStreamPublisher(config, context)
  const subject = subjectOf(config.subject)
  const written = (message: OutMessage): NatsMessage => toMessage(message, subject(message.row))
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
      const { subject: to, headers, messageId, data } = written(message)
      return { to, headers: { ...headers, 'nats-msg-id': messageId }, body: data }
    },
    probe: () => probeNats(config, context),
    listen: () => listenNats(config, context),
    close: () => publisher.close(),
  }
  // The log states the limits of the server at the start, also while nothing happens.
  return {
    ...(await eachMessageSink(config, context, client)),
    open: async (signal) => void (await publisher.ready(signal)),
  }
}
