/**
 * Reads kollect's messages, published by Weir (`codec: kollect`) or kollect. It brings no bus client: anything that
 * yields messages with an acknowledgement can be read. See README.md for NATS.
 */
import { decodeEnvelope, type KollectMessage, type KollectPayload } from '../../src/codecs/kollect/decode.ts'

export {
  decodeEnvelope,
  type KollectMessage,
  type KollectObject,
  type KollectPayload,
} from '../../src/codecs/kollect/decode.ts'

/**
 * One message of a bus; the messages of NATS and of JetStream are such. A bus that waits for no answer has none of the
 * three.
 */
export interface Delivery {
  readonly data: Uint8Array
  /** It is done with. */
  ack?(): void
  /** Requests redelivery. */
  nak?(afterMs?: number): void
  /** Terminates the message: it is never redelivered. */
  term?(reason?: string): void
}

type Of<Is extends KollectPayload['is']> = Extract<KollectPayload, { readonly is: Is }>

/** A Kubernetes object as JSON; `apiVersion` and `kind` name its type. */
export type KubernetesObject = Readonly<Record<string, unknown>>

/** Handlers by type. A message is acknowledged when its handler ends, and redelivered if it fails. */
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
  /** An update that was too large for the bus, from publishers with `oversize: patch-only`. */
  onPatched?(
    cluster: string,
    patch: Of<'patched'>['patch'],
    event: Of<'patched'>,
    message: KollectMessage,
  ): void | Promise<void>
  /** `event.state` is the last state, if the publisher sends it. */
  onDeleted?(cluster: string, uid: string, event: Of<'deleted'>, message: KollectMessage): void | Promise<void>
  /** A message that is no envelope. It is terminated, because a retry cannot help. */
  onMalformed?(error: unknown, data: Uint8Array): void
  /** Of a handler that failed. */
  onFailed?(error: unknown, message: KollectMessage): void
}

export interface ConsumeOptions {
  /** Wait before a message whose handler failed is redelivered. */
  readonly retryMs?: number
}

/** How many messages there were, by what became of them. */
export interface Consumed {
  handled: number
  /** Of types that this reader does not know, or that have no handler: acknowledged. */
  skipped: number
  malformed: number
  failed: number
}

/**
 * Handles message after message, in their order, until there are no more. Never throws for what a message or a handler
 * does.
 */
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

/** Undefined if there is no handler. */
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
