import type { Context, Listening } from '../../engine/contracts.ts'
import { callOptions, clientOptions, loadClient } from './client-connect.ts'
import { unavailableReason } from './client-errors.ts'
import type { PubSubConfig } from './config.ts'

const pollMs = 2000

export async function listenPubSub(config: PubSubConfig, { host }: Context): Promise<Listening> {
  const library = await loadClient()
  const client = new library.v1.SubscriberClient(
    (await clientOptions(library, config)) as ConstructorParameters<typeof library.v1.SubscriberClient>[0],
  )
  const suffix = Buffer.from(host.random.bytes(8)).toString('hex')
  const subscription = `projects/${config.project}/subscriptions/weir-check-${suffix}`
  try {
    await client.createSubscription(
      {
        name: subscription,
        topic: `projects/${config.project}/topics/${config.topic}`,
        expirationPolicy: { ttl: { seconds: 86_400 } },
      },
      callOptions(config.timeout),
    )
  } catch (error) {
    await client.close()
    throw new Error(unavailableReason(error, 'a temporary subscription', 'roles/pubsub.editor'), { cause: error })
  }
  return {
    async received(text, signal) {
      while (!signal.aborted) {
        const [{ receivedMessages }] = await client
          .pull({ subscription, maxMessages: 100 }, callOptions(pollMs))
          .catch(() => [{ receivedMessages: [] }] as const)
        if (
          (receivedMessages ?? []).some(({ message }) =>
            Buffer.from((message?.data ?? '') as Uint8Array).includes(text),
          )
        )
          return true
      }
      return false
    },
    async close() {
      await client.deleteSubscription({ subscription }, callOptions(config.timeout)).catch(() => undefined)
      await client.close()
    },
  }
}
