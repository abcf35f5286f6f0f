import type { Timer } from '../../host/index.ts'
import type { Frame } from '../../journal/types.ts'
import type { BatchKind } from '../../model/batches.ts'
import type { Principal } from '../access/principal.ts'
import { scopeFilter } from '../access/scope.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import type { RingSource } from '../ring/scan.ts'
import { Turns } from '../ring/turns.ts'
import type { Channel } from './channel.ts'
import { journalName } from './journal-name.ts'
import { Ring, type RingFrame } from './ring.ts'
import { defaultViews } from './spec.ts'
import { isSeen, noted, SharedPlaces, type Vector } from './shared-places.ts'
import { mostLookedAt } from './rows-view.ts'
import type { ViewSpec } from './spec.ts'
import { LiveStream } from './stream.ts'

interface Session {
  readonly user: string
  views: readonly ViewSpec[]
  paused: boolean
  stream: LiveStream | undefined
}

/** Where a client was. */
export interface LastPlace {
  /** In the journal of this server; undefined when it was at another. */
  readonly sequence: number | undefined
  /** In the journal that this server shares with that one. */
  readonly seen: Vector | undefined
}

const mostSessions = 1000

/** Everybody who watches: the rings, the streams, and what each session asked for. */
export class Hub {
  readonly rings: Readonly<Record<BatchKind, Ring>>
  readonly #context: ApiContext
  readonly #folder: string | undefined
  readonly #turns: Turns
  readonly #streams = new Set<LiveStream>()
  readonly #sessions = new Map<string, Session>()
  #unwatch: () => void = () => {}
  #timer: Timer | undefined
  #shared: SharedPlaces | undefined
  /** Frames of a shared journal that came before it was known how far it is. */
  #started = false
  #early: NonNullable<ReturnType<typeof noted>>[] = []
  newest = 0
  /** Name of the journal, which the places of streams carry. */
  journal = ''
  /** Unix ms at which the newest frame was received. */
  newestReceived = 0

  /** @param folder where the name of the journal is kept */
  constructor(context: ApiContext, folder?: string) {
    this.#context = context
    this.#folder = folder
    this.#turns = new Turns(context.host.timers)
    const { ringRows: rows, ringBytes: bytes, ringMs: ageMs } = context.limits
    // Flows are added up from it, events are read: nobody reads as many.
    this.rings = { flows: new Ring({ rows, bytes, ageMs }), events: new Ring({ rows, bytes: bytes / 4, ageMs }) }
    for (const kind of ['flows', 'events'] as const) {
      this.rings[kind].onEvict = (frame) => {
        this.#shared?.evicted(kind, frame)
        this.#streams.forEach((stream) => stream.evicting(kind, frame))
      }
    }
  }

  /** Begins to listen; what the journal held before is known to be missed. */
  async start(): Promise<void> {
    this.journal = await journalName(this.#context.host, this.#folder)
    this.#unwatch = this.#context.control.watch((frame) => this.#take(frame))
    const since = this.#context.host.clock.now()
    const { journal } = await this.#context.control.pipeline()
    this.newest = Math.max(this.newest, journal.sequence)
    this.rings.flows.startAfter(journal.sequence, since)
    this.rings.events.startAfter(journal.sequence, since)
    const shared = await this.#context.control.shared?.()
    if (shared !== undefined) this.#shared = new SharedPlaces(shared, this.#early)
    this.#early = []
    this.#started = true
  }

  #take(frame: Frame): void {
    const { kind, count, sequence, received } = frame.header
    if (sequence > this.newest) this.newest = sequence
    if (this.#shared !== undefined || !this.#started) this.#note(frame)
    if (kind === 'empty' || count === 0) return
    this.newestReceived = received
    this.rings[kind].push(frame)
  }

  #note(frame: Frame): void {
    const one = noted(frame.header)
    if (one === undefined) return
    if (this.#shared === undefined) this.#early.push(one)
    else this.#shared.note(one)
  }

  /** Newest flows, for answers without a store. */
  ringSource(): RingSource {
    const {
      resolver,
      host: { clock },
    } = this.#context
    return { ring: this.rings.flows, resolver, clock, turns: this.#turns }
  }

  /** The oldest frame of the rings; what comes next when they are empty. */
  get fromSeq(): number {
    const firsts = [this.rings.flows.first, this.rings.events.first].filter((first) => first !== undefined)
    return firsts.length === 0 ? this.newest : Math.min(...firsts)
  }

  /** What the rings hold of the rows that somebody may see. */
  span(principal: Principal): { fromSeq: number; toSeq: number; flows: number; events: number } {
    return {
      fromSeq: this.fromSeq,
      toSeq: this.newest,
      flows: this.#rowsOf('flows', principal),
      events: this.#rowsOf('events', principal),
    }
  }

  #rowsOf(kind: BatchKind, principal: Principal): number {
    const scope = scopeFilter(principal, kind)
    const ring = this.rings[kind]
    if (scope === undefined) return ring.rows
    let [rows, looked] = [0, 0]
    for (const { batch, frame, count } of ring.after(0).reverse()) {
      // Nobody is to wait while a million rows are counted: of more than these the count is a part.
      if (looked >= mostLookedAt) break
      looked += count
      const test = scope(batch, frame.header, this.#context.resolver)
      for (let row = 0; row < count; row++) if (test(row)) rows += 1
    }
    return rows
  }

  /** Sets what a session shows; its stream may come before or after. Answers whether it is open here. */
  put(sid: string, user: string, views: readonly ViewSpec[], paused: boolean, resume: 'catch-up' | 'now'): boolean {
    const session = this.#session(sid, user)
    session.views = views
    session.paused = paused
    session.stream?.change(views, paused, resume)
    return session.stream !== undefined
  }

  /** Refuses with 429 what would be one too many. Call before the answer begins. */
  admit(user: string, sid: string | undefined): void {
    if (sid !== undefined && this.#session(sid, user).stream !== undefined) return
    const { streamsPerServer, streamsPerUser } = this.#context.limits
    const mine = [...this.#streams].filter((stream) => stream.user === user).length
    const full =
      this.#streams.size >= streamsPerServer
        ? `${streamsPerServer} live streams on this server`
        : mine >= streamsPerUser
          ? `${streamsPerUser} live streams per user`
          : undefined
    if (full === undefined) return
    throw new ApiError('WEIR_API_LIMIT', `The limit is ${full}.`, {
      headers: { 'retry-after': '10' },
      hints: ['Close another tab or stream; one stream can carry several views.'],
    })
  }

  /** A place as a client is given it: a sequence, the name of this journal, and what of a shared one it has seen. */
  placeAt(sequence: number, seen: Vector | undefined): string {
    return `${sequence}@${this.journal}${this.#shared?.text(sequence, seen) ?? ''}`
  }

  placeOf(written: string): LastPlace {
    const [own = '', shared] = written.split('+')
    const [sequence, journal = this.journal] = own.split('@')
    const [name = '', ...places] = shared?.split('.') ?? []
    return {
      sequence: journal === this.journal && Number(sequence) <= this.newest ? Number(sequence) : undefined,
      seen: this.#shared?.read(name, places),
    }
  }

  /** Where a view of such rows goes on; undefined where the place means nothing here. */
  goOn(
    kind: BatchKind,
    { sequence, seen }: LastPlace,
  ): { readonly from: number; readonly seen?: (frame: RingFrame) => boolean } | undefined {
    if (seen === undefined) return sequence === undefined ? undefined : { from: sequence }
    return {
      from: sequence ?? this.#shared?.from(kind, this.rings[kind], seen, this.newest) ?? 0,
      seen: (frame) => isSeen(seen, frame),
    }
  }

  open(channel: Channel, principal: Principal, sid: string | undefined, last: LastPlace | undefined): void {
    const session = sid === undefined ? undefined : this.#session(sid, principal.id)
    // A client that lost its connection is back before the server noticed: the newer stream takes over.
    session?.stream?.end()
    const stream = new LiveStream(this, this.#context, channel, principal)
    if (session !== undefined) session.stream = stream
    this.#streams.add(stream)
    channel.onClose(() => {
      this.#streams.delete(stream)
      if (session?.stream === stream) session.stream = undefined
      if (this.#streams.size === 0) this.#stopTicking()
    })
    stream.start(session?.views ?? defaultViews, session?.paused ?? false, last)
    this.#timer ??= this.#context.host.timers.every(this.#context.limits.tickMs, () => this.#tick())
  }

  #session(sid: string, user: string): Session {
    const known = this.#sessions.get(sid)
    if (known !== undefined) {
      if (known.user !== user) throw new ApiError('WEIR_API_NOT_FOUND', `You have no live session "${sid}".`)
      return known
    }
    if (this.#sessions.size >= mostSessions) {
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

  #tick(): void {
    for (const stream of this.#streams) stream.tick()
  }

  #stopTicking(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  stop(): void {
    this.#unwatch()
    this.#stopTicking()
    for (const stream of this.#streams) stream.end()
  }
}
