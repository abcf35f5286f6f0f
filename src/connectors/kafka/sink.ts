import { manyMessagesSink, type ManyClient, type OutMessage } from '../../messaging/message-sink.ts'
import type { Context, Sink } from '../../engine/contracts.ts'
import { defineSink } from '../../engine/define.ts'
import { KafkaPublisher } from './client.ts'
import { listenKafka } from './client-listen.ts'
import { probeKafka } from './client-probe.ts'
import type { KafkaConfig, kafkaSchema } from './config.ts'
import { topicOf } from './map-topic.ts'
import { toMessage, type KafkaMessage } from './map.ts'

export const sink = defineSink<typeof kafkaSchema>('kafka', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  build: openKafka,
})

export function openKafka(config: KafkaConfig, context: Context): Promise<Sink> {
  const publisher = new KafkaPublisher(config, context)
  const topic = topicOf(config.topic)
  const written = (message: OutMessage): KafkaMessage => toMessage(message, topic(message.row))
  const client: ManyClient = {
    ready: (signal) => publisher.ready(signal),
    publishAll: (messages, signal) => publisher.publishAll(messages.map(written), signal),
    show(message) {
      const { topic: to, key, headers, value } = written(message)
      return { to: key === undefined ? to : `${to} (key ${key})`, headers, body: value }
    },
    probe: (signal) => probeKafka(config, context, signal),
    // Which topics there will be is otherwise told by what is sent.
    ...(config.topic.includes('{') ? {} : { listen: () => listenKafka(config, context) }),
    close: () => publisher.close(),
  }
  return manyMessagesSink(config, context, client)
}
