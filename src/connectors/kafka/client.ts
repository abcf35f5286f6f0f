import type { Broker } from '@platformatic/kafka'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Context } from '../../engine/contracts.ts'
import { formatHostPort } from '../../schema/values.ts'
import { anyConnection, apiOf, connectionOptions, loadClient, openBase } from './client/connect.ts'
import { whyLost, whyNotConnected } from './client/errors.ts'
import { openProduce } from './client/produce.ts'
import { Publishing, type Topic } from './client/publish.ts'
import type { Live } from './client/requests.ts'
import { Sequences, type Producer } from './client/sequence.ts'
import { topicFor } from './client/topic.ts'
import type { KafkaConfig } from './config.ts'
import type { KafkaMessage } from './map.ts'
import { outboxOf, type Outbox } from './map/outbox.ts'
import { unavailable, withSinkTimeout } from '../../messaging/sink-timeout.ts'

export class KafkaPublisher {
  readonly #config: KafkaConfig
  readonly #context: Context
  readonly #sequences = new Sequences()
  #live: Live | undefined
  #connecting: Promise<void> | undefined
  #closed = false
  #brokers: readonly Broker[]

  constructor(config: KafkaConfig, context: Context) {
    this.#config = config
    this.#context = context
    this.#brokers = config.brokers
  }

  async ready(signal: AbortSignal): Promise<string | undefined> {
    if (this.#live !== undefined && this.#sequences.producer !== undefined) return undefined
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined
    })
    try {
      await withSinkTimeout(this.#connecting, { timers: this.#context.host.timers, ms: this.#config.timeout }, signal)
      return undefined
    } catch (error) {
      return whyNotConnected(error, this.#config)
    }
  }

  async publishAll(messages: readonly KafkaMessage[], signal: AbortSignal): Promise<readonly Attempt[]> {
    return this.publish(
      [outboxOf(messages, this.#config.partitioner)],
      messages.map(({ topic }) => topic),
      signal,
    )
  }

  async publish(
    outboxes: Iterable<Outbox>,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Attempt[]> {
    const live = this.#live
    const attempts: Attempt[] = []
    const { timers, clock } = this.#context.host
    const limit = { timers, ms: this.#config.timeout }
    const topics = new Map<string, Topic>()
    let publishing: Publishing | undefined
    let lost = false
    if (live !== undefined)
      await Promise.all(
        Array.from(new Set(names), async (topic) => {
          topics.set(
            topic,
            await withSinkTimeout(topicFor(live, topic, this.#config, this.#context), limit, signal).catch(
              (error: unknown) => {
                lost = true
                return { problem: whyNotConnected(error, this.#config) }
              },
            ),
          )
        }),
      )
    for (const outbox of outboxes) {
      if (live === undefined) {
        for (let at = 0; at < outbox.records.count; at++) attempts.push(unavailable('the connection is closed'))
        continue
      }
      publishing ??= new Publishing(live, this.#sequences, outbox, {
        config: this.#config,
        clock,
        signal,
        orStop: (promise) => withSinkTimeout(promise, limit, signal),
        whyLost: (error, broker) => whyLost(error, this.#config, broker),
      })
      for (const attempt of await publishing.run(outbox, topics)) attempts.push(attempt)
    }
    if (live !== undefined && (lost || publishing?.lost === true)) await this.#disconnect(live)
    return attempts
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#connecting?.catch(() => undefined)
    if (this.#live !== undefined) await this.#disconnect(this.#live)
  }

  async #connect() {
    const live = this.#live ?? (await this.#open())
    try {
      if (this.#sequences.producer === undefined) this.#sequences.begin(await beginProducer(live, this.#config.timeout))
      if (this.#closed) throw new Error('the sink is closed')
    } catch (error) {
      await this.#disconnect(live)
      throw error
    }
    if (this.#live !== live)
      this.#context.log.info('Connected to Kafka.', { brokers: this.#brokers.map(formatHostPort).join(', ') })
    this.#live = live
  }

  async #open(): Promise<Live> {
    // The first broker may accept connections and never respond.
    const [first, ...others] = this.#brokers
    if (first !== undefined) this.#brokers = [...others, first]
    const library = await loadClient()
    const base = await openBase(library, await connectionOptions(this.#config, this.#context, this.#brokers))
    for (const broker of base.currentMetadata?.brokers.values() ?? []) {
      const learned = { host: broker.host, port: broker.port }
      if (!this.#brokers.some((candidate) => formatHostPort(candidate) === formatHostPort(learned)))
        this.#brokers = [...this.#brokers, learned]
    }
    try {
      return { library, base, produce: await openProduce(library, base) }
    } catch (error) {
      await base.close().catch(() => undefined)
      throw error
    }
  }

  async #disconnect(live: Live) {
    if (this.#live === live) this.#live = undefined
    await live.base.close().catch(() => undefined)
  }
}

async function beginProducer({ library, base }: Live, timeout: number): Promise<Producer> {
  const connection = await anyConnection(library, base)
  const api = await apiOf<[transactionalId: null, timeout: number, id: bigint, epoch: number], Producer>(
    library,
    base,
    'InitProducerId',
  )
  return api.async(connection, null, timeout, -1n, -1)
}
