import type { ServiceBusClient, ServiceBusMessageBatch, ServiceBusSender } from '@azure/service-bus'
import { withTimeout } from '../../host/with-timeout.ts'
import { problemWithTimeout } from '../../messaging/sink-timeout.ts'
import { behindKey, type Attempt } from '../../engine/delivery/in-order.ts'
import type { Context, Probe } from '../../engine/contracts.ts'
import { closeClient, makeClient, whileOpen } from './client-connect.ts'
import { codeOf, isOfConnection, isOfMessage, sendFailure, unavailableReason } from './client-errors.ts'
import type { ServiceBusConfig } from './config.ts'
import { sizeOf, type ServiceBusMessage } from './map.ts'

type Outgoing = Readonly<{
  key: string | undefined
  message: ServiceBusMessage
}>

type Live = Readonly<{
  client: ServiceBusClient
  sender: ServiceBusSender
  maxBytes: number
}>

type Queue = Readonly<{ at: number; outgoing: Outgoing }>[]

const maxBatchBytes = 1 << 20
const closeMs = 2000
const stopped: Attempt = {
  is: 'retry',
  reason: 'not sent: the sink is stopping, or the batch timed out',
}

/** One connection with one link, reopened after a loss and after a rejected login. */
export class ServiceBusPublisher {
  readonly #config: ServiceBusConfig
  readonly #context: Context
  #live: Live | undefined
  #opening: Promise<string | undefined> | undefined
  #announced = false

  constructor(config: ServiceBusConfig, context: Context) {
    this.#config = config
    this.#context = context
  }

  ready(signal: AbortSignal): Promise<string | undefined> {
    if (this.#live !== undefined) return Promise.resolve(undefined)
    const { timeout, entity } = this.#config
    this.#opening ??= this.#open()
      .then(
        (live) => {
          this.#live = live
          if (!this.#announced)
            this.#context.log.info('Connected to Service Bus.', {
              namespace: live.client.fullyQualifiedNamespace,
              entity,
            })
          this.#announced = true
          return undefined
        },
        (error: unknown) => unavailableReason(error, entity, 'Send'),
      )
      .finally(() => {
        this.#opening = undefined
      })
    return problemWithTimeout(
      this.#opening,
      { timers: this.#context.host.timers, ms: timeout, late: `Service Bus did not respond within ${timeout} ms` },
      signal,
    )
  }

  /** Attempts in order. After a failure no later message of the key is sent. */
  async sendAll(messages: readonly Outgoing[], signal: AbortSignal): Promise<readonly Attempt[]> {
    const sending = new Sending(messages.length)
    const apart = this.#config.sessions || this.#config.partition_key
    const lines = new Map<string, Queue>()
    for (const [at, outgoing] of messages.entries()) {
      const name = (apart ? outgoing.key : undefined) ?? ''
      const line = lines.get(name)
      if (line === undefined) lines.set(name, [{ at, outgoing }])
      else line.push({ at, outgoing })
    }
    const waiting = [...lines.values()]
    const late = this.#context.host.clock.monotonic() + this.#config.timeout
    const over = () => signal.aborted || this.#context.host.clock.monotonic() > late
    const work = async () => {
      for (let line = waiting.shift(); line !== undefined; line = waiting.shift())
        await this.#sendLine(line, sending, over, signal)
    }
    await Promise.all(Array.from({ length: Math.min(this.#config.concurrency, lines.size) }, work))
    return sending.attempts
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    const { entity, timeout } = this.#config
    const { host } = this.#context
    let message = ''
    const opening = this.#open().then(
      async ({ client, maxBytes }) => {
        message =
          `${client.fullyQualifiedNamespace}: logged in, ${entity} exists and accepts messages of up to ` +
          `${maxBytes} bytes`
        await closeClient(client, host, closeMs)
        return undefined
      },
      (error: unknown) => unavailableReason(error, entity, 'Send'),
    )
    const problem = await problemWithTimeout(
      opening,
      { timers: host.timers, ms: timeout, late: `Service Bus did not respond within ${timeout} ms` },
      signal,
    )
    return problem === undefined ? { is: 'ok', message } : { is: 'fail', message: problem }
  }

  async close(): Promise<void> {
    await this.#opening
    const live = this.#live
    this.#live = undefined
    if (live !== undefined) await closeClient(live.client, this.#context.host, Math.min(closeMs, this.#config.timeout))
  }

  async #sendLine(line: Queue, sending: Sending, over: () => boolean, signal: AbortSignal) {
    for (let from = 0; from < line.length;) {
      if (over()) return
      const live = this.#live
      if (live === undefined) return sending.fail(line.slice(from), { is: 'retry', reason: 'reconnecting' })
      let chunk: Queue
      try {
        chunk = await this.#sendChunk(live, line, from, sending, signal)
      } catch (error) {
        if (isOfConnection(error)) this.#forget(live)
        return sending.fail(line.slice(from), sendFailure(error, this.#config.entity))
      }
      from += chunk.length
    }
  }

  /** Resolves to the messages with an outcome. Rejects if the failure concerns all. */
  async #sendChunk(live: Live, line: Queue, from: number, sending: Sending, signal: AbortSignal): Promise<Queue> {
    const [first] = line.slice(from, from + 1)
    if (first === undefined || sending.isBlocked(first)) return line.slice(from, from + 1)
    const batch = await live.sender.createMessageBatch({
      maxSizeInBytes: Math.min(live.maxBytes, maxBatchBytes),
      abortSignal: signal,
    })
    let to = from
    while (to < line.length && !sending.isBlocked(line[to]!) && batch.tryAddMessage(line[to]!.outgoing.message)) to++
    const chunk = line.slice(from, Math.max(to, from + 1))
    if (chunk.length === 1) {
      sending.settle(first, await this.#sendOne(live, first.outgoing.message, signal))
      return chunk
    }
    try {
      await this.#send(live, batch, signal)
      for (const entry of chunk) sending.settle(entry, undefined)
    } catch (error) {
      if (!isOfMessage(error)) throw error
      for (const entry of chunk)
        if (!sending.isBlocked(entry)) sending.settle(entry, await this.#sendOne(live, entry.outgoing.message, signal))
    }
    return chunk
  }

  async #sendOne(live: Live, message: ServiceBusMessage, signal: AbortSignal): Promise<Attempt> {
    const { maxBytes } = live
    const size = sizeOf(message)
    if (size > maxBytes)
      return {
        is: 'reject',
        reason:
          `the message has about ${size} bytes and exceeds the limit (${maxBytes}; see \`max_message\`, and the ` +
          'tier of the namespace)',
        tooLarge: true,
      }
    try {
      await this.#send(live, message, signal)
      return undefined
    } catch (error) {
      if (!isOfMessage(error)) throw error
      return sendFailure(error, this.#config.entity)
    }
  }

  #send({ sender }: Live, messages: ServiceBusMessage | ServiceBusMessageBatch, signal: AbortSignal) {
    return whileOpen(sender, sender.sendMessages(messages, { abortSignal: signal }), this.#context.host)
  }

  async #open(): Promise<Live> {
    const client = await makeClient(this.#config, this.#context)
    try {
      const sender = client.createSender(this.#config.entity)
      const { timeout: ms } = this.#config
      const { maxSizeInBytes: maxBytes } = await withTimeout(sender.createMessageBatch(), {
        timers: this.#context.host.timers,
        ms,
        late: `no response within ${ms} ms`,
      })
      return { client, sender, maxBytes: Math.min(maxBytes, this.#config.max_message ?? Infinity) }
    } catch (error) {
      this.#close(client)
      throw error
    }
  }

  #forget(live: Live) {
    if (this.#live !== live) return
    this.#live = undefined
    this.#announced = false
    this.#close(live.client)
  }

  #close(client: ServiceBusClient) {
    closeClient(client, this.#context.host, closeMs).catch((error: unknown) => {
      this.#context.log.debug('Closing a connection failed.', { reason: codeOf(error) })
    })
  }
}

class Sending {
  readonly attempts: Attempt[]
  readonly #failedKeys = new Set<string>()

  constructor(count: number) {
    this.attempts = Array.from({ length: count }, () => stopped)
  }

  settle({ at, outgoing: { key } }: Queue[number], attempt: Attempt): void {
    this.attempts[at] = attempt
    if (attempt !== undefined && key !== undefined) this.#failedKeys.add(key)
  }

  isBlocked({ at, outgoing: { key } }: Queue[number]): boolean {
    if (key === undefined || !this.#failedKeys.has(key)) return false
    this.attempts[at] = { is: 'retry', reason: behindKey(key) }
    return true
  }

  fail(line: Queue, attempt: Attempt): void {
    for (const entry of line) if (!this.isBlocked(entry)) this.settle(entry, attempt)
  }
}
