import { manyMessagesSink, type ManyClient, type OutMessage } from '../../messaging/message-sink.ts'
import { behindKey, type Attempt } from '../../engine/delivery/in-order.ts'
import type { Context, Sink } from '../../engine/contracts.ts'
import { messageOf } from '../../model/errors.ts'
import { defineSink } from '../../engine/define.ts'
import { ServiceBusPublisher, type Outgoing } from './client.ts'
import { listenServiceBus } from './client-listen.ts'
import type { ServiceBusConfig, serviceBusSchema } from './config.ts'
import { toMessage } from './map.ts'

export const sink = defineSink<typeof serviceBusSchema>('azure-servicebus', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  build: openServiceBus,
})

export function openServiceBus(config: ServiceBusConfig, context: Context): Promise<Sink> {
  const publisher = new ServiceBusPublisher(config, context)
  const client: ManyClient = {
    ready: (signal) => publisher.ready(signal),
    publishAll: (messages, signal) => publishAll(publisher, config, messages, signal),
    show(message) {
      const { body, applicationProperties, sessionId, messageId, contentType } = toMessage(message, config)
      return {
        to: sessionId === undefined ? config.entity : `${config.entity} (session ${sessionId})`,
        headers: {
          ...applicationProperties,
          'message-id': messageId,
          ...(contentType === undefined ? {} : { 'content-type': contentType }),
        },
        body,
      }
    },
    probe: (signal) => publisher.probe(signal),
    listen: () => listenServiceBus(config, context),
    close: () => publisher.close(),
  }
  return manyMessagesSink(config, context, client)
}

/** What can't be written is refused, and holds back what is behind it in its key. */
async function publishAll(
  publisher: ServiceBusPublisher,
  config: ServiceBusConfig,
  messages: readonly OutMessage[],
  signal: AbortSignal,
): Promise<readonly Attempt[]> {
  const attempts: Attempt[] = []
  const written: Outgoing[] = []
  const places: number[] = []
  const refused = new Set<string>()
  for (const [at, message] of messages.entries()) {
    const { key } = message
    if (key !== undefined && refused.has(key)) {
      attempts[at] = { is: 'retry', reason: behindKey(key) }
      continue
    }
    try {
      written.push({ key, message: toMessage(message, config) })
      places.push(at)
    } catch (error) {
      if (key !== undefined) refused.add(key)
      attempts[at] = { is: 'reject', reason: messageOf(error) }
    }
  }
  for (const [index, attempt] of (await publisher.sendAll(written, signal)).entries())
    attempts[places[index] ?? 0] = attempt
  return Array.from({ length: messages.length }, (_, at) => attempts[at])
}
