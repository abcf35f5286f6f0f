import type { Timer } from '../../host/index.ts'
import type { Frame } from '../../journal/types.ts'
import type { BatchKind } from '../../model/batches.ts'
import type { NewestFlows } from '../../store/newest/index.ts'
import type { Principal } from '../access/principal.ts'
import type { Flows } from '../../topics/completion/reading.ts'
import { scopeFilter } from '../../topics/scope.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import type { Channel } from './channel.ts'
import { journalName } from './journal-name.ts'
import { Ring, type RingFrame } from './ring.ts'
import { defaultViews, type ViewChange, type ViewSpec } from './spec.ts'
import { isSeen, noted, SharedPositions, type Vector } from './shared-positions.ts'
import { maxInspectedRows } from './rows-view.ts'
import { LiveStream } from './stream.ts'

interface Session {
  readonly user: string
  views: readonly ViewSpec[]
  paused: boolean
  stream: LiveStream | undefined
}

export type LastPosition = Readonly<{
  sequence: number | undefined
  seen: Vector | undefined
}>

const maxSessions = 1000
const usedMs = 30_000
/** For each byte in the journal's encoding. */
const tableBytes = 16

export class Hub {
  readonly rings: Readonly<Record<BatchKind, Ring>>
  readonly #context: ApiContext
  readonly #folder: string | undefined
  readonly #streams = new Set<LiveStream>()
  readonly #sessions = new Map<string, Session>()
  #unwatch: () => void = () => {}
  #timer: Timer | undefined
  #shared: SharedPositions | undefined
  /** Frames of a shared journal that arrived before its positions. */
  #started = false
  #early: NonNullable<ReturnType<typeof noted>>[] = []
  /** When a request read the newest rows (monotonic ms). */
  #usedAt = -Infinity
  #newest: Promise<NewestFlows> | undefined
  newest = 0
  journal = ''
  newestReceived = 0

  constructor(context: ApiContext, folder?: string) {
    this.#context = context
    this.#folder = folder
    const { ringRows: rows, ringBytes: bytes, ringMs: ageMs } = context.limits
    // Events are only shown, so their ring is smaller.
    this.rings = { flows: new Ring({ rows, bytes, ageMs }), events: new Ring({ rows, bytes: bytes / 4, ageMs }) }
    for (const kind of ['flows', 'events'] as const) {
      this.rings[kind].onEvict = (frame) => {
        this.#shared?.evicted(kind, frame)
        this.#streams.forEach((stream) => stream.evicting(kind, frame))
      }
    }
  }

  async start(): Promise<void> {
    this.journal = await journalName(this.#context.host, this.#folder)
    this.#unwatch = this.#context.control.watch(
      (frame) => this.#take(frame),
      () => this.#isViewed,
    )
    const since = this.#context.host.clock.now()
    const { journal } = await this.#context.control.pipeline()
    this.newest = Math.max(this.newest, journal.sequence)
    this.rings.flows.startAfter(journal.sequence, since)
    this.rings.events.startAfter(journal.sequence, since)
    const shared = await this.#context.control.shared?.()
    if (shared !== undefined) this.#shared = new SharedPositions(shared, this.#early)
    this.#early = []
    this.#started = true
  }

  #take(frame: Frame) {
    const { kind, count, sequence, received } = frame.header
    if (sequence > this.newest) this.newest = sequence
    if (this.#shared !== undefined || !this.#started) this.#note(frame)
    if (kind === 'empty' || count === 0 || this.#context.control.shows?.(frame.header) === false) return
    this.newestReceived = received
    this.rings[kind].push(frame)
  }

  #note(frame: Frame) {
    const note = noted(frame.header)
    if (note === undefined) return
    if (this.#shared === undefined) this.#early.push(note)
    else this.#shared.note(note)
  }

  /** For queries without a store. */
  async newestFlows(): Promise<Required<Flows>> {
    const { host, log, resolver, limits, fair } = this.#context
    this.#usedAt = host.clock.monotonic()
    this.#newest ??= import('../../store/newest/index.ts').then(
      ({ NewestFlows: Tables }) =>
        new Tables({
          host,
          log,
          resolver,
          frames: this.rings.flows,
          rows: limits.ringRows,
          bytes: tableBytes * limits.ringBytes,
        }),
    )
    const tables = await this.#newest
    return { store: fair(tables.reader), since: () => tables.since }
  }

  get #isViewed(): boolean {
    return this.#streams.size > 0 || this.#context.host.clock.monotonic() - this.#usedAt < usedMs
  }

  get fromSeq(): number {
    const firsts = [this.rings.flows.first, this.rings.events.first].filter((first) => first !== undefined)
    return firsts.length === 0 ? this.newest : Math.min(...firsts)
  }

  span(principal: Principal): { fromSeq: number; toSeq: number; flows: number; events: number } {
    return {
      ...(principal.namespaces === undefined
        ? { fromSeq: this.fromSeq, toSeq: this.newest }
        : { fromSeq: 0, toSeq: 0 }),
      flows: this.#rowsOf('flows', principal),
      events: this.#rowsOf('events', principal),
    }
  }

  #rowsOf(kind: BatchKind, principal: Principal): number {
    const scope = scopeFilter(principal, kind)
    const ring = this.rings[kind]
    if (scope === undefined) return ring.rows
    let [rows, inspected] = [0, 0]
    for (const { batch, frame, count } of ring.after(0).reverse()) {
      // The counts are partial from here.
      if (inspected >= maxInspectedRows) break
      inspected += count
      const test = scope(batch, frame.header, this.#context.resolver)
      for (let row = 0; row < count; row++) if (test(row)) rows += 1
    }
    return rows
  }

  put(sid: string, user: string, change: ViewChange): boolean {
    const { views, paused } = change
    const session = this.#session(sid, user)
    session.views = views
    session.paused = paused
    session.stream?.change(change)
    return session.stream !== undefined
  }

  /** Throws 429 at a limit. Call before the response begins. */
  admit(user: string, sid: string | undefined): void {
    if (sid !== undefined && this.#session(sid, user).stream !== undefined) return
    const { streamsPerServer, streamsPerUser } = this.#context.limits
    const streamsOfUser = [...this.#streams].filter((stream) => stream.user === user).length
    const full =
      this.#streams.size >= streamsPerServer
        ? `${streamsPerServer} live streams on this server`
        : streamsOfUser >= streamsPerUser
          ? `${streamsPerUser} live streams per user`
          : undefined
    if (full === undefined) return
    throw new ApiError('WEIR_API_LIMIT', `The limit is ${full}.`, {
      headers: { 'retry-after': '10' },
      hints: ['Close another tab or stream. One stream can carry several views.'],
    })
  }

  /** Sequence, name of this journal, and position in a shared one. */
  eventIdAt(sequence: number, seen: Vector | undefined): string {
    return `${sequence}@${this.journal}${this.#shared?.text(sequence, seen) ?? ''}`
  }

  positionOf(written: string): LastPosition {
    const [part = '', shared] = written.split('+')
    const [sequence, journal = this.journal] = part.split('@')
    const [name = '', ...positions] = shared?.split('.') ?? []
    return {
      sequence: journal === this.journal && Number(sequence) <= this.newest ? Number(sequence) : undefined,
      seen: this.#shared?.read(name, positions),
    }
  }

  resumeAfter(
    kind: BatchKind,
    { sequence, seen }: LastPosition,
  ): Readonly<{ from: number; seen?: (frame: RingFrame) => boolean }> | undefined {
    if (seen === undefined) return sequence === undefined ? undefined : { from: sequence }
    return {
      from: sequence ?? this.#shared?.from(kind, this.rings[kind], seen, this.newest) ?? 0,
      seen: (frame) => isSeen(seen, frame),
    }
  }

  open(channel: Channel, principal: Principal, sid: string | undefined, last: LastPosition | undefined): void {
    const session = sid === undefined ? undefined : this.#session(sid, principal.id)
    // A client may reconnect before the server notices the lost connection.
    session?.stream?.end()
    const stream = new LiveStream(this, this.#context, channel, principal)
    if (session !== undefined) session.stream = stream
    this.#streams.add(stream)
    channel.onClose(() => {
      this.#streams.delete(stream)
      if (session?.stream === stream) session.stream = undefined
      if (this.#streams.size === 0) this.#stopTicking()
    })
    stream.start({ views: session?.views ?? defaultViews, paused: session?.paused ?? false }, last)
    this.#timer ??= this.#context.host.timers.every(this.#context.limits.tickMs, () => this.#tick())
  }

  #session(sid: string, user: string): Session {
    const existing = this.#sessions.get(sid)
    if (existing !== undefined) {
      if (existing.user !== user) throw new ApiError('WEIR_API_NOT_FOUND', `You have no live session "${sid}".`)
      return existing
    }
    if (this.#sessions.size >= maxSessions) {
      for (const [old, { stream }] of this.#sessions) {
        if (stream !== undefined) continue
        this.#sessions.delete(old)
        break
      }
    }
    const session: Session = { user, views: defaultViews, paused: false, stream: undefined }
    this.#sessions.set(sid, session)
    return session
  }

  #tick() {
    for (const stream of this.#streams) stream.tick()
  }

  #stopTicking() {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  async stop(): Promise<void> {
    this.#unwatch()
    this.#stopTicking()
    for (const stream of this.#streams) stream.end()
    await (await this.#newest)?.close()
  }
}
