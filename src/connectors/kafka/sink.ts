import { manyMessagesSink } from '../../messaging/message-sink.ts'
import type { Context, Sink, SinkPiece } from '../../engine/contracts.ts'
import type { FlowForm } from '../../engine/delivery/rows.ts'
import { defineSink } from '../../engine/define.ts'
import { KafkaPublisher } from './client.ts'
import { listenKafka } from './client/listen.ts'
import { probeKafka } from './client/probe.ts'
import type { KafkaConfig, kafkaSchema } from './config.ts'
import { flowKey } from './map/flow-key.ts'
import { FlowRecords } from './map/flows.ts'
import { topicOf } from './map/topic.ts'
import { toMessage } from './map.ts'

export const sink = defineSink<typeof kafkaSchema>('kafka', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  build: openKafka,
})

function openKafka(config: KafkaConfig, context: Context): Promise<Sink> {
  const publisher = new KafkaPublisher(config, context)
  const topic = topicOf(config.topic)
  const keyed = config.flow_key === 'addresses'
  const { mode, codec, partitioner, concurrency: slice } = config
  let records: FlowRecords | undefined
  return manyMessagesSink(config, context, {
    ready: (signal) => publisher.ready(signal),
    write(message) {
      const { flow } = message.row
      const key = keyed && flow !== undefined ? flowKey(flow.batch, flow.row) : undefined
      return toMessage(message, topic(message.row), key)
    },
    publishAll: (messages, signal) => publisher.publishAll(messages, signal),
    ...(codec === 'kollect' || (mode !== 'raw' && mode !== 'binary')
      ? {}
      : {
          publishFlows: (pieces: readonly SinkPiece[], form: FlowForm, signal: AbortSignal) => {
            records ??= new FlowRecords({ form, mode, partitioner, keyed, topic, slice })
            return publisher.publish(records.outboxes(pieces), records.topics(pieces), signal)
          },
        }),
    show: ({ topic: to, key, flowKey: binary, headers, value }) => ({
      to: key === undefined ? (binary === undefined ? to : `${to} (key ${hex(binary)})`) : `${to} (key ${key})`,
      headers,
      body: value,
    }),
    probe: (signal) => probeKafka(config, context, signal),
    ...(config.topic.includes('{') ? {} : { listen: () => listenKafka(config, context) }),
    close: () => publisher.close(),
  })
}

function hex(key: Uint8Array) {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('hex')
}
