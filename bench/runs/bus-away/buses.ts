// Six buses that can stop and restart with their data, with settings of a sink and a source.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PubSub, v1 } from '@google-cloud/pubsub'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { PassThroughClient } from 'google-auth-library'
import { cutProxy } from '../../../test/conformance/cut-proxy.ts'
import { auth, credentials, region } from '../../../test/kit/aws-server.ts'
import type { Received } from '../../../test/kit/event-receiver.ts'
import { startFauxqs } from '../../../test/kit/fauxqs.ts'
import { readStream } from '../../../test/kit/nats-stream.ts'
import { startServiceBus } from '../../../test/kit/service-bus.ts'
import { install, type Installed } from '../../../test/real/install/apt.ts'
import { installKafka } from '../../../test/real/install/kafka.ts'
import { nats } from '../../../test/real/install/nats.ts'
import { findPubSub } from '../../../test/real/install/pubsub.ts'
import { rabbitmq } from '../../../test/real/install/rabbitmq.ts'
import { startKafka } from '../../../test/real/kit/kafka.ts'
import { KafkaObserver } from '../../../test/real/kit/kafka-topic.ts'
import { startNats } from '../../../test/real/kit/nats.ts'
import { startPubSub } from '../../../test/real/kit/pubsub.ts'
import { startRabbit } from '../../../test/real/kit/rabbitmq.ts'
import { RabbitObserver } from '../../../test/real/kit/rabbitmq-observer.ts'

export interface AwayBus {
  readonly name: string
  /** How the bus becomes unreachable. */
  readonly how: string
  readonly sink: Readonly<Record<string, unknown>>
  readonly source: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string>>
  away(): Promise<void>
  back(): Promise<void>
  /** Messages read by an independent client; undefined if reading removes them. */
  stored?(): Promise<Received[]>
  close(): Promise<void>
}

interface AwayBusKind {
  readonly name: string
  readonly found: () => Promise<Installed>
  readonly start: (folder: string) => Promise<AwayBus>
}

const [topic, project] = ['away', 'weir-test']

export const awayBuses: readonly AwayBusKind[] = [
  {
    name: 'nats',
    found: () => install(nats),
    async start(folder) {
      const dir = join(folder, 'nats')
      mkdirSync(dir)
      const server = await startNats({ jetstream: true, dir })
      const connection = await connect({ servers: server.url })
      await (await jetstreamManager(connection)).streams.add({ name: topic, subjects: ['away.>'] })
      await connection.close()
      return {
        name: 'nats',
        how: 'killed',
        sink: { type: 'nats', url: server.url, stream: topic, subject: 'away.{key}', timeout: '3s' },
        source: { type: 'nats', url: server.url, stream: topic, ack_wait: '5s', timeout: '3s' },
        away: () => server.kill(),
        back: () => server.restart(),
        stored: () => readStream(server.url, topic),
        close: () => server[Symbol.asyncDispose](),
      }
    },
  },
  {
    name: 'kafka',
    found: installKafka,
    async start() {
      const server = await startKafka()
      const brokers = [`127.0.0.1:${server.ports.plain}`]
      const observer = new KafkaObserver(server.ports.plain)
      await observer.create(topic, { partitions: 6 })
      return {
        name: 'kafka',
        how: 'killed',
        sink: { type: 'kafka', brokers, topic, timeout: '3s' },
        source: { type: 'kafka', brokers, topics: [topic], refresh: '1s', session_timeout: '6s', timeout: '3s' },
        away: () => server.kill(),
        back: () => server.restart(),
        stored: async () =>
          (await observer.records(topic)).map(({ headers, key }) => ({ id: headers['ce_id'] ?? '', key })),
        close: () => server[Symbol.asyncDispose](),
      }
    },
  },
  {
    name: 'rabbitmq',
    found: () => install(rabbitmq),
    async start() {
      const server = await startRabbit()
      const observer = new RabbitObserver(server.url)
      const channel = await observer.channel()
      await channel.assertExchange(topic, 'topic', { durable: true })
      for (const queue of ['weir', 'oracle']) {
        await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } })
        await channel.bindQueue(queue, topic, '#')
      }
      return {
        name: 'rabbitmq',
        how: 'killed, with quorum queues',
        sink: { type: 'rabbitmq', url: server.url, exchange: topic, routing_key: '{key}', timeout: '3s' },
        source: { type: 'rabbitmq', url: server.url, queue: 'weir', timeout: '3s' },
        away: () => server.kill(),
        back: () => server.restart(),
        stored: async () =>
          (await observer.received('oracle')).map(({ properties: { headers } }) => ({
            id: String(headers?.['cloudEvents:id']),
            key: String(headers?.['cloudEvents:partitionkey']),
          })),
        async close() {
          await observer.close()
          await server[Symbol.asyncDispose]()
        },
      }
    },
  },
  {
    name: 'gcppubsub',
    found: findPubSub,
    async start() {
      const server = await startPubSub()
      // This server keeps messages in memory: the network is cut instead of killing it.
      let proxy = await cutProxy(server.port)
      const { port } = proxy
      const options = (await new PubSub({
        projectId: project,
        apiEndpoint: server.endpoint,
        emulatorMode: true,
        authClient: new PassThroughClient(),
      }).getClientConfig()) as ConstructorParameters<typeof v1.PublisherClient>[0]
      const [publisher, subscriber] = [new v1.PublisherClient(options), new v1.SubscriberClient(options)]
      await publisher.createTopic({ name: `projects/${project}/topics/${topic}` })
      await subscriber.createSubscription({
        name: `projects/${project}/subscriptions/weir`,
        topic: `projects/${project}/topics/${topic}`,
        enableMessageOrdering: true,
      })
      await Promise.all([publisher.close(), subscriber.close()])
      const place = { type: 'gcppubsub', project, endpoint: `127.0.0.1:${port}`, auth: { type: 'none' }, timeout: '3s' }
      return {
        name: 'gcppubsub',
        how: 'out of reach',
        sink: { ...place, topic },
        source: { ...place, subscription: 'weir', lease: '10s' },
        away: () => proxy.close(),
        back: async () => {
          proxy = await cutProxy(server.port, port)
        },
        async close() {
          await proxy.close()
          await server[Symbol.asyncDispose]()
        },
      }
    },
  },
  {
    name: 'aws-sqs',
    found: () => Promise.resolve({ path: 'fauxqs', version: '' }),
    async start() {
      const server = await startFauxqs()
      const queue_url = await server.makeQueue(`${topic}.fifo`)
      const place = { type: 'aws-sqs', queue_url, region, auth, timeout: '3s' }
      return {
        name: 'aws-sqs',
        how: 'out of reach',
        env: { WEIR_TEST_AWS_SECRET: credentials.secretAccessKey },
        sink: { ...place, mode: 'raw' },
        source: { ...place, visibility: '10s' },
        away: () => server.stop(),
        back: () => server.start(),
        close: () => server.close(),
      }
    },
  },
  {
    name: 'azure-servicebus',
    found: () => Promise.resolve({ path: 'stand-in', version: '' }),
    async start() {
      const server = await startServiceBus()
      const entity = server.queue(topic, { sessions: true })
      let proxy = await cutProxy(server.port)
      const { port } = proxy
      const place = {
        type: 'azure-servicebus',
        connection_string: 'env:WEIR_TEST_SERVICEBUS',
        sessions: true,
        timeout: '5s',
      }
      return {
        name: 'azure-servicebus',
        how: 'a stand-in, out of reach',
        env: { WEIR_TEST_SERVICEBUS: server.connectionString(port) },
        sink: { ...place, entity: topic },
        source: { ...place, entity: topic },
        away: () => proxy.close(),
        back: async () => {
          proxy = await cutProxy(server.port, port)
        },
        stored: () =>
          Promise.resolve(
            entity.taken.map(({ application_properties: properties, group_id: key }) => ({
              id: String(properties?.['cloudEvents:id']),
              key,
            })),
          ),
        async close() {
          await proxy.close()
          await server.stop()
        },
      }
    },
  },
]
