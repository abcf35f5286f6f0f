/**
 * Reads kollect messages that Weir (`codec: kollect`) or kollect published. It contains no bus client. See README.md
 * for NATS.
 */
import { decodeEnvelope, type KollectMessage, type KollectPayload } from '../../src/codecs/kollect/decode.ts'

export {
  decodeEnvelope,
  type KollectMessage,
  type KollectObject,
  type KollectPayload,
} from '../../src/codecs/kollect/decode.ts'

/**
 * One message of a bus, such as one of NATS or JetStream. The methods are absent for a bus without acknowledgements.
 */
export interface Delivery {
  readonly data: Uint8Array
  /** Acknowledges the message. */
  ack?(): void
  /** Requests redelivery after a delay. */
  nak?(afterMs?: number): void
  term?(reason?: string): void
}

type Of<Is extends KollectPayload['is']> = Extract<KollectPayload, { readonly is: Is }>

export type KubernetesObject = Readonly<Record<string, unknown>>

/** Handlers by type. A message is acknowledged when its handler ends, and redelivered if the handler fails. */
export interface KollectHandlers {
  onCreated?(
    cluster: string,
    object: KubernetesObject,
    event: Of<'created'>,
    message: KollectMessage,
  ): void | Promise<void>
  onUpdated?(
    cluster: string,
    before: KubernetesObject,
    after: KubernetesObject,
    event: Of<'updated'>,
    message: KollectMessage,
  ): void | Promise<void>
  /** An update that exceeded the limit of the bus, from publishers with `oversize: patch-only`. */
  onPatched?(
    cluster: string,
    patch: Of<'patched'>['patch'],
    event: Of<'patched'>,
    message: KollectMessage,
  ): void | Promise<void>
  /** `event.state` is the last state, if the publisher sends it. */
  onDeleted?(cluster: string, uid: string, event: Of<'deleted'>, message: KollectMessage): void | Promise<void>
  /** A message without an envelope. It is terminated, because a retry cannot help. */
  onMalformed?(error: unknown, data: Uint8Array): void
  /** Called when a handler fails. */
  onFailed?(error: unknown, message: KollectMessage): void
}

export interface ConsumeOptions {
  /** Delay of a redelivery after a failed handler, ms. */
  readonly retryMs?: number
}

/** Counts of messages by outcome. */
export interface Consumed {
  handled: number
  /** Messages with an unknown type or without a handler: acknowledged. */
  skipped: number
  malformed: number
  failed: number
}

/** Handles messages in order until the iterator ends. Failures of messages and handlers do not reject. */
export async function consumeKollect(
  messages: AsyncIterable<Delivery>,
  handlers: KollectHandlers,
  { retryMs = 1000 }: ConsumeOptions = {},
): Promise<Consumed> {
  const consumed: Consumed = { handled: 0, skipped: 0, malformed: 0, failed: 0 }
  for await (const delivery of messages) consumed[await handleOne(delivery, handlers, retryMs)]++
  return consumed
}

async function handleOne(delivery: Delivery, handlers: KollectHandlers, retryMs: number): Promise<keyof Consumed> {
  let message: KollectMessage
  try {
    message = decodeEnvelope(delivery.data)
  } catch (error) {
    delivery.term?.('it is no kollect.event.v1.Envelope')
    handlers.onMalformed?.(error, delivery.data)
    return 'malformed'
  }
  try {
    const handled = handle(message, handlers)
    await handled
    delivery.ack?.()
    return handled === undefined ? 'skipped' : 'handled'
  } catch (error) {
    delivery.nak?.(retryMs)
    handlers.onFailed?.(error, message)
    return 'failed'
  }
}

function handle(message: KollectMessage, handlers: KollectHandlers): Promise<void> | undefined {
  const event = message.payload
  switch (event.is) {
    case 'created':
      return (
        handlers.onCreated &&
        called(() => handlers.onCreated?.(event.clusterId, event.resource as KubernetesObject, event, message))
      )
    case 'updated':
      return (
        handlers.onUpdated &&
        called(() =>
          handlers.onUpdated?.(
            event.clusterId,
            event.old as KubernetesObject,
            event.new as KubernetesObject,
            event,
            message,
          ),
        )
      )
    case 'patched':
      return handlers.onPatched && called(() => handlers.onPatched?.(event.clusterId, event.patch, event, message))
    case 'deleted':
      return handlers.onDeleted && called(() => handlers.onDeleted?.(event.clusterId, event.uid, event, message))
    case 'unknown':
      return undefined
  }
}

async function called(handler: () => void | Promise<void> | undefined): Promise<void> {
  await handler()
}
