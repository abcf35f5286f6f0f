import type { Probe } from '../../engine/contracts.ts'
import { callOptions, clientOptions, loadClient } from './client-connect.ts'
import { code, codeOf, unavailableReason } from './client-errors.ts'
import type { PubSubSourceConfig } from './config.ts'

export async function probeSubscription(config: PubSubSourceConfig): Promise<Probe> {
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
      message: `${name} exists, of ${topic ?? 'no topic'}${ordered === true ? ', ordered by key' : ''}`,
    }
  } catch (error) {
    if (codeOf(error) === code.forbidden)
      return {
        is: 'warn',
        message: `logged in, but viewing ${name} is denied; permission to consume is unknown`,
      }
    return { is: 'fail', message: unavailableReason(error, name, 'roles/pubsub.subscriber') }
  } finally {
    await client?.close()
  }
}
