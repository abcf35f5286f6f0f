import type { ServiceBusClient, ServiceBusMessageBatch, ServiceBusSender } from '@azure/service-bus'
import { withTimeout } from '../../host/with-timeout.ts'
import { problemWithTimeout } from '../../messaging/sink-timeout.ts'
import { behindKey, type Attempt } from '../../engine/delivery/in-order.ts'
import type { Context, Probe } from '../../engine/contracts.ts'
import { hangUp, makeClient, whileOpen } from './client-connect.ts'
import { codeOf, isOfConnection, isOfMessage, verdict, why } from './client-errors.ts'
import type { ServiceBusConfig } from './config.ts'
import { sizeOf, type ServiceBusMessage } from './map.ts'

export interface Outgoing {
  readonly key: string | undefined
  readonly message: ServiceBusMessage
}

interface Live {
  readonly client: ServiceBusClient
  readonly sender: ServiceBusSender
  /** Bytes of the largest message that may be sent. */
  readonly largest: number
}

/** Messages that go one request after the other, in their order, and where each stands among all of a send. */
type Line = { readonly at: number; readonly outgoing: Outgoing }[]

/** Service Bus takes no larger batch, however large a message may be. */
const largestBatch = 1 << 20
const closeMs = 2000
const stopped: Attempt = {
  is: 'retry',
  reason: 'not sent: the sink is stopping, or the time for this batch was used up',
}

/** One connection with one link, made when it is first needed and again after it was lost or our login was refused. */
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

  /** Undefined when messages may be sent; else why not, in words. Ends within the timeout, at once when the signal aborts. */
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
        (error: unknown) => why(error, entity, 'Send'),
      )
      .finally(() => {
        this.#opening = undefined
      })
    return problemWithTimeout(
      this.#opening,
      { timers: this.#context.host.timers, ms: timeout, late: `Service Bus gave no answer within ${timeout} ms` },
      signal,
    )
  }

  /** The attempts of all messages, in their order. Behind one that failed none of its key is sent. */
  async sendAll(messages: readonly Outgoing[], signal: AbortSignal): Promise<readonly Attempt[]> {
    const sending = new Sending(messages.length)
    // A batch stays within a session and a partition.
    const apart = this.#config.sessions || this.#config.partition_key
    const lines = new Map<string, Line>()
    for (const [at, outgoing] of messages.entries()) {
      const name = (apart ? outgoing.key : undefined) ?? ''
      const line = lines.get(name)
      if (line === undefined) lines.set(name, [{ at, outgoing }])
      else line.push({ at, outgoing })
    }
    const waiting = [...lines.values()]
    const late = this.#context.host.clock.monotonic() + this.#config.timeout
    const over = (): boolean => signal.aborted || this.#context.host.clock.monotonic() > late
    const work = async (): Promise<void> => {
      for (let line = waiting.shift(); line !== undefined; line = waiting.shift())
        await this.#sendLine(line, sending, over, signal)
    }
    await Promise.all(Array.from({ length: Math.min(this.#config.concurrency, lines.size) }, work))
    return sending.attempts
  }

  /** Over a connection of its own, with what is configured now; nothing is sent. */
  async probe(signal: AbortSignal): Promise<Probe> {
    const { entity, timeout } = this.#config
    const { host } = this.#context
    let says = ''
    const opening = this.#open().then(
      async ({ client, largest }) => {
        says = `${client.fullyQualifiedNamespace}: logged in, ${entity} is there and takes messages of up to ${largest} bytes`
        await hangUp(client, host, closeMs)
        return undefined
      },
      (error: unknown) => why(error, entity, 'Send'),
    )
    const problem = await problemWithTimeout(
      opening,
      { timers: host.timers, ms: timeout, late: `Service Bus gave no answer within ${timeout} ms` },
      signal,
    )
    return problem === undefined ? { is: 'ok', says } : { is: 'fail', says: problem }
  }

  async close(): Promise<void> {
    await this.#opening
    const live = this.#live
    this.#live = undefined
    if (live !== undefined) await hangUp(live.client, this.#context.host, Math.min(closeMs, this.#config.timeout))
  }

  async #sendLine(line: Line, sending: Sending, over: () => boolean, signal: AbortSignal): Promise<void> {
    for (let from = 0; from < line.length;) {
      if (over()) return
      const live = this.#live
      if (live === undefined)
        return sending.fail(line.slice(from), { is: 'retry', reason: 'the connection is being made anew' })
      let chunk: Line
      try {
        chunk = await this.#sendChunk(live, line, from, sending, signal)
      } catch (error) {
        // The rest would fare no better.
        if (isOfConnection(error)) this.#forget(live)
        return sending.fail(line.slice(from), verdict(error, this.#config.entity))
      }
      from += chunk.length
    }
  }

  /** Sends as many as fit into one request. Resolves with those whose fate is known; rejects when it is not theirs. */
  async #sendChunk(live: Live, line: Line, from: number, sending: Sending, signal: AbortSignal): Promise<Line> {
    const [first] = line.slice(from, from + 1)
    if (first === undefined || sending.stuck(first)) return line.slice(from, from + 1)
    const batch = await live.sender.createMessageBatch({
      maxSizeInBytes: Math.min(live.largest, largestBatch),
      abortSignal: signal,
    })
    let to = from
    while (
      to < line.length &&
      !sending.stuck(line[to] as Line[number]) &&
      batch.tryAddMessage((line[to] as Line[number]).outgoing.message)
    )
      to++
    const chunk = line.slice(from, Math.max(to, from + 1))
    if (chunk.length === 1) {
      sending.settle(first, await this.#sendOne(live, first.outgoing.message, signal))
      return chunk
    }
    try {
      await this.#send(live, batch, signal)
      for (const one of chunk) sending.settle(one, undefined)
    } catch (error) {
      if (!isOfMessage(error)) throw error
      // One of them is to blame: each goes by itself.
      for (const one of chunk)
        if (!sending.stuck(one)) sending.settle(one, await this.#sendOne(live, one.outgoing.message, signal))
    }
    return chunk
  }

  async #sendOne(live: Live, message: ServiceBusMessage, signal: AbortSignal): Promise<Attempt> {
    const { largest } = live
    const size = sizeOf(message)
    if (size > largest)
      return {
        is: 'reject',
        reason: `with about ${size} bytes it is larger than may be sent (${largest}; see \`max_message\`, and the tier of the namespace)`,
        tooLarge: true,
      }
    try {
      await this.#send(live, message, signal)
      return undefined
    } catch (error) {
      if (!isOfMessage(error)) throw error
      return verdict(error, this.#config.entity)
    }
  }

  #send({ sender }: Live, messages: ServiceBusMessage | ServiceBusMessageBatch, signal: AbortSignal): Promise<void> {
    return whileOpen(sender, sender.sendMessages(messages, { abortSignal: signal }), this.#context.host)
  }

  /** Opens the link, which shows whether we may, and how large a message may be. */
  async #open(): Promise<Live> {
    const client = await makeClient(this.#config, this.#context)
    try {
      const sender = client.createSender(this.#config.entity)
      const { timeout: ms } = this.#config
      // By itself the library would wait a minute for each step.
      const { maxSizeInBytes: largest } = await withTimeout(sender.createMessageBatch(), {
        timers: this.#context.host.timers,
        ms,
        late: `no answer within ${ms} ms`,
      })
      return { client, sender, largest: Math.min(largest, this.#config.max_message ?? Infinity) }
    } catch (error) {
      this.#drop(client)
      throw error
    }
  }

  /** The next send connects anew, and reads the connection string for it. */
  #forget(live: Live): void {
    if (this.#live !== live) return
    this.#live = undefined
    this.#announced = false
    this.#drop(live.client)
  }

  #drop(client: ServiceBusClient): void {
    hangUp(client, this.#context.host, closeMs).catch((error: unknown) => {
      this.#context.log.debug('A connection was not closed in good order.', { reason: codeOf(error) })
    })
  }
}

/** What becomes of the messages of one send. */
class Sending {
  readonly attempts: Attempt[]
  readonly #failedKeys = new Set<string>()

  constructor(count: number) {
    this.attempts = Array.from({ length: count }, () => stopped)
  }

  settle({ at, outgoing: { key } }: Line[number], attempt: Attempt): void {
    this.attempts[at] = attempt
    if (attempt !== undefined && key !== undefined) this.#failedKeys.add(key)
  }

  /** An earlier one of its key failed: it is not to be sent now. */
  stuck({ at, outgoing: { key } }: Line[number]): boolean {
    if (key === undefined || !this.#failedKeys.has(key)) return false
    this.attempts[at] = { is: 'retry', reason: behindKey(key) }
    return true
  }

  fail(line: Line, attempt: Attempt): void {
    for (const one of line) if (!this.stuck(one)) this.settle(one, attempt)
  }
}
