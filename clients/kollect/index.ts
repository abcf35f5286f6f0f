/**
 * Reads a topic of kollect's messages, whoever wrote them: Weir with `codec: kollect`, or kollect. It brings no client of a bus: what
 * gives messages one by one, with a way to say what became of each, can be read. See README.md for NATS.
 */
import { decodeEnvelope, type KollectMessage, type KollectPayload } from '../../src/codecs/kollect/decode.ts'

export {
  decodeEnvelope,
  type KollectMessage,
  type KollectObject,
  type KollectPayload,
} from '../../src/codecs/kollect/decode.ts'

/** One message of a bus; the messages of NATS and of JetStream are such. A bus that waits for no answer has none of the three. */
export interface Delivery {
  readonly data: Uint8Array
  /** It is done with. */
  ack?(): void
  /** It is to come again. */
  nak?(afterMs?: number): void
  /** It is never to come again, though nobody could use it. */
  term?(reason?: string): void
}

type Of<Is extends KollectPayload['is']> = Extract<KollectPayload, { readonly is: Is }>

/** An object of Kubernetes as JSON; what it is stands in its `apiVersion` and `kind`. */
export type KubernetesObject = Readonly<Record<string, unknown>>

/** What is done with each; a message is acknowledged once its handler has ended, and comes again when it has failed. */
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
  /** Of an update that was too large for the bus, from publishers that were told to send the patch alone then (`oversize: patch-only`). */
  onPatched?(
    cluster: string,
    patch: Of<'patched'>['patch'],
    event: Of<'patched'>,
    message: KollectMessage,
  ): void | Promise<void>
  /** `event.state` is the last state, from publishers that tell it. */
  onDeleted?(cluster: string, uid: string, event: Of<'deleted'>, message: KollectMessage): void | Promise<void>
  /** Of a message that is no envelope: it is given up, because no second try can read it. */
  onMalformed?(error: unknown, data: Uint8Array): void
  /** Of a handler that failed. */
  onFailed?(error: unknown, message: KollectMessage): void
}

export interface ConsumeOptions {
  /** Wait before a message whose handler failed comes again. */
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

/** Handles message after message, in their order, until there are no more. Never throws for what a message or a handler does. */
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

/** Undefined when nobody handles it. */
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
