import type { Probe } from '../../engine/contracts.ts'
import { callOptions, clientOptions, loadClient } from './client-connect.ts'
import { code, codeOf, why } from './client-errors.ts'
import type { PubSubSourceConfig } from './config.ts'

/** Logs in and looks at the subscription that a source reads; takes nothing. */
export async function lookAtSubscription(config: PubSubSourceConfig): Promise<Probe> {
  const name = `projects/${config.project}/subscriptions/${config.subscription}`
  const library = await loadClient()
  let client: InstanceType<typeof library.v1.SubscriberClient> | undefined
  try {
    client = new library.v1.SubscriberClient(
      (await clientOptions(library, config)) as ConstructorParameters<typeof library.v1.SubscriberClient>[0],
    )
    const [{ topic, enableMessageOrdering: ordered }] = await client.getSubscription(
      { subscription: name },
      callOptions(config.timeout),
    )
    return {
      is: 'ok',
      says: `${name} is there, of ${topic ?? 'no topic'}${ordered === true ? ', in order by key' : ''}`,
    }
  } catch (error) {
    // Reading and looking are two rights.
    if (codeOf(error) === code.forbidden)
      return {
        is: 'warn',
        says: `our login is taken, but we may not look at ${name}; whether we may read it only reading tells`,
      }
    return { is: 'fail', says: why(error, name, 'roles/pubsub.subscriber') }
  } finally {
    await client?.close()
  }
}
