import type { Attempt } from '../../engine/in-order.ts'
import type { Context, Probe } from '../../engine/ports.ts'
import { behindKey } from '../../engine/in-order.ts'
import { revealSecret } from '../../net/secrets.ts'
import { formatHostPort } from '../../schema/index.ts'
import { says, troubleOf } from './client-errors.ts'
import type { PubsubConfig } from './config.ts'
import type { Unwritten, PubsubMessage } from './map.ts'

type Publisher = Awaited<ReturnType<typeof open>>

/** ms; by itself the library would wait for up to two minutes before it connects again. */
const reconnecting = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 5000 }

type Written = PubsubMessage | Unwritten

/** Most of a request, and of a message with all that belongs to it; the rest is for what lies around it. */
const [mostMessages, mostBytes] = [1000, 10_000_000 - 1000]

/**
 * Requests of many messages, each taken or refused whole. They go one after the other, so that a key stays in order; nothing
 * waits in the library to be sent later, and no key is ever paused there.
 */
export class PubsubPublisher {
  readonly #config: PubsubConfig
  readonly #context: Context
  #live: Publisher | undefined

  constructor(config: PubsubConfig, context: Context) {
    this.#config = config
    this.#context = context
  }

  /** Undefined when messages may be published; else why not, in words. Nothing goes over the network yet. */
  async ready(): Promise<string | undefined> {
    try {
      this.#live ??= await open(this.#config)
      return undefined
    } catch (error) {
      return says(error)
    }
  }

  /** What became of each message, in their order. */
  async publishAll(messages: readonly Written[], signal: AbortSignal): Promise<readonly Attempt[]> {
    const attempts: Attempt[] = messages.map((message) => ('problem' in message ? { is: 'reject', reason: message.problem } : message.bytes > mostBytes ? tooLarge(message.bytes) : undefined))
    const publishing: Publishing = { messages, attempts, signal, failedKeys: new Set(), until: this.#context.host.clock.monotonic() + this.#config.timeout }
    for (const [at, message] of messages.entries()) {
      if (message.orderingKey === '') continue
      // Behind one that can't go none of its key does.
      if (attempts[at] !== undefined) publishing.failedKeys.add(message.orderingKey)
      else if (publishing.failedKeys.has(message.orderingKey)) attempts[at] = behind(message.orderingKey)
    }
    const going = attempts.flatMap((attempt, at) => (attempt === undefined ? [at] : []))
    for (const request of requests(going, messages)) await this.#request(request, publishing)
    return attempts
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    const { topic } = this.#config
    let live: Publisher | undefined
    try {
      live = await open(this.#config)
      const asked = live
      await this.#within(signal, () => asked.getTopic({ topic }, { timeout: this.#config.timeout, retry: null }))
      return { is: 'ok', says: `${topic} is there, and our login is taken; whether we may publish to it only a message tells` }
    } catch (error) {
      const { attempt: { reason } } = troubleOf(error, topic)
      return /does not let us/.test(reason) ? { is: 'warn', says: `our login is taken, but we may not look at ${topic}; whether we may publish to it only a message tells` } : { is: 'fail', says: reason }
    } finally {
      await live?.close().catch(() => undefined)
    }
  }

  async close(): Promise<void> {
    const live = this.#live
    this.#live = undefined
    await live?.close().catch(() => undefined)
  }

  async #request(going: readonly number[], publishing: Publishing): Promise<void> {
    const { messages, attempts, signal, failedKeys, until } = publishing
    const keyOf = (at: number): string => messages[at]?.orderingKey ?? ''
    const at = going.filter((one) => !failedKeys.has(keyOf(one)))
    for (const one of going) if (failedKeys.has(keyOf(one))) attempts[one] = behind(keyOf(one))
    if (at.length === 0) return
    const failAll = (attempt: NonNullable<Attempt>): void => {
      for (const one of at) {
        attempts[one] = attempt
        if (keyOf(one) !== '') failedKeys.add(keyOf(one))
      }
    }
    if (publishing.trouble !== undefined || this.#context.host.clock.monotonic() > until) {
      failAll(publishing.trouble ?? { is: 'retry', reason: 'not sent: the time for this batch was used up; it goes on with the next' })
      return
    }
    const live = this.#live
    if (live === undefined) {
      failAll({ is: 'retry', reason: 'the connection is closed', away: true })
      return
    }
    const { topic, timeout } = this.#config
    try {
      const written = at.flatMap((one) => {
        const message = messages[one]
        return message === undefined || 'problem' in message ? [] : [{ data: message.data, attributes: message.attributes, orderingKey: message.orderingKey }]
      })
      await this.#within(signal, () => live.publish({ topic, messages: written }, { timeout, retry: null }))
    } catch (error) {
      const { attempt, login, blame } = troubleOf(error, topic)
      if (blame && at.length > 1) {
        const half = Math.ceil(at.length / 2)
        await this.#request(at.slice(0, half), publishing)
        await this.#request(at.slice(half), publishing)
        return
      }
      if (login) await this.close()
      failAll(blame ? { is: 'reject', reason: attempt.reason } : attempt)
      if (!blame) publishing.trouble = attempt
    }
  }

  /** Rejects after the timeout, and at once when the signal aborts; what was begun ends by its own deadline. */
  async #within<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    const { timeout } = this.#config
    if (signal.aborted) throw new Error('the sink is stopping')
    const { promise: over, reject } = Promise.withResolvers<never>()
    const timer = this.#context.host.timers.after(timeout, () => { reject(new Error(`no answer within ${timeout} ms`)) })
    const stop = (): void => { reject(new Error('the sink is stopping')) }
    signal.addEventListener('abort', stop, { once: true })
    const asked = ask()
    try {
      return await Promise.race([asked, over])
    } finally {
      timer.cancel()
      signal.removeEventListener('abort', stop)
      // Somebody hears of it, whichever was first.
      for (const late of [asked, over]) late.catch(() => undefined)
    }
  }
}

interface Publishing {
  readonly messages: readonly Written[]
  readonly attempts: Attempt[]
  readonly signal: AbortSignal
  readonly failedKeys: Set<string>
  /** Nothing is begun after this. */
  readonly until: number
  /** Why no further request of this send is made. */
  trouble?: NonNullable<Attempt>
}

/** The library is loaded only when a connector needs it; credentials are read now. */
async function open({ topic, endpoint, emulator, auth }: PubsubConfig) {
  const { PubSub, v1 } = await import('@google-cloud/pubsub')
  const address = emulator ?? endpoint
  const client = new PubSub({
    projectId: topic.split('/')[1] ?? '',
    ...reconnecting,
    ...(address === null ? {} : { apiEndpoint: formatHostPort(address), emulatorMode: emulator !== null }),
  })
  // By its constructor the library takes a key only with a line on the console. An emulator wants none, and without any one would be looked for in the network.
  if (emulator !== null) client.auth.jsonContent = { client_email: 'emulator', private_key: 'none' }
  else if (auth.type === 'key') client.auth.jsonContent = serviceAccount(revealSecret(auth.key))
  return new v1.PublisherClient({ ...(await client.getClientConfig()), auth: client.auth })
}

function serviceAccount(text: string): { client_email: string; private_key: string } {
  let key: unknown
  try {
    key = JSON.parse(text)
  } catch {
    throw new Error('the key of the service account is not JSON; give `auth.key` the file that Google made')
  }
  if (typeof key !== 'object' || key === null || !('client_email' in key) || !('private_key' in key)) throw new Error('the key of the service account lacks `client_email` or `private_key`; give `auth.key` the file that Google made')
  return { client_email: String(key.client_email), private_key: String(key.private_key) }
}

function* requests(going: readonly number[], messages: readonly Written[]): Generator<readonly number[]> {
  let [request, bytes]: [number[], number] = [[], 0]
  for (const at of going) {
    const message = messages[at]
    const size = message === undefined || 'problem' in message ? 0 : message.bytes
    if (request.length > 0 && (request.length >= mostMessages || bytes + size > mostBytes)) {
      yield request
      ;[request, bytes] = [[], 0]
    }
    request.push(at)
    bytes += size
  }
  if (request.length > 0) yield request
}

function behind(key: string): NonNullable<Attempt> {
  return { is: 'retry', reason: behindKey(key) }
}

function tooLarge(bytes: number): NonNullable<Attempt> {
  return { is: 'reject', reason: `${bytes} bytes with its attributes, and Pub/Sub takes 10 MB`, tooLarge: true }
}
