/** Sources of programs that push over HTTP. A request is answered when its rows are synced. */
import type { Source, SourceContext } from '../engine/contracts.ts'
import { appendEvents } from '../engine/sources/append-events.ts'
import type { SourceFeed } from '../engine/sources/feed.ts'
import { withoutUndefined } from '../model/json.ts'
import type { EventRows } from '../model/event-rows.ts'
import type { MemoryLease } from '../host/index.ts'
import type { HttpListeners } from '../net/http/listeners.ts'
import type { RefusalReason } from '../net/http/push-refused.ts'
import { openReceiver, type PushAnswer, type PushRequest, type ReceiverOptions } from '../net/http/receiver.ts'
import { revealSecret } from '../net/secrets.ts'
import { TlsFiles } from '../net/tls-files.ts'
import type { HostPort, Secret } from '../schema/values.ts'
import type { ListenerTls } from '../schema/listener-tls.ts'
import { PushedRows, type Decoding } from './pushed-rows.ts'

export type PushOutcome<T> = Readonly<{
  answer: T
  /** The request has a fault, although some of its rows may be stored. */
  refused?: Readonly<{ reason: RefusalReason; message: string }>
}>

export type Decode<T> = (rows: PushedRows) => Decoding<PushOutcome<T>>

type Metric = Parameters<SourceContext['metrics']['count']>[0]

type PushSourceParts = Readonly<{
  config: Readonly<{
    listen: readonly HostPort[]
    tls: ListenerTls | null
    token: Secret | null
    max_body: number
  }>
  context: SourceContext
  /** Decodes a request, by path. Throws PushRefused. */
  routes: Readonly<Record<string, (request: PushRequest) => Decode<PushAnswer>>>
  /** Path that responds to GET as ready. */
  ready?: string
  /** Both have the labels `source` and `outcome`. */
  metrics: Readonly<{ requests: Metric; rows: Metric }>
  /** The setting of clients to check if nothing arrives. */
  hint: string
  explain?: ReceiverOptions['explain']
  /** Opens listeners of another protocol, with the same TLS. */
  openMore?: (pushes: PushTaker, tls: TlsFiles | undefined) => Promise<MoreListeners>
}>

export interface PushTaker {
  /** Resolves with the answer when all rows are synced. */
  take<T>(lease: MemoryLease, decode: Decode<T>): Promise<T>
  refuse(reason: RefusalReason, message: string): void
}

export interface MoreListeners {
  readonly addresses: readonly string[]
  renew(): void
  close(): Promise<void>
}

export type PushStatus = Readonly<{
  requests: number
  rows: number
  refused: Readonly<Partial<Record<RefusalReason, number>>>
  last: number | undefined
  why?: string
}>

export interface PushSource extends Source {
  status(): PushStatus
}

const housekeepingMs = 30_000

export async function openPushSource(parts: PushSourceParts): Promise<PushSource> {
  const source = new Pushes(parts)
  await source.open()
  return source
}

class Pushes implements PushSource {
  readonly #parts: PushSourceParts
  readonly #refused: Partial<Record<RefusalReason, number>> = {}
  #listeners: HttpListeners | undefined
  #more: MoreListeners | undefined
  #files: TlsFiles | undefined
  #requests = 0
  #rows = 0
  #last: number | undefined

  constructor(parts: PushSourceParts) {
    this.#parts = parts
  }

  get addresses(): readonly string[] {
    return [...(this.#listeners?.addresses ?? []), ...(this.#more?.addresses ?? [])]
  }

  async open(): Promise<void> {
    const { config, context, routes, explain, openMore, ready } = this.#parts
    this.#files = await TlsFiles.ofListener(config.tls, context.host.disk)
    this.#listeners = await openReceiver({
      places: config.listen,
      tls: this.#files?.current,
      token: config.token === null ? undefined : revealSecret(config.token),
      maxBytes: config.max_body,
      memory: context.host.memory,
      timers: context.host.timers,
      routes: Object.fromEntries(
        Object.entries(routes).map(
          ([path, decode]) => [path, (request) => this.#take(request.lease, decode(request))] as const,
        ),
      ),
      ...(explain === undefined ? {} : { explain }),
      ...(ready === undefined ? {} : { ready }),
      refused: (reason, message) => {
        this.#refuse(reason, message)
      },
    })
    try {
      this.#more = await openMore?.(
        {
          take: (lease, decode) => this.#take(lease, decode),
          refuse: (reason, message) => {
            this.#refuse(reason, message)
          },
        },
        this.#files,
      )
    } catch (error) {
      await this.#listeners.close()
      throw error
    }
  }

  status(): PushStatus {
    const { hint } = this.#parts
    const isSilent = this.#requests === 0 && this.addresses.length > 0
    return {
      requests: this.#requests,
      rows: this.#rows,
      refused: this.#refused,
      last: this.#last,
      ...(isSilent ? { why: `No request was accepted at ${this.addresses.join(' or ')}: ${hint}.` } : {}),
    }
  }

  feed(): SourceFeed {
    const { why } = this.status()
    return { records: this.#rows, refused: this.#refused, ...withoutUndefined({ lastRecord: this.#last, why }) }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { id, log, host } = this.#parts.context
    while (!signal.aborted) {
      await host.timers.sleep(housekeepingMs, signal)
      if (signal.aborted) break
      const files = this.#files
      const use = () => {
        if (files !== undefined) this.#listeners?.renew(files.current)
        this.#more?.renew()
      }
      await files?.renew('the listener', log, use, { source: id })
    }
    await Promise.all([this.#listeners?.close(), this.#more?.close()])
  }

  /** A chunk is appended while the next one is decoded. */
  async #take<T>(lease: MemoryLease, decode: Decode<T>): Promise<T> {
    const { context, metrics, config } = this.#parts
    const rows = new PushedRows(lease, config.max_body)
    let appending: Promise<void> = Promise.resolve()
    try {
      const decoding = decode(rows)
      for (;;) {
        const step = decoding.next()
        const isDone = step.done === true
        if (isDone || rows.isFull) {
          await appending
          appending = this.#append(rows.take())
          appending.catch(() => {})
        }
        if (!isDone) {
          await context.host.timers.yield()
          continue
        }
        await appending
        const { answer, refused } = step.value
        this.#count(rows.left)
        if (refused !== undefined) this.#refuse(refused.reason, refused.message)
        else context.metrics.count(metrics.requests, 1, { source: context.id, outcome: 'taken' })
        this.#requests++
        this.#last = context.host.clock.now()
        return answer
      }
    } finally {
      await appending.catch(() => {})
      rows.release()
    }
  }

  async #append(rows: EventRows | undefined) {
    if (rows === undefined) return
    const { context } = this.#parts
    try {
      const { duplicates = 0 } = await appendEvents(context, rows.batch(), { signal: AbortSignal.abort(), once: true })
      const taken = rows.count - duplicates
      this.#count({ taken, duplicate: duplicates })
      this.#rows += taken
    } finally {
      rows.release()
    }
  }

  #count(outcomes: Readonly<Record<string, number>>) {
    const { context, metrics } = this.#parts
    for (const [outcome, rows] of Object.entries(outcomes)) {
      if (rows === 0) continue
      if (outcome !== 'taken' && outcome !== 'duplicate') context.shed(outcome, rows)
      context.metrics.count(metrics.rows, rows, { source: context.id, outcome })
    }
  }

  #refuse(reason: RefusalReason, message: string) {
    const { context, metrics } = this.#parts
    const seen = this.#refused[reason]
    this.#refused[reason] = (seen ?? 0) + 1
    context.metrics.count(metrics.requests, 1, { source: context.id, outcome: reason })
    if (seen === undefined) context.log.warn('A request was refused.', { source: context.id, reason, message })
  }
}
