import { connect } from 'amqplib'
import { RabbitPuller } from '../../../src/connectors/rabbitmq/client-pull.ts'
import { rabbitmqSchema, rabbitmqSourceSchema } from '../../../src/connectors/rabbitmq/config.ts'
import { sink as rabbitmq } from '../../../src/connectors/rabbitmq/sink.ts'
import { toMessage } from '../../../src/connectors/rabbitmq/map.ts'
import type { BusMessage } from '../../../src/codecs/bus-message/index.ts'
import { configFrom } from '../../../src/schema/index.ts'
import { testContext } from '../../../test/conformance/batches.ts'
import { install } from '../../../test/real/install/apt.ts'
import { rabbitmq as program } from '../../../test/real/install/rabbitmq.ts'
import { startRabbit } from '../../../test/real/kit/rabbitmq.ts'
import type { Place, SpeedBusKind } from './bus.ts'

const prefetch = 512

export const rabbitmqSpeed: SpeedBusKind = {
  name: 'rabbitmq',
  found: () => install(program),
  messages: 20_000,
  async start() {
    const server = await startRabbit()
    const connection = await connect(server.url)
    const channel = await connection.createConfirmChannel()
    // Transient messages spare the disk.
    await channel.assertQueue('written', {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-max-length': 50_000 },
    })
    const sink = await rabbitmq.build(
      configFrom(rabbitmqSchema, { url: server.url, exchange: 'amq.default', routing_key: 'written' }),
      testContext(),
    )
    const produce = async (messages: readonly BusMessage[], to = 'written') => {
      for (const message of messages) {
        const { routingKey, headers, contentType, messageId, body } = toMessage(message, to)
        channel.publish('', routingKey, body, {
          mandatory: true,
          persistent: true,
          headers,
          messageId,
          ...(contentType === undefined ? {} : { contentType }),
        })
      }
      await channel.waitForConfirms()
    }
    let filled = 0
    return {
      sink,
      produce,
      async fill(messages, places) {
        // The server blocks publishers when its memory is low.
        for (let at = Math.max(0, filled - places); at < filled; at++) await channel.deleteQueue(`read${at}`)
        const from = filled
        filled += places
        for (let at = from; at < filled; at++) {
          await channel.assertQueue(`read${at}`, { durable: true, arguments: { 'x-queue-type': 'quorum' } })
          for (let first = 0; first < messages.length; first += 1000)
            await produce(messages.slice(first, first + 1000), `read${at}`)
        }
        return Array.from({ length: places }, (_, index): Place => {
          const queue = `read${from + index}`
          return {
            source(context) {
              const config = configFrom(rabbitmqSourceSchema, { url: server.url, queue, prefetch })
              return { config, puller: new RabbitPuller(config, context) }
            },
            async consume(count, came) {
              const own = await connect(server.url)
              const reading = await own.createChannel()
              await reading.prefetch(prefetch)
              const { promise, resolve } = Promise.withResolvers<void>()
              let left = count
              await reading.consume(queue, (message) => {
                if (message === null) return
                came(() => message.properties.headers as Record<string, string>, message.content)
                reading.ack(message)
                if (--left === 0) resolve()
              })
              await promise
              await reading.close()
              await own.close()
            },
          }
        })
      },
      async close() {
        await sink.close()
        await connection.close()
        await server[Symbol.asyncDispose]()
      },
    }
  },
}
