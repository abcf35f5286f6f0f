import type { ServiceBusClient } from '@azure/service-bus'
import { withTimeout } from '../../host/with-timeout.ts'
import type { Probe, ProbeContext } from '../../engine/contracts.ts'
import { closeClient, makeClient } from './client-connect.ts'
import { unavailableReason } from './client-errors.ts'
import type { ServiceBusSourceConfig } from './config.ts'

const closeMs = 2000

export async function probeEntity(config: ServiceBusSourceConfig, context: ProbeContext): Promise<Probe> {
  const { entity, subscription, timeout: ms } = config
  const path = subscription === null ? entity : `${entity}/${subscription}`
  let client: ServiceBusClient | undefined
  try {
    client = await makeClient(config, context)
    const receiver = subscription === null ? client.createReceiver(entity) : client.createReceiver(entity, subscription)
    const serviceBusReceivedMessages = await withTimeout(receiver.peekMessages(1), {
      timers: context.host.timers,
      ms,
      late: `no response within ${ms} ms`,
    })
    return {
      is: 'ok',
      message:
        `${client.fullyQualifiedNamespace}: logged in, ${path} exists and ` +
        `${serviceBusReceivedMessages.length === 0 ? 'is empty' : 'has messages'}`,
    }
  } catch (error) {
    return { is: 'fail', message: unavailableReason(error, path, 'Listen') }
  } finally {
    if (client !== undefined) await closeClient(client, context.host, closeMs)
  }
}
