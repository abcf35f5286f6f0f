import type { Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { appendEvents } from '../../engine/sources/append-events.ts'
import type { FeedGaps, SourceFeed } from '../../engine/sources/feed.ts'
import type { SourceHealth } from '../../engine/sources/health.ts'
import { awaitedLimit, awaitMemory } from '../../host/await-memory.ts'
import { self } from '../../host/process.ts'
import type { WeirEvent } from '../../model/events.ts'
import { runStream, type StreamConnection, type StreamMessage } from '../../net/http/stream.ts'
import { readTls, type TlsOptions } from '../../net/tls.ts'
import { withoutUndefined } from '../../model/json.ts'
import { feedSource, withoutUrlSecrets } from '../../model/url-text.ts'
import { streamTarget } from './client.ts'
import { probeFeed } from './client-probe.ts'
import type { WebsocketConfig, websocketSchema } from './config.ts'
import { classified, feedMemory, gapEvent, idOf, messageEvent, rejectedIn, sequenceOf, unparsed } from './map.ts'
import { Sequences } from './map-sequence.ts'

export const source = defineSource<typeof websocketSchema>('websocket', {
  build: openWebsocket,
  probe: probeFeed,
})

const [connectMs, missedPings, stableMs] = [10_000, 3, 60_000]
const unitBytes = 384 * 1024

/**
 * Messages of the largest size that wait while the journal is behind. With more, or more than this share of the memory
 * for decoding, the socket is not read, and the feed has to wait or to close.
 */
const [bufferedMessages, memoryShare] = [4, 4]

/** `memory`: bytes that decoding makes. */
type Measured = Readonly<{ data: Uint8Array; memory: number }>

type WebsocketStatus = Readonly<{
  connected: boolean
  messages: number
  gaps: number
  missing: number
  connections: number
  why?: string
}>

export interface WebsocketSource extends Source {
  status(): WebsocketStatus
  health(): SourceHealth | undefined
}

export async function openWebsocket(config: WebsocketConfig, context: SourceContext): Promise<WebsocketSource> {
  return new Websocket(config, context, await readTls(config.tls, context.host.disk))
}

class Websocket implements WebsocketSource {
  readonly addresses: readonly string[] = []
  readonly #config: WebsocketConfig
  readonly #context: SourceContext
  readonly #tls: TlsOptions | undefined
  readonly #sequences: Sequences
  readonly #place: string
  #number = 0
  #messages = 0
  #gaps = 0
  #missing = 0
  #connections = 0
  #lastMessage: number | undefined
  #lastGap: FeedGaps['last']
  #isConnected = false
  #isReconnected: boolean
  #why: string | undefined
  #rejected = ''
  #ackLimit: { cancel(): void } | undefined
  #beat: { cancel(): void } | undefined
  #idle: { cancel(): void } | undefined
  #connection: StreamConnection | undefined

  constructor(config: WebsocketConfig, context: SourceContext, tls: TlsOptions | undefined) {
    this.#config = config
    this.#context = context
    this.#tls = tls
    this.#place = withoutUrlSecrets(config.url)
    this.#sequences = new Sequences(context.cursor)
    this.#isReconnected = context.cursor !== undefined
  }

  status(): WebsocketStatus {
    const why = this.health()?.why
    return {
      connected: this.#isConnected,
      messages: this.#messages,
      gaps: this.#gaps,
      missing: this.#missing,
      connections: this.#connections,
      ...(why === undefined ? {} : { why }),
    }
  }

  feed(): SourceFeed {
    const last = this.#lastGap
    return {
      records: this.#messages,
      connected: this.#isConnected,
      reconnects: Math.max(0, this.#connections - 1),
      ...withoutUndefined({ lastRecord: this.#lastMessage, why: this.health()?.why }),
      ...(this.#config.sequence === null
        ? {}
        : { gaps: { count: this.#gaps, missing: this.#missing, ...withoutUndefined({ last }) } }),
    }
  }

  health(): SourceHealth | undefined {
    if (!this.#isConnected && this.#why !== undefined)
      return { why: this.#why, counts: this.#messages === 0 ? 'now' : 'lasting' }
    return this.#rejected === ''
      ? undefined
      : { why: `the feed rejected the subscription of ${this.#rejected}`, counts: 'partly' }
  }

  async run(signal: AbortSignal): Promise<void> {
    const {
      context: { host, metrics, log, id },
      config: { max_message: messageBytes, ping: pingMs, backoff },
    } = { context: this.#context, config: this.#config }
    try {
      await runStream(
        {
          host,
          target: () => streamTarget(this.#config),
          take: (messages, until) => this.#takeAll(messages, until),
          opened: (connection) => {
            this.#opened(connection)
          },
          changed: (isOpen, reason) => {
            if (isOpen) return
            this.#ended()
            if (this.#isConnected || this.#why !== reason)
              log.warn('The connection to the feed ended; Weir connects again.', {
                source: id,
                feed: this.#place,
                reason,
              })
            if (this.#isConnected) metrics.count('weir_websocket_connections_total', 1, { source: id })
            this.#isConnected = false
            this.#isReconnected = true
            this.#why = `the feed ${this.#place} is not connected: ${reason}`
          },
          tls: this.#tls,
          proxyEnv: self.env,
          messageBytes,
          bufferBytes: Math.min(messageBytes * bufferedMessages, host.memory.capacity / memoryShare),
          connectMs,
          pingMs,
          missedPings,
          backoff: { firstMs: backoff.initial, maxMs: backoff.max_wait, jitter: 1, stableMs },
        },
        signal,
      )
    } finally {
      this.#ended()
    }
  }

  #opened(connection: StreamConnection) {
    const { ack, heartbeat } = this.#config
    const { timers } = this.#context.host
    this.#connection = connection
    this.#connections++
    this.#isConnected = true
    this.#why = undefined
    this.#rejected = ''
    this.#active()
    if (ack !== null) {
      this.#ackLimit = timers.after(ack.timeout, () => {
        connection.end(`no response to the subscription within ${ack.timeout} ms`)
      })
    }
    if (heartbeat === null) return
    const beat = () => {
      connection.send(heartbeat.message)
      this.#beat = timers.after(heartbeat.every, beat)
    }
    this.#beat = timers.after(heartbeat.every, beat)
  }

  #active() {
    const { idle } = this.#config
    const connection = this.#connection
    this.#idle?.cancel()
    this.#idle =
      connection === undefined
        ? undefined
        : this.#context.host.timers.after(idle, () => {
            connection.end(`no message within ${idle} ms`)
          })
  }

  #ended() {
    for (const timer of [this.#ackLimit, this.#beat, this.#idle]) timer?.cancel()
    this.#connection = undefined
  }

  /** The memory of a large message is free when the journal has it, so that it is the last of its unit. */
  async #takeAll(messages: readonly StreamMessage[], signal: AbortSignal) {
    const all = messages.map(({ data }): Measured => ({ data, memory: feedMemory(data) }))
    for (let from = 0, end = 0; end < all.length; from = end) {
      for (let bytes = 0; end < all.length && bytes <= unitBytes; end++) bytes += all[end]!.data.length
      const unit = all.slice(from, end)
      const memory = unit.reduce((sum, message) => sum + message.memory, 0)
      // The feed waits while others use the memory.
      const lease = await awaitMemory(this.#context.host, memory, signal)
      try {
        await this.#take(unit, signal)
      } finally {
        lease.release()
      }
    }
  }

  /** A gap comes before the message after it, in the same unit. */
  async #take(messages: readonly Measured[], signal: AbortSignal) {
    const { context, config } = { context: this.#context, config: this.#config }
    const feed = feedSource(config.url, context.id)
    this.#active()
    const events: WeirEvent[] = []
    const counts = { dropped: 0, ack: 0, taken: 0 }
    const gaps: { missing: number }[] = []
    const { host } = context
    for (const { data, memory } of messages) {
      // A message of which parsing needs more is stored as its bytes.
      const { is, document } = memory > awaitedLimit(host.memory) ? unparsed : classified(data, config)
      if (is === 'ack') {
        counts.ack++
        this.#acknowledged(document)
        continue
      }
      const numbered = sequenceOf(document, config)
      const gap = numbered === undefined ? undefined : this.#sequences.take(numbered.key, numbered.at)
      if (gap !== undefined) {
        gaps.push({ missing: gap.to - gap.from + 1 })
        this.#lastGap = { time: context.host.clock.now(), ...gap }
        events.push(gapEvent({ ...gap, reconnected: this.#isReconnected }, feed, context.host.clock.now()))
        this.#isReconnected = false
      }
      if (is === 'drop') {
        counts.dropped++
        continue
      }
      counts.taken++
      const id = idOf(data, document, config) ?? `${context.epoch}-${++this.#number}`
      events.push(messageEvent(data, document, { id, source: feed, type: config.event_type }))
    }
    const { duplicates = 0 } =
      events.length === 0
        ? {}
        : await appendEvents(context, events, { signal, once: true, cursor: this.#sequences.cursor() })
    // A repeated gap is a duplicate, too, but no message.
    const taken = Math.max(0, counts.taken - duplicates)
    this.#messages += taken
    if (taken > 0) this.#lastMessage = context.host.clock.now()
    const { id: source, metrics, log } = context
    for (const [outcome, count] of Object.entries({
      ...counts,
      taken,
      duplicate: duplicates,
    }))
      if (count > 0) metrics.count('weir_websocket_messages_total', count, { source, outcome })
    if (gaps.length === 0) return
    const missing = gaps.reduce((sum, gap) => sum + gap.missing, 0)
    this.#gaps += gaps.length
    this.#missing += missing
    metrics.count('weir_websocket_gaps_total', gaps.length, { source })
    metrics.count('weir_websocket_missing_messages_total', missing, { source })
    log.warn('Messages of the feed are missing.', { source, feed: this.#place, gaps: gaps.length, missing })
  }

  #acknowledged(document: unknown) {
    this.#ackLimit?.cancel()
    const rejected = rejectedIn(document, this.#config.ack?.fails ?? null)
    if (rejected === '' || rejected === this.#rejected) return
    this.#rejected = rejected
    this.#context.log.warn('The feed rejected a subscription.', {
      source: this.#context.id,
      feed: this.#place,
      rejected,
    })
  }
}
