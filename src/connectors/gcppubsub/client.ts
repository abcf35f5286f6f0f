import { behindKey, type Attempt } from '../../engine/delivery/in-order.ts'
import { untilAborted } from '../../host/with-timeout.ts'
import type { Context, Probe } from '../../engine/contracts.ts'
import { callOptions, clientOptions, loadClient, type PublisherClient } from './client-connect.ts'
import { code, codeOf, isLoginRejected, publishFailure, unavailableReason } from './client-errors.ts'
import type { PubSubConfig } from './config.ts'
import { requestBytes, sizeOf, type PubSubMessage } from './map.ts'

type Line = Readonly<{ at: number; message: PubSubMessage }>[]

/** Messages of one ordering key use sequential requests, as Pub/Sub requires. */
export class PubSubPublisher {
  readonly #config: PubSubConfig
  readonly #context: Context
  readonly #topic: string
  #client: PublisherClient | undefined

  constructor(config: PubSubConfig, context: Context) {
    this.#config = config
    this.#context = context
    this.#topic = `projects/${config.project}/topics/${config.topic}`
  }

  async ready(): Promise<string | undefined> {
    try {
      this.#client ??= await this.#connect()
      return undefined
    } catch (error) {
      return unavailableReason(error, this.#topic, 'roles/pubsub.publisher')
    }
  }

  /** Attempts in order. After a failure no later message of the key is sent. */
  async publishAll(messages: readonly PubSubMessage[], signal: AbortSignal): Promise<readonly Attempt[]> {
    const attempts = messages.map(() => stopped)
    const lines = new Map<string, Line>()
    for (const [at, message] of messages.entries()) {
      const line = lines.get(message.orderingKey ?? '')
      if (line === undefined) lines.set(message.orderingKey ?? '', [{ at, message }])
      else line.push({ at, message })
    }
    const waiting = [...lines]
    const late = this.#context.host.clock.monotonic() + this.#config.timeout
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        await this.#publishLine(next[0], next[1], attempts, signal, late)
    }
    await Promise.all(Array.from({ length: Math.min(this.#config.concurrency, lines.size) }, work))
    return attempts
  }

  async probe(): Promise<Probe> {
    const problem = await this.ready()
    const client = this.#client
    if (problem !== undefined || client === undefined) return { is: 'fail', message: problem ?? 'not connected' }
    try {
      await client.getTopic({ topic: this.#topic }, callOptions(this.#config.timeout))
      return { is: 'ok', message: `${this.#topic} is there` }
    } catch (error) {
      if (codeOf(error) === code.forbidden)
        return { is: 'warn', message: `viewing ${this.#topic} is denied: permission to publish is unknown` }
      await this.#forget(error)
      return { is: 'fail', message: unavailableReason(error, this.#topic, 'roles/pubsub.publisher') }
    }
  }

  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.close()
  }

  async #publishLine(key: string, line: Line, attempts: Attempt[], signal: AbortSignal, late: number) {
    let failed: Attempt
    for (let from = 0; from < line.length;) {
      const chunk = this.#chunk(line, from)
      from += chunk.length
      const over = signal.aborted || this.#context.host.clock.monotonic() > late
      const outcomes =
        failed !== undefined || over ? chunk.map(() => failed ?? stopped) : await this.#request(chunk, signal)
      for (const [index, attempt] of outcomes.entries()) {
        attempts[chunk[index]?.at ?? 0] = attempt
        // An unreachable service fails all messages.
        if (attempt !== undefined && key !== '') failed ??= { is: 'retry', reason: behindKey(key) }
        else if (attempt?.is === 'retry' && attempt.away === true) failed ??= attempt
      }
    }
  }

  #chunk(line: Line, from: number): Line {
    let [bytes, to] = [0, from]
    for (; to < line.length && to - from < this.#config.request_messages; to++) {
      bytes += sizeOf(line[to]!.message)
      if (to > from && bytes > requestBytes) break
    }
    return line.slice(from, to)
  }

  async #request(chunk: Line, signal: AbortSignal): Promise<Attempt[]> {
    const [first] = chunk
    const size = first === undefined ? 0 : sizeOf(first.message)
    if (size > requestBytes)
      return [
        {
          is: 'reject',
          reason: `the message has ${size} bytes and exceeds the limit of Pub/Sub (${requestBytes})`,
          tooLarge: true,
        },
      ]
    const error = await this.#publish(
      chunk.map(({ message }) => message),
      signal,
    )
    if (error === undefined) return chunk.map(() => undefined)
    if (codeOf(error) !== code.invalid || chunk.length === 1) {
      await this.#forget(error)
      return chunk.map(() => publishFailure(error, this.#topic))
    }
    const attempts: Attempt[] = []
    for (const entry of chunk) {
      const key = entry.message.orderingKey
      const stuck = attempts.find((attempt) => attempt !== undefined && (key !== undefined || attempt.is === 'retry'))
      attempts.push(
        ...(stuck === undefined
          ? await this.#request([entry], signal)
          : [{ is: 'retry', reason: key === undefined ? stuck.reason : behindKey(key) } as const]),
      )
    }
    return attempts
  }

  async #publish(messages: readonly PubSubMessage[], signal: AbortSignal): Promise<unknown> {
    const client = this.#client
    if (client === undefined) return new Error('reconnecting')
    const sent = client.publish({ topic: this.#topic, messages: [...messages] }, callOptions(this.#config.timeout))
    return untilAborted(sent, signal, 'the sink is stopping').then(
      () => undefined,
      (error: unknown) => error ?? new Error('refused'),
    )
  }

  async #forget(error: unknown) {
    if (isLoginRejected(error)) await this.close()
  }

  async #connect(): Promise<PublisherClient> {
    const library = await loadClient()
    return new library.v1.PublisherClient(
      (await clientOptions(library, this.#config)) as ConstructorParameters<typeof library.v1.PublisherClient>[0],
    )
  }
}

const stopped: Attempt = {
  is: 'retry',
  reason: 'not sent: the sink is stopping, or the batch timed out',
}
