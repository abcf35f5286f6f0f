import type { ServiceBusReceivedMessage } from '@azure/service-bus'
import { withTimeout } from '../../host/with-timeout.ts'
import type { Context, Listening } from '../../engine/contracts.ts'
import { hangUp, makeClient } from './client-connect.ts'
import { codeOf, why } from './client-errors.ts'
import type { ServiceBusConfig } from './config.ts'
import { bytesOf } from './map-read.ts'

const [atOnce, againMs, closeMs] = [250, 200, 2000]

/** Peeks: what is looked at is neither locked nor counted as delivered. A topic has nothing to look at; its subscriptions have. */
export async function listenServiceBus(config: ServiceBusConfig, context: Context): Promise<Listening | string> {
  const { entity, timeout: ms } = config
  const { timers } = context.host
  const client = await makeClient(config, context)
  const receiver = client.createReceiver(entity, { skipParsingBodyAsJson: true, skipConvertingDate: true })
  let next: ServiceBusReceivedMessage['sequenceNumber']
  /** What is behind the last that was looked at. */
  const peek = async (): Promise<readonly ServiceBusReceivedMessage[]> => {
    const found = await withTimeout(
      receiver.peekMessages(atOnce, next === undefined ? {} : { fromSequenceNumber: next }),
      {
        timers,
        ms,
        late: `no answer within ${ms} ms`,
      },
    )
    next = found.at(-1)?.sequenceNumber?.add(1) ?? next
    return found
  }
  const close = (): Promise<void> => hangUp(client, context.host, Math.min(closeMs, ms))
  let before = 0
  try {
    // Whether we may is found out now; and what is there already need not be looked at afterwards.
    for (let found = await peek(); found.length > 0 && before < 20 * atOnce; found = await peek())
      before += found.length
  } catch (error) {
    await close()
    if (codeOf(error) === 'UnauthorizedAccess') throw new Error(why(error, entity, 'Listen'), { cause: error })
    return `Service Bus has it. It can't be looked at there (${why(error, entity, 'Listen')}): of a topic, its subscriptions have it`
  }
  return {
    async came(text, signal) {
      while (!signal.aborted) {
        const found = await peek()
        if (found.some(({ body }) => Buffer.from(bytesOf(body)).includes(text))) return true
        if (found.length === 0) await timers.sleep(againMs)
      }
      return `Service Bus has it. It was not among what could be peeked at: a reader may have been faster${before >= 20 * atOnce ? ', or it is behind more messages than there was time for' : ''}`
    },
    close,
  }
}
