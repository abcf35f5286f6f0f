import { afterAll, beforeAll, beforeEach } from 'vitest'
import { rabbitmqSchema } from '../../src/connectors/rabbitmq/config.ts'
import { rabbitmq } from '../../src/connectors/rabbitmq/index.ts'
import { configFrom } from '../../src/schema/index.ts'
import { numberedEvents, testContext } from '../conformance/batches.ts'
import { cutProxy } from '../conformance/cut-proxy.ts'
import { deliverAll } from '../conformance/deliver.ts'
import { sinkConformance, type OtherSide } from '../conformance/sink.ts'
import { install } from './install/apt.ts'
import { rabbitmq as program } from './install/rabbitmq.ts'
import { eventId, RabbitObserver } from './kit/rabbitmq-observer.ts'
import { startRabbit, type RabbitServer } from './kit/rabbitmq.ts'
import { need } from './kit/need.ts'

const largest = 2_500_000

let server: RabbitServer
let observer: RabbitObserver
let named = 0

/** One server for the file: it takes its seconds to start. Every test has an exchange and a queue of its own. */
beforeAll(async () => {
  if ((await install(program)).path === undefined) return
  server = await startRabbit({ config: [`max_message_size = ${largest}`] })
  observer = new RabbitObserver(server.url)
})

afterAll(async () => {
  await observer?.close()
  await server?.[Symbol.asyncDispose]()
})

beforeEach(async (context) => {
  await need(context, program)
})

/** A direct exchange and a queue that takes the given keys. */
async function place(keys: readonly string[], type = 'direct'): Promise<{ exchange: string; queue: string }> {
  const channel = await observer.channel()
  const [exchange, queue] = [`exchange-${++named}`, `queue-${named}`]
  await channel.assertExchange(exchange, type)
  await channel.assertQueue(queue)
  for (const key of keys) await channel.bindQueue(queue, exchange, key)
  return { exchange, queue }
}

async function startOther(): Promise<OtherSide> {
  const { exchange, queue } = await place(['any'], 'topic')
  const proxy = await cutProxy(server.port)
  const bind = async (bound: boolean): Promise<void> => {
    const channel = await observer.channel()
    if (bound) await channel.bindQueue(queue, exchange, 'conf.#')
    else await channel.unbindQueue(queue, exchange, 'conf.#')
  }
  await bind(true)
  const ids = async (): Promise<string[]> => (await observer.received(queue)).map(eventId)
  return {
    build: (context, timeoutMs) => rabbitmq.build(configFrom(rabbitmqSchema, { url: `amqp://127.0.0.1:${proxy.port}`, exchange, routing_key: 'conf.{subject}', timeout: `${timeoutMs}ms` }), context),
    received: ids,
    // A consumer tells repeats by the message id.
    held: async () => [...new Map((await observer.received(queue)).map((message) => [String(message.properties.messageId), eventId(message)])).values()],
    async refuse(on) {
      const channel = await observer.channel()
      if (on) await channel.deleteExchange(exchange)
      else await channel.assertExchange(exchange, 'topic')
      if (!on) await bind(true)
    },
    slow: (on) => Promise.resolve(proxy.hold(on)),
    disconnectAfter: (events) => Promise.resolve(proxy.cutAfter(events, exchange)),
    async fail(failing) {
      const channel = await observer.channel()
      await bind(failing.size === 0)
      for (const { id } of numberedEvents(24, 'p')) if (failing.size > 0 && !failing.has(id)) await channel.bindQueue(queue, exchange, `conf.${id}`)
    },
    poison: () => Promise.resolve(),
    poisoned: (event) => ({ ...event, data: Buffer.from(JSON.stringify('x'.repeat(largest))) }),
    async duplicateAck() {
      const other = await rabbitmq.build(configFrom(rabbitmqSchema, { url: server.url, exchange, routing_key: 'conf.{subject}' }), testContext())
      await deliverAll(other, numberedEvents(20, 'u'))
      await other.close()
    },
    restart: () => server.restart(),
    async stop() {
      await proxy.close()
      const channel = await observer.channel()
      await channel.deleteQueue(queue)
      await channel.deleteExchange(exchange)
    },
  }
}

sinkConformance('rabbitmq', { accepts: rabbitmq.accepts, idempotency: rabbitmq.idempotency, start: startOther })
