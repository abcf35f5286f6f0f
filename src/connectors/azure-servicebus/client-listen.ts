import type { ServiceBusReceivedMessage } from '@azure/service-bus'
import { withTimeout } from '../../host/with-timeout.ts'
import type { Context, Listening } from '../../engine/contracts.ts'
import { closeClient, makeClient } from './client-connect.ts'
import { codeOf, unavailableReason } from './client-errors.ts'
import type { ServiceBusConfig } from './config.ts'
import { bytesOf } from './map-read.ts'

const [atOnce, againMs, closeMs] = [250, 200, 2000]

/** Peeks: locks nothing and counts no delivery. Topics cannot be peeked. */
export async function listenServiceBus(config: ServiceBusConfig, context: Context): Promise<Listening | string> {
  const { entity, timeout: ms } = config
  const { timers } = context.host
  const client = await makeClient(config, context)
  const receiver = client.createReceiver(entity, { skipParsingBodyAsJson: true, skipConvertingDate: true })
  let next: ServiceBusReceivedMessage['sequenceNumber']
  const peek = async (): Promise<readonly ServiceBusReceivedMessage[]> => {
    const serviceBusReceivedMessages = await withTimeout(
      receiver.peekMessages(atOnce, next === undefined ? {} : { fromSequenceNumber: next }),
      {
        timers,
        ms,
        late: `no response within ${ms} ms`,
      },
    )
    next = serviceBusReceivedMessages.at(-1)?.sequenceNumber?.add(1) ?? next
    return serviceBusReceivedMessages
  }
  const close = () => closeClient(client, context.host, Math.min(closeMs, ms))
  let before = 0
  try {
    // Verifies the permission, and skips existing messages.
    for (
      let serviceBusReceivedMessages = await peek();
      serviceBusReceivedMessages.length > 0 && before < 20 * atOnce;
      serviceBusReceivedMessages = await peek()
    )
      before += serviceBusReceivedMessages.length
  } catch (error) {
    await close()
    if (codeOf(error) === 'UnauthorizedAccess')
      throw new Error(unavailableReason(error, entity, 'Listen'), { cause: error })
    return (
      `Service Bus accepted the message. It can't be verified by peeking ` +
      `(${unavailableReason(error, entity, 'Listen')}): for a topic, check its subscriptions`
    )
  }
  return {
    async received(text, signal) {
      while (!signal.aborted) {
        const serviceBusReceivedMessages = await peek()
        if (serviceBusReceivedMessages.some(({ body }) => Buffer.from(bytesOf(body)).includes(text))) return true
        if (serviceBusReceivedMessages.length === 0) await timers.sleep(againMs)
      }
      return (
        'Service Bus accepted the message. Peeking did not find it: another consumer may have completed ' +
        `it${before >= 20 * atOnce ? ', or too many messages precede it' : ''}`
      )
    },
    close,
  }
}
