import type { Source, SourceContext } from '../../engine/contracts.ts'
import type { MemoryLease } from '../../host/index.ts'
import { backoffMs } from '../../host/backoff.ts'
import { defineSource } from '../../engine/define.ts'
import { appendEvents } from '../../engine/sources/append-events.ts'
import type { SourceFeed } from '../../engine/sources/feed.ts'
import { healthOfPlaces, type SourceHealth } from '../../engine/sources/health.ts'
import { messageOf } from '../../model/errors.ts'
import { withoutUndefined } from '../../model/json.ts'
import type { WeirEvent } from '../../model/events.ts'
import { feedSource, withoutUrlSecrets } from '../../model/url-text.ts'
import { openLeaderLease } from '../../net/kubernetes/leader-lease.ts'
import { readTls } from '../../net/tls.ts'
import { chunks, isTooLarge } from '../../polling/chunks.ts'
import { runAsLeader } from '../../polling/leader.ts'
import { PollError } from '../../polling/poll-error.ts'
import { pollOnSchedule } from '../../polling/schedule.ts'
import type { HttpAnswer } from '../../net/http/client.ts'
import { PollClient } from './client.ts'
import { probeApi } from './client-probe.ts'
import type { HttpPollConfig, httpPollSchema } from './config.ts'
import {
  cursorText,
  dataOf,
  greater,
  nextPage,
  pageMemory,
  noState,
  readPage,
  seenDigest,
  stateFrom,
  stateOf,
  type PolledPage,
  type PollState,
} from './map.ts'

export const source = defineSource<typeof httpPollSchema>('http-poll', { build: openHttpPoll, probe: probeApi })

const maxWaitMs = 10 * 60_000

/** A Lease holds at most as many keys. */
const leaseKeys = 500

type HttpPollStatus = Readonly<{
  records: number
  lastPoll: number | undefined
  why?: string
}>

export interface HttpPollSource extends Source {
  status(): HttpPollStatus
  health(): SourceHealth | undefined
}

export async function openHttpPoll(config: HttpPollConfig, context: SourceContext): Promise<HttpPollSource> {
  const lease = await openLeaderLease(config.lease, context)
  const client = new PollClient(config, context, await readTls(config.tls, context.host.disk))
  const poller = new Poller(config, context, client)
  const record = lease?.record ?? context.replay?.shared?.leaderRecord
  return {
    addresses: [],
    status: () => poller.status(),
    feed: () => poller.feed(),
    health: () => healthOfPlaces([poller.status()]),
    async run(signal) {
      try {
        if (record === undefined) await poller.run(signal)
        else
          await runAsLeader(
            {
              context,
              record,
              what: `the API of ${context.id}`,
              state: () => poller.shared(),
              ...(lease === undefined ? {} : { durationMs: lease.durationMs }),
            },
            signal,
            async (leading, before, isLeader) => {
              poller.lead(before, isLeader)
              await poller.run(leading)
            },
          )
      } finally {
        client.close()
        lease?.close()
      }
    },
  }
}

class Poller {
  readonly #config: HttpPollConfig
  readonly #context: SourceContext
  readonly #client: PollClient
  readonly #place: string
  #state: PollState
  readonly #seen: Set<string>
  #isLeader = () => true
  #records = 0
  #lastPoll: number | undefined
  #lastRecord: number | undefined
  #nextPoll: number | undefined
  /** Polls without a usable response since the last one. */
  #failed = 0
  #why: string | undefined

  constructor(config: HttpPollConfig, context: SourceContext, client: PollClient) {
    this.#config = config
    this.#context = context
    this.#client = client
    this.#place = withoutUrlSecrets(config.url)
    this.#state = stateFrom(context.cursor) ?? noState
    this.#seen = new Set(this.#state.seen)
  }

  status(): HttpPollStatus {
    return {
      records: this.#records,
      lastPoll: this.#lastPoll,
      ...(this.#why === undefined ? {} : { why: this.#why }),
    }
  }

  feed(): SourceFeed {
    return {
      records: this.#records,
      ...withoutUndefined({ lastRecord: this.#lastRecord, why: this.#why }),
      poll: withoutUndefined({ last: this.#lastPoll, next: this.#nextPoll, cursor: cursorText(this.#state) }),
    }
  }

  shared(): PollState {
    return { ...this.#state, seen: this.#state.seen.slice(-leaseKeys) }
  }

  /** The newer of the own state and that of the previous leader applies. */
  lead(before: unknown, isLeader: () => boolean): void {
    this.#isLeader = isLeader
    const given = stateOf(before)
    if (given === undefined || given.at <= this.#state.at) return
    for (const key of given.seen) this.#seen.add(key)
    this.#state = { ...given, seen: [...this.#seen].slice(-this.#config.remember) }
  }

  run(signal: AbortSignal): Promise<void> {
    const { host } = this.#context
    const scheduled = (at: number): void => void (this.#nextPoll = at)
    return pollOnSchedule({ host, every: this.#config.every, scheduled }, (until) => this.#cycle(until), signal)
  }

  async #cycle(signal: AbortSignal): Promise<number> {
    const { log, id, host } = this.#context
    try {
      await this.#poll(signal)
      if (this.#why !== undefined) log.info('The API is readable again.', { source: id })
      this.#why = undefined
      this.#failed = 0
      if (!signal.aborted) this.#lastPoll = host.clock.now()
      return 0
    } catch (error) {
      if (signal.aborted) return 0
      const why = messageOf(error)
      if (this.#why !== why)
        log.warn('The API cannot be read; Weir polls again.', { source: id, api: this.#place, why })
      this.#why = why
      const { every } = this.#config
      const limits = { firstMs: 2 * every, maxMs: Math.max(maxWaitMs, every), jitter: 0.1 }
      const delay = backoffMs(limits, this.#failed++, host.random.next())
      return Math.max(delay, error instanceof PollError ? error.afterMs : 0)
    }
  }

  async #poll(signal: AbortSignal) {
    const { paging } = this.#config
    const maxPages = paging.type === 'none' ? 1 : paging.max_pages
    for (let page = 0; page < maxPages && !signal.aborted; page++) {
      const before = this.#state
      const answer = await this.#client.page(before, signal)
      if (answer === undefined) return
      const isLast = await this.#context.host.memory.use(answer.body.length, (memory) =>
        this.#take(answer, { page, before, memory }, signal),
      )
      if (isLast) return
    }
  }

  /** Whether no page follows. */
  async #take(
    { headers, body, status }: HttpAnswer,
    { page, before, memory }: Readonly<{ page: number; before: PollState; memory: MemoryLease }>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { paging } = this.#config
    let read: PolledPage = { records: [], document: undefined }
    if (status !== 204 && body.length > 0) {
      memory.grow(pageMemory(body, this.#config))
      read = readPage(body, this.#config, (bytes) => memory.grow(bytes))
    }
    const next = nextPage(this.#config, read, headers['link'], before.next)
    const resumes = paging.type === 'cursor' && paging.resume
    const { etag, 'last-modified': modified } = headers
    const isFirst = before.next === undefined
    const state = {
      at: this.#context.host.clock.now(),
      // Validators are those of the first page.
      ...(isFirst
        ? withoutUndefined({ etag, modified })
        : withoutUndefined({ etag: before.etag, modified: before.modified })),
      ...withoutUndefined({
        next: next ?? (resumes ? before.next : undefined),
        since: read.records.reduce<string | undefined>((most, { since }) => greater(most, since), before.since),
      }),
    }
    await this.#record(read, state, page, signal)
    return next === undefined
  }

  async #record(read: PolledPage, state: Omit<PollState, 'seen'>, page: number, signal: AbortSignal) {
    const { context, config } = { context: this.#context, config: this.#config }
    const { metrics, id: source } = context
    const events: WeirEvent[] = []
    const fresh = new Set<string>()
    const counts = { duplicate: 0, too_large: 0 }
    for (const [index, record] of read.records.entries()) {
      const seen = record.key === undefined ? undefined : seenDigest(record.key)
      if (seen !== undefined && (this.#seen.has(seen) || fresh.has(seen))) {
        counts.duplicate++
        continue
      }
      const event: WeirEvent = {
        id: record.key ?? `${state.at}-${page}-${index}`,
        source: feedSource(config.url, context.id),
        type: config.event_type,
        ...dataOf(record),
      }
      if (seen !== undefined) fresh.add(seen)
      if (isTooLarge(event)) counts.too_large++
      else events.push(event)
    }
    if (counts.too_large > 0) {
      context.shed('too_large', counts.too_large)
      context.log.warn('Records are too large to be stored.', { source, records: counts.too_large })
    }
    if (!this.#isLeader()) throw new Error('another instance is the leader')
    const seen = [...this.#seen, ...fresh].slice(-config.remember)
    const after: PollState = { ...state, seen }
    await this.#append(events, after, signal)
    this.#state = after
    this.#seen.clear()
    for (const key of seen) this.#seen.add(key)
    this.#records += events.length
    if (events.length > 0) this.#lastRecord = context.host.clock.now()
    for (const [outcome, count] of Object.entries({ ...counts, taken: events.length }))
      if (count > 0) metrics.count('weir_http_poll_records_total', count, { source, outcome })
  }

  /** The state is durable with the last rows. Without rows it is stored only if it changed. */
  async #append(events: readonly WeirEvent[], after: PollState, signal: AbortSignal) {
    const cursor = new TextEncoder().encode(JSON.stringify(after))
    if (events.length === 0) {
      const { at: _, ...position } = after
      const { at: __, ...before } = this.#state
      if (JSON.stringify(position) !== JSON.stringify(before)) await appendEvents(this.#context, [], { signal, cursor })
      return
    }
    for (const [chunk, isLast] of chunks(events))
      await appendEvents(this.#context, chunk, { signal, once: true, ...(isLast ? { cursor } : {}) })
  }
}
