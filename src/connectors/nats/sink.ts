import { eachMessageSink } from '../../messaging/message-sink.ts'
import { defineSink } from '../../engine/define.ts'
import { JetStreamPublisher } from './client.ts'
import { listenNats } from './client-listen.ts'
import { probeNats } from './client-probe.ts'
import type { natsSchema } from './config.ts'
import { subjectOf } from './map-subject.ts'
import { toMessage } from './map.ts'

export const sink = defineSink<typeof natsSchema>('nats', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  async build(config, context) {
    const publisher = new JetStreamPublisher(config, context)
    const subject = subjectOf(config.subject)
    const sink = await eachMessageSink(config, context, {
      ready: (signal) => publisher.ready(signal),
      write: (message) => toMessage(message, subject(message.row)),
      publish: (message, signal) => publisher.publish(message, signal),
      show: ({ subject: to, headers, messageId, data }) => ({
        to,
        headers: { ...headers, 'nats-msg-id': messageId },
        body: data,
      }),
      probe: () => probeNats(config, context),
      listen: () => listenNats(config, context),
      close: () => publisher.close(),
    })
    // The log then has the server's limits.
    return { ...sink, open: async (signal) => void (await publisher.ready(signal)) }
  },
})
