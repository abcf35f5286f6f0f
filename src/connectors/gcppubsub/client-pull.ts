import type { protos } from '@google-cloud/pubsub'
import { Gathered } from '../../messaging/coalescer.ts'
import type { Pulled, Puller } from '../../messaging/message-source.ts'
import type { Host } from '../../host/index.ts'
import { callOptions, clientOptions, loadClient, type SubscriberClient } from './client-connect.ts'
import { code, codeOf, isRefusal, why } from './client-errors.ts'
import type { PubSubSourceConfig } from './config.ts'
import { fromMessage } from './map.ts'

const mostMessages = 1000
/** Requests for messages at once, where no order is kept: two answers may come in either order. */
const mostAhead = 2
/** A pull waits for messages at the server; without any it is asked again. */
const pollMs = 20_000
/** A subscription gives us ten seconds for a message at the least; the lease of what takes longer is begun well before. */
const firstLeaseMs = 3000

type Received = readonly protos.google.pubsub.v1.IReceivedMessage[]

/** A request for messages, made before they are asked for. */
interface Ahead {
  /** Itself, once it is answered. */
  readonly answered: Promise<Ahead>
  /** What has come and nobody has taken. */
  received: Received
}

/** Pulls from a subscription. The handle of a message is what it is acknowledged by. */
export class PubSubPuller implements Puller<string> {
  readonly address: string
  readonly keepMs: number
  readonly #config: PubSubSourceConfig
  readonly #subscription: string
  readonly #host: Pick<Host, 'clock' | 'timers'>
  /** When what is under way was last leased, by handle. */
  #leased = new Map<string, number>()
  readonly #ahead = new Set<Ahead>()
  /** How many may be in `#ahead`; undefined: not known yet. */
  #most: number | undefined
  #client: SubscriberClient | undefined
  readonly #acks = new Gathered<string>((handles) =>
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
    const abort = (): void => {
      resolve(undefined)
    }
    signal.addEventListener('abort', abort, { once: true })
    try {
      while (!signal.aborted) {
        const client = (this.#client ??= await this.#connect())
        this.#askAhead(client, 1)
        // Whichever is answered first: the other one may have found nothing, and waits for long.
        const first = await Promise.race([...Array.from(this.#ahead, ({ answered }) => answered), aborted])
        if (first === undefined) break
        this.#ahead.delete(first)
        const { received } = first
        if (received.length === 0) continue
        // While these are taken the server looks for the next ones.
        this.#most ??= await this.#look(client)
        this.#askAhead(client, this.#most)
        // The client sends what it is asked for when nothing else is to be done at once.
        await this.#host.timers.yield()
        return received.map((one) => ({
          handle: handleOf(one),
          message: fromMessage(one.message ?? {}, this.#config.subscription),
        }))
      }
      return []
    } catch (error) {
      // A pull that found nothing.
      if (codeOf(error) === code.late) return signal.aborted ? [] : this.pull(signal)
      this.#most = undefined
      if (isRefusal(error)) await this.close()
      throw new Error(why(error, this.#subscription, 'roles/pubsub.subscriber'), { cause: error })
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

  /** Most are acknowledged before they are asked about here for the first time: a lease costs a request as large as an acknowledgement. */
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
    this.#ahead.clear()
    // For others at once; without that when their lease ends.
    await this.release(untaken).catch(() => undefined)
    this.#client = undefined
    await client?.close()
  }

  #askAhead(client: SubscriberClient, most: number): void {
    while (this.#ahead.size < most) this.#ahead.add(this.#ask(client))
  }

  #ask(client: SubscriberClient): Ahead {
    const answered = client
      .pull({ subscription: this.#subscription, maxMessages: mostMessages }, callOptions(pollMs))
      .then(([{ receivedMessages }]) => {
        ahead.received = receivedMessages ?? []
        return ahead
      })
    // Said to whoever waits for it.
    answered.catch(() => this.#ahead.delete(ahead))
    const ahead: Ahead = { answered, received: [] }
    return ahead
  }

  #untaken(): readonly string[] {
    return [...this.#ahead].flatMap(({ received }) => received.map(handleOf))
  }

  /** How many requests may be under way: where we may not look there may be an order. */
  async #look(client: SubscriberClient): Promise<number> {
    try {
      const [{ enableMessageOrdering: ordered }] = await client.getSubscription(
        { subscription: this.#subscription },
        callOptions(this.#config.timeout),
      )
      return ordered === true ? 1 : mostAhead
    } catch {
      return 1
    }
  }

  async #lease(handles: readonly string[], ackDeadlineSeconds: number): Promise<void> {
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

function handleOf({ ackId }: Received[number]): string {
  return ackId ?? ''
}

/** A request may have 512 KiB. */
async function inRequests(
  handles: readonly string[],
  act: (some: string[]) => Promise<unknown> | undefined,
): Promise<void> {
  for (let from = 0; from < handles.length; from += mostMessages) await act(handles.slice(from, from + mostMessages))
}
