import { Consumer, Producer } from '@platformatic/kafka'
import { KafkaPuller } from '../../../src/connectors/kafka/client/pull.ts'
import { kafkaSchema, kafkaSourceSchema } from '../../../src/connectors/kafka/config.ts'
import { sink as kafka } from '../../../src/connectors/kafka/sink.ts'
import { toMessage } from '../../../src/connectors/kafka/map.ts'
import type { BusMessage } from '../../../src/codecs/bus-message/index.ts'
import { configFrom } from '../../../src/schema/index.ts'
import { testContext } from '../../../test/conformance/batches.ts'
import { installKafka } from '../../../test/real/install/kafka.ts'
import { startKafka } from '../../../test/real/kit/kafka.ts'
import { KafkaObserver } from '../../../test/real/kit/kafka-topic.ts'
import type { Place, SpeedBusKind } from './bus.ts'

const partitions = 6

export const kafkaSpeed: SpeedBusKind = {
  // The client fetches up to 50 MB at once, so a round needs many messages.
  name: 'kafka',
  found: installKafka,
  messages: 150_000,
  async start() {
    const server = await startKafka()
    const broker = `127.0.0.1:${server.ports.plain}`
    const observer = new KafkaObserver(server.ports.plain)
    for (const topic of ['weir', 'own']) await observer.create(topic, { partitions })
    const sink = await kafka.build(configFrom(kafkaSchema, { brokers: [broker], topic: 'weir' }), testContext())
    const producer = new Producer({ clientId: 'own', bootstrapBrokers: [broker], idempotent: true, acks: -1 })
    let next = 0
    const produce = async (messages: readonly BusMessage[], to = 'own') => {
      await producer.send({
        messages: messages.map((message) => {
          const { topic, headers, value } = toMessage(message, to)
          // Messages without a key are spread evenly, like Weir's.
          return {
            topic,
            value: Buffer.from(value.buffer, value.byteOffset, value.length),
            partition: next++ % partitions,
            headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
          }
        }),
      })
    }
    let filled = 0
    return {
      sink,
      produce,
      async fill(messages, places) {
        const topic = `read${++filled}`
        await observer.create(topic, { partitions })
        for (let from = 0; from < messages.length; from += 1000) await produce(messages.slice(from, from + 1000), topic)
        return Array.from({ length: places }, (_, at): Place => ({
          source(context) {
            const config = configFrom(kafkaSourceSchema, {
              brokers: [broker],
              topics: [topic],
              group: `${topic}-weir${at}`,
            })
            return { config: { ...config, codec: 'cloudevents' }, puller: new KafkaPuller(config, context) }
          },
          async consume(count, came) {
            const consumer = new Consumer({
              clientId: 'own',
              bootstrapBrokers: [broker],
              groupId: `${topic}-own${at}`,
              autocommit: 100,
              maxWaitTime: 1000,
            })
            const incoming = await consumer.consume({ topics: [topic], mode: 'committed', fallbackMode: 'earliest' })
            let left = count
            for await (const message of incoming) {
              came(
                () => Object.fromEntries([...message.headers].map(([name, value]) => [String(name), String(value)])),
                message.value,
              )
              await message.commit()
              if (--left === 0) break
            }
            await incoming.close()
            await consumer.close(true)
          },
        }))
      },
      async close() {
        await sink.close()
        await producer.close()
        await server[Symbol.asyncDispose]()
      },
    }
  },
}
