import { manyMessagesSink } from '../../messaging/message-sink.ts'
import type { Context, Sink } from '../../engine/contracts.ts'
import { defineSink } from '../../engine/define.ts'
import { KafkaPublisher } from './client.ts'
import { listenKafka } from './client-listen.ts'
import { probeKafka } from './client-probe.ts'
import type { KafkaConfig, kafkaSchema } from './config.ts'
import { topicOf } from './map-topic.ts'
import { toMessage } from './map.ts'

export const sink = defineSink<typeof kafkaSchema>('kafka', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  build: openKafka,
})

export function openKafka(config: KafkaConfig, context: Context): Promise<Sink> {
  const publisher = new KafkaPublisher(config, context)
  const topic = topicOf(config.topic)
  return manyMessagesSink(config, context, {
    ready: (signal) => publisher.ready(signal),
    write: (message) => toMessage(message, topic(message.row)),
    publishAll: (messages, signal) => publisher.publishAll(messages, signal),
    show: ({ topic: to, key, headers, value }) => ({
      to: key === undefined ? to : `${to} (key ${key})`,
      headers,
      body: value,
    }),
    probe: (signal) => probeKafka(config, context, signal),
    ...(config.topic.includes('{') ? {} : { listen: () => listenKafka(config, context) }),
    close: () => publisher.close(),
  })
}
