import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, headers as newHeaders } from '@nats-io/transport-node'
import { JetStreamPuller } from '../../../src/connectors/nats/client-pull.ts'
import { natsSchema, natsSourceSchema } from '../../../src/connectors/nats/config.ts'
import { sink as nats } from '../../../src/connectors/nats/sink.ts'
import { toMessage } from '../../../src/connectors/nats/map.ts'
import type { BusMessage } from '../../../src/codecs/bus-message/index.ts'
import { configFrom } from '../../../src/schema/index.ts'
import { testContext } from '../../../test/conformance/batches.ts'
import { install } from '../../../test/real/install/apt.ts'
import { nats as program } from '../../../test/real/install/nats.ts'
import { startNats } from '../../../test/real/kit/nats.ts'
import type { Place, SpeedBusKind } from './bus.ts'

const [subject, stream] = ['speed.x', 'SPEED']

export const natsSpeed: SpeedBusKind = {
  name: 'nats',
  found: () => install(program),
  messages: 60_000,
  async start(folder) {
    const dir = join(folder, 'nats')
    mkdirSync(dir)
    const server = await startNats({ jetstream: true, dir })
    const connection = await connect({ servers: server.url, noAsyncTraces: true })
    const manager = await jetstreamManager(connection)
    await manager.streams.add({ name: stream, subjects: ['speed.>'] })
    const client = jetstream(connection)
    const sink = await nats.build(configFrom(natsSchema, { url: server.url, stream, subject }), testContext())
    const publish = async (message: BusMessage, to: string) => {
      const { headers, data, messageId } = toMessage(message, to)
      const fields = newHeaders()
      for (const [name, value] of Object.entries(headers)) fields.set(name, value)
      await client.publish(to, data, { msgID: messageId, headers: fields })
    }
    const produce = async (messages: readonly BusMessage[], to = subject) => {
      await Promise.all(messages.map((message) => publish(message, to)))
    }
    let filled = 0
    return {
      sink,
      produce,
      async fill(messages, places) {
        const name = `READ${++filled}`
        await manager.streams.add({ name, subjects: [`${name}.x`] })
        for (let from = 0; from < messages.length; from += 1000)
          await produce(messages.slice(from, from + 1000), `${name}.x`)
        return Array.from({ length: places }, (_, at): Place => ({
          source(context) {
            const config = configFrom(natsSourceSchema, { url: server.url, stream: name, consumer: `weir${at}` })
            return { config, puller: new JetStreamPuller(config, context) }
          },
          async consume(count, came) {
            const own = await connect({ servers: server.url, noAsyncTraces: true })
            await manager.consumers.add(name, {
              durable_name: `own${at}`,
              ack_policy: AckPolicy.Explicit,
              max_ack_pending: 8192,
            })
            const incoming = await (
              await jetstream(own).consumers.get(name, `own${at}`)
            ).consume({ max_messages: 2048 })
            let left = count
            for await (const message of incoming) {
              came(
                () => Object.fromEntries([...(message.headers ?? [])].map(([name, [value = '']]) => [name, value])),
                message.data,
              )
              message.ack()
              if (--left === 0) break
            }
            await own.flush()
            await own.close()
          },
        }))
      },
      async close() {
        await sink.close()
        await connection.close()
        await server[Symbol.asyncDispose]()
      },
    }
  },
}
