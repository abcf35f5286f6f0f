import type { Pulled, Puller } from '../../bus/message-source.ts'
import { callOptions, clientOptions, loadClient, type SubscriberClient } from './client-connect.ts'
import { code, codeOf, isRefusal, why } from './client-errors.ts'
import type { PubSubSourceConfig } from './config.ts'
import { fromMessage } from './map.ts'

const mostMessages = 1000
/** A pull waits for messages at the server; without any it is asked again. */
const pollMs = 20_000

/** Pulls from a subscription. The handle of a message is what it is acknowledged by. */
export class PubSubPuller implements Puller<string> {
  readonly address: string
  readonly keepMs: number
  readonly #config: PubSubSourceConfig
  readonly #subscription: string
  #client: SubscriberClient | undefined

  constructor(config: PubSubSourceConfig) {
    this.#config = config
    this.#subscription = `projects/${config.project}/subscriptions/${config.subscription}`
    this.address = `gcppubsub://${this.#subscription}`
    this.keepMs = config.lease / 3
  }

  async pull(signal: AbortSignal): Promise<readonly Pulled<string>[]> {
    const { promise: aborted, resolve } = Promise.withResolvers<undefined>()
    const abort = (): void => { resolve(undefined) }
    signal.addEventListener('abort', abort, { once: true })
    try {
      while (!signal.aborted) {
        const client = (this.#client ??= await this.#connect())
        const asked = client.pull({ subscription: this.#subscription, maxMessages: mostMessages }, callOptions(pollMs))
        const answer = await Promise.race([asked, aborted])
        if (answer === undefined) break
        const received = answer[0].receivedMessages ?? []
        const handles = received.map(({ ackId }) => ackId ?? '')
        if (received.length === 0) continue
        await this.keep(handles)
        return received.map(({ message }, index) => ({ handle: handles[index] ?? '', message: fromMessage(message ?? {}, this.#config.subscription) }))
      }
      return []
    } catch (error) {
      // A pull that found nothing.
      if (codeOf(error) === code.late) return signal.aborted ? [] : this.pull(signal)
      if (isRefusal(error)) await this.close()
      throw new Error(why(error, this.#subscription, 'roles/pubsub.subscriber'), { cause: error })
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  async ack(handles: readonly string[]): Promise<void> {
    await this.#client?.acknowledge({ subscription: this.#subscription, ackIds: [...handles] }, callOptions(this.#config.timeout))
  }

  release(handles: readonly string[]): Promise<void> {
    return this.#lease(handles, 0)
  }

  keep(handles: readonly string[]): Promise<void> {
    return this.#lease(handles, Math.ceil(this.#config.lease / 1000))
  }

  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.close()
  }

  async #lease(handles: readonly string[], ackDeadlineSeconds: number): Promise<void> {
    if (handles.length === 0) return
    await this.#client?.modifyAckDeadline({ subscription: this.#subscription, ackIds: [...handles], ackDeadlineSeconds }, callOptions(this.#config.timeout))
  }

  async #connect(): Promise<SubscriberClient> {
    const library = await loadClient()
    return new library.v1.SubscriberClient(await clientOptions(library, this.#config) as ConstructorParameters<typeof library.v1.SubscriberClient>[0])
  }
}
