import { PubSub, v1 } from '@google-cloud/pubsub'
import { PassThroughClient } from 'google-auth-library'
import { connection } from '../../../src/connectors/gcppubsub/client-connect.ts'
import { PubSubPuller } from '../../../src/connectors/gcppubsub/client-pull.ts'
import { gcppubsubSchema, gcppubsubSourceSchema } from '../../../src/connectors/gcppubsub/config.ts'
import { sink as gcppubsub } from '../../../src/connectors/gcppubsub/sink.ts'
import { toMessage } from '../../../src/connectors/gcppubsub/map.ts'
import type { BusMessage } from '../../../src/codecs/bus-message/index.ts'
import { configFrom } from '../../../src/schema/index.ts'
import { testContext } from '../../../test/conformance/batches.ts'
import { findPubSub } from '../../../test/real/install/pubsub.ts'
import { startPubSub } from '../../../test/real/kit/pubsub.ts'
import type { Place, SpeedBusKind } from './bus.ts'

const project = 'weir-test'

export const gcppubsubSpeed: SpeedBusKind = {
  name: 'gcppubsub',
  found: findPubSub,
  messages: 20_000,
  async start() {
    const server = await startPubSub('2g')
    const options = (await new PubSub({
      ...connection,
      projectId: project,
      apiEndpoint: server.endpoint,
      emulatorMode: true,
      authClient: new PassThroughClient(),
    }).getClientConfig()) as ConstructorParameters<typeof v1.PublisherClient>[0]
    const [publisher, subscriber] = [new v1.PublisherClient(options), new v1.SubscriberClient(options)]
    await publisher.createTopic({ name: `projects/${project}/topics/written` })
    const place = { project, endpoint: server.endpoint, auth: { type: 'none' } } as const
    const sink = await gcppubsub.build(configFrom(gcppubsubSchema, { ...place, topic: 'written' }), testContext())
    const produce = async (messages: readonly BusMessage[], to = 'written') => {
      await publisher.publish({
        topic: `projects/${project}/topics/${to}`,
        messages: messages.map((message) => toMessage(message, { ordering: true })),
      })
    }
    const old: string[] = []
    let filled = 0
    return {
      sink,
      produce,
      async fill(messages, places) {
        // The emulator keeps everything in memory.
        for (const subscription of old.splice(0)) await subscriber.deleteSubscription({ subscription })
        if (filled > 0) await publisher.deleteTopic({ topic: `projects/${project}/topics/read${filled}` })
        const topic = `read${++filled}`
        await publisher.createTopic({ name: `projects/${project}/topics/${topic}` })
        const names = Array.from({ length: places }, (_, at) => `${topic}-${at}`)
        old.push(...names.map((name) => `projects/${project}/subscriptions/${name}`))
        for (const name of names)
          await subscriber.createSubscription({
            name: `projects/${project}/subscriptions/${name}`,
            topic: `projects/${project}/topics/${topic}`,
            ackDeadlineSeconds: 60,
          })
        for (let from = 0; from < messages.length; from += 1000) await produce(messages.slice(from, from + 1000), topic)
        return names.map((name): Place => {
          const subscription = `projects/${project}/subscriptions/${name}`
          return {
            source({ host }) {
              const config = configFrom(gcppubsubSourceSchema, { ...place, subscription: name })
              return { config, puller: new PubSubPuller(config, host) }
            },
            async consume(count, came) {
              for (let left = count; left > 0;) {
                const [{ receivedMessages: some }] = await subscriber.pull({ subscription, maxMessages: 1000 })
                const ackIds = (some ?? []).map(({ ackId }) => ackId ?? '')
                for (const { message } of some ?? [])
                  came(() => message?.attributes ?? {}, (message?.data ?? '') as Uint8Array | string)
                left -= ackIds.length
                if (ackIds.length > 0) await subscriber.acknowledge({ subscription, ackIds })
              }
            },
          }
        })
      },
      async close() {
        await sink.close()
        await Promise.all([publisher.close(), subscriber.close()])
        await server[Symbol.asyncDispose]()
      },
    }
  },
}
