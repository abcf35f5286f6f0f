import { withoutUrlSecrets } from '../../model/url-text.ts'
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream'
import type { JournalContext, JournalDriver } from '../../engine/contracts.ts'
import type { Timers } from '../../host/index.ts'
import type { BusRecord, BusWriter, Channel, JournalBus } from '../../journal/index.ts'
import { SharedConnection } from '../../messaging/shared-connection.ts'
import { connectionOptions, loadClient } from './client-connect.ts'
import { whyNotConnected } from './client-errors.ts'
import { ExpectingWriter, type JournalClient } from './client-journal.ts'
import type { NatsJournalConfig } from './config.ts'
import { keyOf, positionOf, positionsPerMessage, sequenceAfter, unpack } from './map-journal.ts'

export const journal: JournalDriver<NatsJournalConfig> = openNatsJournal

type Stored = Pick<JsMsg, 'seq' | 'subject' | 'data'>

const mostAtOnce = 500
const nanoseconds = 1e6

/** One stream per partition, and one for small records. Rejects if no server responds or JetStream is disabled. */
export async function openNatsJournal(config: NatsJournalConfig, context: JournalContext): Promise<JournalBus> {
  const journal = new NatsJournal(config, context)
  try {
    await journal.open()
    return journal
  } catch (error) {
    await journal.close()
    throw error
  }
}

class NatsJournal implements JournalBus {
  readonly where: string
  readonly stride = positionsPerMessage
  readonly #config: NatsJournalConfig
  readonly #context: JournalContext
  readonly #connection = new SharedConnection<JournalClient>(
    () => this.#connect(),
    ({ connection }) => connection.close(),
  )
  #partitions = 0

  constructor(config: NatsJournalConfig, context: JournalContext) {
    this.#config = config
    this.#context = context
    this.where = `streams ${config.stream}-* on ${withoutUrlSecrets(config.url)}`
  }

  get partitions(): number {
    return this.#partitions
  }

  async open(): Promise<void> {
    const { partitions, keep } = this.#config
    // The partition count is fixed at creation.
    const description = await this.#ensure('records', {
      max_msgs_per_subject: 1,
      description: `partitions=${partitions}`,
    })
    this.#partitions = Number(/^partitions=(\d+)$/.exec(description)?.[1] ?? partitions)
    for (let partition = 0; partition < this.#partitions; partition++)
      await this.#ensure(partition, { max_age: keep * nanoseconds })
  }

  claim(name: string): Promise<BusWriter> {
    const { random } = this.#context.host
    const claim = Array.from({ length: 4 }, () => Math.floor(random.next() * 2 ** 32).toString(36)).join('-')
    return Promise.resolve(
      new ExpectingWriter({
        name: `${this.#config.stream}/${name}`,
        claim,
        timeout: this.#config.timeout,
        target: (channel) => this.#place(channel),
        client: () => this.#connection.get(),
      }),
    )
  }

  async *read(channel: Channel, after: number, signal: AbortSignal): AsyncGenerator<readonly BusRecord[]> {
    const client = await this.#connection.get()
    const { library, stream } = client
    const position = this.#place(channel)
    const consumer = await stream.consumers.get(position.stream, {
      deliver_policy: library.DeliverPolicy.StartSequence,
      opt_start_seq: sequenceAfter(after),
    })
    const messages = await consumer.consume({ max_messages: mostAtOnce })
    const stop = () => {
      messages.stop()
    }
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    try {
      let next = sequenceAfter(after)
      for await (const came of together(messages, this.#context.host.timers)) {
        const some = channel === 'records' ? came : await this.#whole(client, position.stream, next, came)
        next = (some.at(-1)?.seq ?? next) + 1
        const records = some
          .flatMap((message) =>
            unpack(message.seq, keyOf(message.subject.slice(position.prefix.length + 1)), message.data),
          )
          .filter((record) => record.position > after)
        if (records.length > 0) yield records
      }
      if (!signal.aborted) throw new Error('the connection is lost')
    } finally {
      signal.removeEventListener('abort', stop)
      messages.stop()
    }
  }

  /** Fetches gaps left by a lagging replica. */
  async #whole(
    { manager }: JournalClient,
    stream: string,
    from: number,
    came: readonly JsMsg[],
  ): Promise<readonly Stored[]> {
    const whole: Stored[] = []
    let [next, oldest] = [from, 0]
    for (const message of came) {
      if (message.seq > next && oldest === 0) oldest = (await manager.streams.info(stream)).state.first_seq
      for (let seq = Math.max(next, oldest); seq < message.seq; seq++) {
        const missing = await manager.streams.getMessage(stream, { seq })
        if (missing !== null) whole.push(missing)
      }
      whole.push(message)
      next = message.seq + 1
    }
    return whole
  }

  async bounds(channel: Channel): Promise<Readonly<{ before: number; last: number }>> {
    const { state } = await (await this.#connection.get()).manager.streams.info(this.#place(channel).stream)
    return { before: positionOf(Math.max(0, state.first_seq - 1)), last: positionOf(state.last_seq) }
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  async #connect(): Promise<JournalClient> {
    try {
      const library = await loadClient()
      const connection = await library.connect(await connectionOptions(library, this.#config, this.#context))
      const client = {
        library,
        connection,
        stream: library.jetstream(connection),
        manager: await library.jetstreamManager(connection, { timeout: this.#config.timeout, checkAPI: false }),
      }
      // The library stops reconnecting after two rejections.
      const lose = () => this.#connection.discard(client)
      connection.closed().then(lose, lose)
      return client
    } catch (error) {
      throw new Error(whyNotConnected(error, this.#config), { cause: error })
    }
  }

  #place(channel: Channel): Readonly<{ stream: string; prefix: string }> {
    const name = `${this.#config.stream}-${channel}`
    return { stream: name, prefix: name }
  }

  async #ensure(
    channel: Channel,
    settings: Readonly<{ max_msgs_per_subject?: number; max_age?: number; description?: string }>,
  ): Promise<string> {
    const { library, manager } = await this.#connection.get()
    const { stream, prefix } = this.#place(channel)
    try {
      return (await manager.streams.info(stream)).config.description ?? ''
    } catch (error) {
      if (!(error instanceof library.JetStreamApiError) || error.code !== library.JetStreamApiCodes.StreamNotFound)
        throw error
    }
    if (!this.#context.create)
      throw new Error(`stream ${stream} does not exist yet; the first instance to start creates it`)
    const { config } = await manager.streams.add({
      name: stream,
      subjects: [`${prefix}.>`],
      num_replicas: this.#config.replicas,
      ...settings,
    })
    this.#context.log.info('Created a stream for the journal.', { stream })
    return config.description ?? ''
  }
}

/** The library's pending count is unreliable. */
async function* together(messages: ConsumerMessages, timers: Timers): AsyncGenerator<readonly JsMsg[]> {
  const coming = messages[Symbol.asyncIterator]()
  for (let next = coming.next(); ;) {
    const first = await next
    if (first.done === true) return
    const jsMsgs = [first.value]
    next = coming.next()
    while (jsMsgs.length < mostAtOnce) {
      const more = await Promise.race([next, timers.yield()])
      if (more === undefined || more.done === true) break
      jsMsgs.push(more.value)
      next = coming.next()
    }
    yield jsMsgs
  }
}
