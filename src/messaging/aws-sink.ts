/** Messages ready in the same event-loop turn share a request. */
import type { Attempt } from '../engine/delivery/in-order.ts'
import type { Context, Listening, Probe, Sink } from '../engine/contracts.ts'
import { awsOptions, type AwsOptions } from './aws-client.ts'
import { entryFailure, awsFailure, errorText, tooLarge, type AwsEntryError } from './aws-errors.ts'
import { toAwsMessage, type AwsMessage } from './aws-message.ts'
import type { AwsConfig } from './aws-settings.ts'
import { eachMessageSink, type MessageSinkConfig } from './message-sink.ts'
import { unavailable, withSinkTimeout } from './sink-timeout.ts'

interface AwsSinkConfig extends AwsConfig, MessageSinkConfig {
  readonly max_message: number
  readonly group: string
}

type AwsTarget = Readonly<{
  address: string
  name: string
  allowed: string
  open(options: AwsOptions): Promise<AwsClient>
  listen(mayCreate: boolean): Promise<Listening | string>
}>

export interface AwsClient {
  publish(messages: readonly AwsMessage[], signal: AbortSignal): Promise<readonly AwsEntryError[]>
  verify(signal: AbortSignal): Promise<void>
  destroy(): void
}

const maxPerRequest = 10

export function awsSink(config: AwsSinkConfig, context: Context, target: AwsTarget): Promise<Sink> {
  const publisher = new AwsPublisher(config, context, target)
  const form = { fifo: target.address.endsWith('.fifo'), group: config.group }
  return eachMessageSink(config, context, {
    ready: () => publisher.ready(),
    write: (message) => toAwsMessage(message, form),
    publish: (written, signal) => publisher.publish(written, signal),
    show: ({ body, attributes, group }) => ({
      to: group === undefined ? target.name : `${target.name} (group ${group.id})`,
      headers: attributes,
      body: Buffer.from(body),
    }),
    probe: (signal) => publisher.probe(signal),
    listen: (_signal, { mayCreate }) => target.listen(mayCreate),
    close: () => publisher.close(),
  })
}

type PendingMessage = Readonly<{
  message: AwsMessage
  settle: (outcome: Attempt) => void
}>

interface Request {
  readonly waiting: PendingMessage[]
  readonly signal: AbortSignal
  bytes: number
}

class AwsPublisher {
  readonly #config: AwsSinkConfig
  readonly #context: Context
  readonly #place: AwsTarget
  #client: AwsClient | undefined
  #open: Request | undefined

  constructor(config: AwsSinkConfig, context: Context, target: AwsTarget) {
    this.#config = config
    this.#context = context
    this.#place = target
  }

  async ready(): Promise<string | undefined> {
    if (this.#client !== undefined) return undefined
    try {
      const client = await this.#build()
      if (this.#client === undefined) this.#client = client
      else client.destroy()
      return undefined
    } catch (error) {
      return errorText(error)
    }
  }

  publish(message: AwsMessage, signal: AbortSignal): Promise<Attempt> {
    const { max_message: most } = this.#config
    if (message.bytes > most) return Promise.resolve(tooLarge(message.bytes, most))
    const { promise, resolve } = Promise.withResolvers<Attempt>()
    const open = this.#open
    if (open !== undefined && (open.signal !== signal || open.bytes + message.bytes > most)) this.#flush(open)
    const request = this.#open ?? this.#begin(signal)
    request.waiting.push({ message, settle: resolve })
    request.bytes += message.bytes
    if (request.waiting.length === maxPerRequest) this.#flush(request)
    return promise
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    const { name, allowed } = this.#place
    let client: AwsClient | undefined
    try {
      client = await this.#build()
      const request = client
      await this.#limited(signal, (limit) => request.verify(limit))
      return {
        is: 'ok',
        message: `${name} exists and the credentials are valid; write permission is verified only by sending a message`,
      }
    } catch (error) {
      const {
        attempt: { reason },
        denied,
      } = awsFailure(error, name, allowed)
      return client !== undefined && denied
        ? {
            is: 'warn',
            message:
              `the credentials are valid, but ${name} may not be read; write permission is verified only by ` +
              'sending a message',
          }
        : { is: 'fail', message: reason }
    } finally {
      client?.destroy()
    }
  }

  close(): Promise<void> {
    this.#client?.destroy()
    this.#client = undefined
    return Promise.resolve()
  }

  async #build() {
    return this.#place.open(await awsOptions(this.#config, this.#context.host, this.#place.address))
  }

  #begin(signal: AbortSignal): Request {
    const request: Request = { waiting: [], signal, bytes: 0 }
    this.#open = request
    this.#context.host.timers.yield().then(
      () => {
        this.#flush(request)
      },
      (error: unknown) => {
        settleAll(request.waiting, unavailable(errorText(error)))
      },
    )
    return request
  }

  #flush(request: Request) {
    if (this.#open !== request) return
    this.#open = undefined
    this.#send(request.waiting, request.signal).catch((error: unknown) => {
      settleAll(request.waiting, unavailable(errorText(error)))
    })
  }

  async #send(waiting: readonly PendingMessage[], signal: AbortSignal) {
    const { name, allowed } = this.#place
    const client = this.#client
    if (client === undefined) {
      settleAll(waiting, unavailable('the connection is closed'))
      return
    }
    try {
      const faults = await this.#limited(signal, (limit) =>
        client.publish(
          waiting.map(({ message }) => message),
          limit,
        ),
      )
      const faultById = new Map(faults.map((fault) => [fault.id, fault]))
      for (const [index, { settle }] of waiting.entries()) {
        const fault = faultById.get(String(index))
        settle(fault === undefined ? undefined : entryFailure(fault, name))
      }
    } catch (error) {
      const { attempt, login, requestTooLarge } = awsFailure(error, name, allowed)
      if (requestTooLarge) {
        await this.#sendSingly(waiting, signal, attempt.reason)
        return
      }
      if (login && this.#client === client) {
        this.#client = undefined
        client.destroy()
      }
      settleAll(waiting, attempt)
    }
  }

  async #sendSingly(waiting: readonly PendingMessage[], signal: AbortSignal, reason: string) {
    if (waiting.length === 1) settleAll(waiting, { is: 'reject', reason, tooLarge: true })
    else for (const entry of waiting) await this.#send([entry], signal)
  }

  async #limited<T>(signal: AbortSignal, request: (limit: AbortSignal) => Promise<T>): Promise<T> {
    if (signal.aborted) throw new Error('the sink is stopping')
    const limit = new AbortController()
    try {
      return await withSinkTimeout(
        request(limit.signal),
        { timers: this.#context.host.timers, ms: this.#config.timeout },
        signal,
      )
    } catch (error) {
      limit.abort()
      throw error
    }
  }
}

function settleAll(waiting: readonly PendingMessage[], outcome: Attempt) {
  for (const { settle } of waiting) settle(outcome)
}
