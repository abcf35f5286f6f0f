import type { protos } from '@google-cloud/pubsub'
import { Coalescer } from '../../messaging/coalescer.ts'
import type { Pulled, Puller } from '../../messaging/message-source.ts'
import type { Host } from '../../host/index.ts'
import { callOptions, clientOptions, loadClient, type SubscriberClient } from './client-connect.ts'
import { code, codeOf, isLoginRejected, unavailableReason } from './client-errors.ts'
import type { PubSubSourceConfig } from './config.ts'
import { fromMessage } from './map.ts'

const mostMessages = 1000
/** Without ordering: responses may arrive in any order. */
const maxConcurrentPulls = 2
const pollMs = 20_000
/** Well before the minimum deadline of ten seconds. */
const firstLeaseMs = 3000

type Received = readonly protos.google.pubsub.v1.IReceivedMessage[]

interface PullRequest {
  readonly answered: Promise<PullRequest>
  received: Received
}

export class PubSubPuller implements Puller<string> {
  readonly address: string
  readonly keepMs: number
  readonly #config: PubSubSourceConfig
  readonly #subscription: string
  readonly #host: Pick<Host, 'clock' | 'timers'>
  #leased = new Map<string, number>()
  readonly #requests = new Set<PullRequest>()
  #maxPulls: number | undefined
  #client: SubscriberClient | undefined
  readonly #acks = new Coalescer<string>((handles) =>
    inRequests(handles, (ackIds) =>
      this.#client?.acknowledge({ subscription: this.#subscription, ackIds }, callOptions(this.#config.timeout)),
    ),
  )

  constructor(config: PubSubSourceConfig, host: Pick<Host, 'clock' | 'timers'>) {
    this.#config = config
    this.#host = host
    this.#subscription = `projects/${config.project}/subscriptions/${config.subscription}`
    this.address = `gcppubsub://${this.#subscription}`
    this.keepMs = Math.min(config.lease / 3, firstLeaseMs)
  }

  async pull(signal: AbortSignal): Promise<readonly Pulled<string>[]> {
    const { promise: aborted, resolve } = Promise.withResolvers<undefined>()
    const abort = () => {
      resolve(undefined)
    }
    signal.addEventListener('abort', abort, { once: true })
    try {
      while (!signal.aborted) {
        const client = (this.#client ??= await this.#connect())
        this.#askAhead(client, 1)
        // The other request may wait for messages.
        const first = await Promise.race([...Array.from(this.#requests, ({ answered }) => answered), aborted])
        if (first === undefined) break
        this.#requests.delete(first)
        const { received } = first
        if (received.length === 0) continue
        this.#maxPulls ??= await this.#maxConcurrency(client)
        this.#askAhead(client, this.#maxPulls)
        await this.#host.timers.yield()
        return received.map((iReceivedMessage) => ({
          handle: handleOf(iReceivedMessage),
          message: fromMessage(iReceivedMessage.message ?? {}, this.#config.subscription),
        }))
      }
      return []
    } catch (error) {
      if (codeOf(error) === code.late) return signal.aborted ? [] : this.pull(signal)
      this.#maxPulls = undefined
      if (isLoginRejected(error)) await this.close()
      throw new Error(unavailableReason(error, this.#subscription, 'roles/pubsub.subscriber'), { cause: error })
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  ack(handles: readonly string[]): Promise<void> {
    return this.#acks.add(handles)
  }

  release(handles: readonly string[]): Promise<void> {
    return this.#lease(handles, 0)
  }

  /** Most messages are acknowledged before the first extension, which costs as much as an acknowledgement. */
  async keep(taken: readonly string[]): Promise<void> {
    const handles = [...taken, ...this.#untaken()]
    const now = this.#host.clock.monotonic()
    const leased = new Map(handles.map((handle) => [handle, this.#leased.get(handle) ?? Number.NEGATIVE_INFINITY]))
    this.#leased = leased
    const due = handles.filter((handle) => now - (leased.get(handle) ?? 0) >= this.#config.lease / 3)
    await this.#lease(due, Math.ceil(this.#config.lease / 1000))
    for (const handle of due) leased.set(handle, now)
  }

  async close(): Promise<void> {
    const [client, untaken] = [this.#client, this.#untaken()]
    this.#requests.clear()
    await this.release(untaken).catch(() => undefined)
    this.#client = undefined
    await client?.close()
  }

  #askAhead(client: SubscriberClient, most: number) {
    while (this.#requests.size < most) this.#requests.add(this.#ask(client))
  }

  #ask(client: SubscriberClient): PullRequest {
    const answered = client
      .pull({ subscription: this.#subscription, maxMessages: mostMessages }, callOptions(pollMs))
      .then(([{ receivedMessages }]) => {
        ahead.received = receivedMessages ?? []
        return ahead
      })
    answered.catch(() => this.#requests.delete(ahead))
    const ahead: PullRequest = { answered, received: [] }
    return ahead
  }

  #untaken(): readonly string[] {
    return [...this.#requests].flatMap(({ received }) => received.map(handleOf))
  }

  /** One if the subscription may be ordered. */
  async #maxConcurrency(client: SubscriberClient): Promise<number> {
    try {
      const [{ enableMessageOrdering: ordered }] = await client.getSubscription(
        { subscription: this.#subscription },
        callOptions(this.#config.timeout),
      )
      return ordered === true ? 1 : maxConcurrentPulls
    } catch {
      return 1
    }
  }

  async #lease(handles: readonly string[], ackDeadlineSeconds: number) {
    await inRequests(handles, (ackIds) =>
      this.#client?.modifyAckDeadline(
        { subscription: this.#subscription, ackIds, ackDeadlineSeconds },
        callOptions(this.#config.timeout),
      ),
    )
  }

  async #connect(): Promise<SubscriberClient> {
    const library = await loadClient()
    return new library.v1.SubscriberClient(
      (await clientOptions(library, this.#config)) as ConstructorParameters<typeof library.v1.SubscriberClient>[0],
    )
  }
}

function handleOf({ ackId }: Received[number]) {
  return ackId ?? ''
}

async function inRequests(handles: readonly string[], act: (some: string[]) => Promise<unknown> | undefined) {
  for (let from = 0; from < handles.length; from += mostMessages) await act(handles.slice(from, from + mostMessages))
}
