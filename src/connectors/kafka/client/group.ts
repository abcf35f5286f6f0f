import type { Consumer, Message, MessagesStream } from '@platformatic/kafka'
import { withTimeout } from '../../../host/with-timeout.ts'
import type { SourceContext } from '../../../engine/contracts.ts'
import { connectionOptions, loadClient } from './connect.ts'
import { errorText } from './errors.ts'
import type { GroupHooks, Offset } from './hooks.ts'
import type { KafkaSourceConfig } from '../config.ts'
import { withSinkTimeout } from '../../../messaging/sink-timeout.ts'

const usualRecords = 1000
const maxBytes = 4 * 2 ** 20
const fetchWaitMs = 1000
const fetchBytes = 2 * 2 ** 20
/** Beyond the session timeout: a join ends when all members joined. */
const joinMarginMs = 10_000
/** Requests the offset after the last record. */
const logEnd = -1n

export interface Group {
  readonly missing: readonly string[]
  partitions(): Record<string, readonly number[]>
  /** Records in order per partition; undefined if the group must be left. Rejects when the cluster is lost. */
  next(signal: AbortSignal, maxRecords?: number): Promise<readonly Message[] | undefined>
  commit(offsets: readonly Offset[]): Promise<void>
  close(): Promise<void>
}

export async function openGroup(
  config: KafkaSourceConfig,
  context: SourceContext,
  signal: AbortSignal,
  hooks?: GroupHooks,
): Promise<Group> {
  const { Consumer } = await loadClient()
  const { session_timeout: session, timeout } = config
  const consumer = new Consumer({
    ...(await connectionOptions(config, context)),
    requestTimeout: Math.max(timeout, session + joinMarginMs),
    groupId: config.group,
    autocommit: false,
    sessionTimeout: session,
    rebalanceTimeout: session,
    heartbeatInterval: Math.floor(session / 10),
    maxWaitTime: fetchWaitMs,
    maxBytes: fetchBytes,
    retries: 3,
    retryDelay: 500,
  })
  consumer.connections.on('connecting', ({ connection }) => connection.on('error', () => undefined))
  const member = new Member(consumer, config, context, hooks)
  try {
    await withSinkTimeout(member.join(), { timers: context.host.timers, ms: timeout + session + joinMarginMs }, signal)
    return member
  } catch (error) {
    await member.close()
    throw error
  }
}

class Member implements Group {
  missing: readonly string[] = []
  readonly #consumer: Consumer
  readonly #config: KafkaSourceConfig
  readonly #context: SourceContext
  readonly #hooks: GroupHooks | undefined
  #stream: MessagesStream<Buffer, Buffer, Buffer, Buffer> | undefined
  #topics: readonly string[] = []
  #ids: Readonly<Record<string, string>> = {}
  #partitionCounts = ''
  /** From the start of a rejoin until the stream of the new generation is open. */
  #rejoining = false
  #rejoined = false
  #nextRefresh = 0
  #initialOffsets: ReadonlyMap<string, bigint> | undefined
  #error: Error | undefined
  #wake = Promise.withResolvers<void>()

  constructor(consumer: Consumer, config: KafkaSourceConfig, context: SourceContext, hooks: GroupHooks | undefined) {
    this.#consumer = consumer
    this.#config = config
    this.#context = context
    this.#hooks = hooks
    // Without a listener a failed rejoin would end the process.
    consumer.on('error', (error: Error) => {
      this.#fail(error)
    })
  }

  async join(): Promise<void> {
    const counts = await this.#countPartitions()
    this.#partitionCounts = JSON.stringify(counts)
    const topics = this.#config.topics.filter((topic) => counts[topic] !== undefined)
    this.missing = this.#config.topics.filter((topic) => counts[topic] === undefined)
    if (topics.length === 0) return
    this.#topics = topics
    this.#consumer.on('consumer:group:join', () => {
      if (!this.#rejoining) return
      this.#rejoined = true
      this.#wake.resolve()
    })
    await this.#openStream()
    this.#context.log.info('Reading Kafka.', {
      source: this.#context.id,
      group: this.#config.group,
      topics: topics.join(', '),
    })
  }

  async #openStream() {
    const hooks = this.#hooks
    const stream = await this.#consumer.consume({
      topics: [...this.#topics],
      mode: 'committed',
      fallbackMode: this.#config.offset === 'oldest' ? 'earliest' : 'latest',
      ...(hooks === undefined ? {} : { protocolsMetadata: () => this.#beforeJoin(hooks) }),
    })
    const before = this.#stream
    this.#stream = stream
    before?.destroy()
    for (const [, connection] of stream.connections) connection.on('error', () => undefined)
    stream.connections.on('connecting', ({ connection }) => connection.on('error', () => undefined))
    stream.on('readable', () => {
      this.#wake.resolve()
    })
    stream.on('error', (error: Error) => {
      if (stream === this.#stream) this.#fail(error)
    })
    stream.on('close', () => {
      if (stream === this.#stream) this.#fail(this.#error ?? new Error('the stream of messages ended'))
    })
    stream.on('offsets', () => {
      if (stream !== this.#stream) return
      this.#initialOffsets = new Map(stream.offsetsToFetch)
      this.#wake.resolve()
    })
  }

  /** The library awaits it before each request to join. It carries no user data. */
  async #beforeJoin(hooks: GroupHooks): Promise<Buffer> {
    if (this.#stream !== undefined) {
      this.#rejoining = true
      this.#rejoined = false
      await hooks.beforeRejoin()
    }
    return Buffer.alloc(0)
  }

  #fail(error: Error) {
    this.#error = error
    this.#wake.resolve()
  }

  partitions(): Record<string, readonly number[]> {
    return Object.fromEntries((this.#consumer.assignments ?? []).map(({ topic, partitions }) => [topic, partitions]))
  }

  async next(signal: AbortSignal, maxRecords = usualRecords): Promise<readonly Message[] | undefined> {
    while (!signal.aborted) {
      if (this.#error !== undefined) throw this.#error
      if (
        this.#context.host.clock.monotonic() >= this.#nextRefresh &&
        JSON.stringify(await this.#countPartitions()) !== this.#partitionCounts
      )
        return undefined
      this.#wake = Promise.withResolvers<void>()
      if (this.#rejoined) {
        // Buffered records may belong to another member now.
        this.#rejoining = this.#rejoined = false
        this.#initialOffsets = undefined
        await this.#openStream()
      }
      const initialOffsets = this.#initialOffsets
      this.#initialOffsets = undefined
      if (initialOffsets !== undefined) await this.#commitInitialOffsets(initialOffsets)
      const records = this.#rejoining ? [] : this.#readBuffered(maxRecords)
      if (records.length > 0) return records
      await this.#waitForRecords(signal)
    }
    return undefined
  }

  async commit(offsets: readonly Offset[]): Promise<void> {
    const assigned = this.partitions()
    // Reassigned partitions belong to another member.
    const current = offsets
      .filter(({ topic, partition }) => assigned[topic]?.includes(partition) === true)
      .map((offset) => ({ ...offset, leaderEpoch: -1 }))
    const { timeout: ms } = this.#config
    if (current.length > 0)
      await withTimeout(this.#consumer.commit({ offsets: current }), {
        timers: this.#context.host.timers,
        ms,
        late: `the cluster did not store offsets within ${ms} ms`,
      })
  }

  async close(): Promise<void> {
    const leave = async () => {
      await this.#stream?.close()
      await this.#consumer.close(true)
    }
    // An unavailable cluster reassigns the partitions itself.
    await withTimeout(leave(), {
      timers: this.#context.host.timers,
      ms: this.#config.timeout,
      late: 'no response in time',
    }).catch(() => undefined)
    this.#stream?.destroy()
  }

  /** Otherwise `newest` would skip messages that arrive while no member reads. */
  async #commitInitialOffsets(initialOffsets: ReadonlyMap<string, bigint>) {
    const assigned = this.#consumer.assignments ?? []
    if (assigned.length === 0) return
    const committedOffsets = await this.#consumer.listCommittedOffsets({ topics: assigned })
    const offsets = assigned.flatMap(({ topic, partitions }) =>
      partitions.flatMap((partition) => {
        const offset = initialOffsets.get(`${topic}:${partition}`)
        return (committedOffsets.get(topic)?.[partition] ?? -1n) >= 0n || offset === undefined
          ? []
          : [{ topic, partition, offset, leaderEpoch: -1 }]
      }),
    )
    if (offsets.length > 0) await this.#consumer.commit({ offsets })
    if (this.#hooks === undefined) return
    const ends = await this.#consumer.listOffsets({ topics: assigned.map(({ topic }) => topic), timestamp: logEnd })
    await this.commit(
      this.#hooks.assigned({ partitions: this.partitions(), ids: this.#ids, starts: initialOffsets, ends }),
    )
  }

  async #countPartitions(): Promise<Readonly<Record<string, number>>> {
    const counts: Record<string, number> = {}
    const ids: Record<string, string> = {}
    await this.#consumer.metadata({ topics: [] })
    for (const topic of this.#config.topics) {
      try {
        const clusterTopicMetadata = (await this.#consumer.metadata({ topics: [topic], forceUpdate: true })).topics.get(
          topic,
        )
        counts[topic] = clusterTopicMetadata?.partitionsCount ?? 0
        ids[topic] = clusterTopicMetadata?.id ?? ''
      } catch (error) {
        if (!errorText(error).startsWith('Unknown topic')) throw error
      }
    }
    this.#ids = ids
    this.#nextRefresh = this.#context.host.clock.monotonic() + this.#config.refresh
    return counts
  }

  #readBuffered(maxRecords: number): Message[] {
    const records: Message[] = []
    for (let bytes = 0; records.length < maxRecords && bytes < maxBytes;) {
      const message = this.#stream?.read() as Message | null | undefined
      if (message === null || message === undefined) break
      records.push(message)
      bytes += message.value?.length ?? 0
    }
    return records
  }

  async #waitForRecords(signal: AbortSignal) {
    const wake = () => {
      this.#wake.resolve()
    }
    const timer = this.#context.host.timers.after(
      Math.max(0, this.#nextRefresh - this.#context.host.clock.monotonic()),
      wake,
    )
    signal.addEventListener('abort', wake, { once: true })
    if (signal.aborted) wake()
    await this.#wake.promise
    timer.cancel()
    signal.removeEventListener('abort', wake)
  }
}
