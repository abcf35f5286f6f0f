import { sealerFor } from '../access/opaque.ts'
import type { Principal } from '../access/principal.ts'
import type { ApiContext } from '../options.ts'
import type { Channel } from './channel.ts'
import { batchFilter } from './filter.ts'
import { GraphView } from './graph-view.ts'
import type { Hub, LastPosition } from './hub.ts'
import type { RingFrame } from './ring.ts'
import { RowsView, type RowsMessage } from './rows-view.ts'
import { SeriesView } from './series-view.ts'
import { writeView, type ViewChange, type ViewSpec } from './spec.ts'
import type { Vector } from './shared-positions.ts'
import { StatView } from './stat-view.ts'
import type { LiveMessage, LiveView } from './view.ts'

/** Buffers at most one write to the socket. Rows evicted meanwhile are reported as a gap. */
export class LiveStream {
  readonly #principal: Principal
  readonly #hub: Hub
  readonly #context: ApiContext
  readonly #channel: Channel
  readonly #seal: ((text: string) => string) | undefined
  #views: LiveView[] = []
  #paused = false
  /** Position at other servers, if ahead of the local one. */
  #seen: Vector | undefined
  #blockedSince: number | undefined
  #wasSlow = false
  #statAt: number
  #commentAt: number
  #matchedAtStat = 0
  #before = { matched: 0, shown: 0 }
  #lagMs: number | null = null

  constructor(hub: Hub, context: ApiContext, channel: Channel, principal: Principal) {
    this.#hub = hub
    this.#context = context
    this.#channel = channel
    this.#principal = principal
    this.#seal = sealerFor(principal, context.opaque)
    this.#statAt = this.#commentAt = context.host.clock.monotonic()
    channel.onDrain(() => {
      this.#blockedSince = undefined
    })
  }

  get user(): string {
    return this.#principal.id
  }

  start({ views: specs, paused }: Omit<ViewChange, 'resume'>, last: LastPosition | undefined): void {
    const { limits, version } = this.#context
    this.#send('hello', {
      protocol: 1,
      node: `weir/${version}`,
      journal: this.#hub.journal,
      ring: this.#hub.span(this.#principal),
      limits: {
        views: limits.viewsPerStream,
        rowsPerTick: limits.rowsPerTick,
        tickMs: limits.tickMs,
        streamsPerUser: limits.streamsPerUser,
      },
      views: specs.map(writeView),
      paused,
    })
    this.#paused = paused
    const newest = this.#hub.newest
    this.#views = specs.map((spec) => this.#newView(spec))
    const positions =
      last === undefined ? [] : this.#views.flatMap((view) => this.#hub.resumeAfter(view.spec.stream, last) ?? [])
    if (last !== undefined && positions.length === this.#views.length) {
      this.#seen = last.seen
      this.#sendAll(
        this.#views.map((view, index) =>
          view.catchUp(positions[index]?.from ?? newest, newest, positions[index]?.seen),
        ),
      )
      return
    }
    for (const { id } of specs)
      if (last !== undefined) this.#send('gap', { view: id, fromSeq: 0, toSeq: newest, reason: 'unknown-position' })
    this.#sendAll(this.#views.map((view) => view.snapshot(newest)))
  }

  #newView(spec: ViewSpec): LiveView {
    const ring = this.#hub.rings[spec.stream]
    const { resolver, limits } = this.#context
    const filter = batchFilter(spec, this.#principal)
    switch (spec.kind) {
      case 'rows':
        return new RowsView(spec, ring, filter, resolver, limits)
      case 'series':
        return new SeriesView(spec, ring, filter, resolver, limits.seriesMs)
      case 'graph':
        return new GraphView(spec, ring, filter, resolver, limits.graphMs)
      case 'stat':
        return new StatView(spec, ring, filter, resolver, limits.tickMs)
    }
  }

  change({ views: specs, paused, resume }: ViewChange): void {
    const old = new Map(this.#views.map((view) => [JSON.stringify(view.spec), view]))
    const newest = this.#hub.newest
    const resumes = this.#paused && !paused
    const snapshots: (LiveMessage | undefined)[] = []
    this.#paused = paused
    this.#views = specs.map((spec) => {
      const key = JSON.stringify(spec)
      const same = old.get(key)
      if (same !== undefined) {
        old.delete(key)
        if (resumes) same.resume(resume, newest)
        return same
      }
      const view = this.#newView(spec)
      this.#seen = undefined
      snapshots.push(view.snapshot(newest))
      return view
    })
    this.#sendAll(snapshots)
    for (const gone of old.values()) {
      this.#before.matched += gone.matched
      this.#before.shown += gone.shown
    }
  }

  evicting(kind: string, frame: RingFrame): void {
    const state = this.#paused ? 'paused' : this.#blockedSince === undefined ? 'live' : 'slow'
    for (const view of this.#views) if (view.spec.stream === kind) view.evicting(frame, state)
  }

  tick(): boolean {
    const now = this.#context.host.clock.monotonic()
    if (this.#blockedSince !== undefined) {
      this.#wasSlow = true
      if (now - this.#blockedSince < this.#context.limits.stuckMs) {
        for (const view of this.#views)
          if (this.#paused) view.countOnly(this.#hub.newest)
          else view.keepUp(this.#hub.newest)
        return true
      }
      this.#channel.destroy()
      return false
    }
    if (this.#paused) for (const view of this.#views) view.countOnly(this.#hub.newest)
    else this.#due(now)
    if (now - this.#statAt >= 1000) this.#stat(now)
    if (now - this.#commentAt >= this.#context.limits.commentMs) {
      this.#commentAt = now
      this.#channel.keepAlive()
    }
    return true
  }

  #due(now: number) {
    const reason = this.#wasSlow ? 'slow' : 'evicted'
    this.#wasSlow = false
    const messages: LiveMessage[] = []
    for (const view of this.#views) {
      const gap = view.gap(reason)
      if (gap !== undefined) this.#send(gap.event, gap.data)
      const message = view.tick(this.#hub.newest, now)
      if (message !== undefined) messages.push(message)
    }
    if (messages.length > 0) this.#lagMs = Math.max(0, this.#context.host.clock.now() - this.#hub.newestReceived)
    this.#sendAll(messages)
  }

  /** Only the last message has an id: a client that resumes there has the messages of all views. */
  #sendAll(due: readonly (LiveMessage | undefined)[]) {
    const messages = due.filter((message) => message !== undefined)
    const id = Math.min(...this.#views.map((view) => view.cursor))
    for (const [index, { event, data }] of messages.entries())
      this.#send(event, data, index === messages.length - 1 ? id : undefined)
  }

  #stat(now: number) {
    const seconds = (now - this.#statAt) / 1000
    this.#statAt = now
    const totals = this.#views.map((view) => {
      const { spec, matched, shown, fresh } = view
      return { id: spec.id, matched, shown, new: fresh, pending: view.pending() }
    })
    const matched = this.#before.matched + totals.reduce((sum, view) => sum + view.matched, 0)
    const shown = this.#before.shown + totals.reduce((sum, view) => sum + view.shown, 0)
    const fresh = totals.reduce((sum, view) => sum + view.new, 0)
    const pending = totals.reduce((sum, view) => sum + view.pending, 0)
    this.#send('stat', {
      rate: Math.round((matched - this.#matchedAtStat) / seconds),
      matched,
      new: fresh,
      droppedByLimit: Math.max(0, matched - shown - pending),
      ringFrom: this.#seal === undefined ? this.#hub.fromSeq : 0,
      lagMs: this.#lagMs,
      paused: this.#paused,
      views: Object.fromEntries(totals.map(({ id, ...counts }) => [id, counts])),
    })
    this.#matchedAtStat = matched
  }

  /** Without the place among all rows for a limited viewer. */
  #shown(event: string, data: unknown): unknown {
    if (this.#seal === undefined) return data
    const hidden = { ...(data as object), ...(event === 'gap' ? { fromSeq: 0, toSeq: 0 } : {}) }
    const { cols, rows } = hidden as Partial<RowsMessage>
    const at = event === 'rows' ? (cols?.indexOf('_pos') ?? -1) : -1
    const seal = this.#seal
    return at < 0 ? hidden : { ...hidden, rows: rows?.map((row) => row.with(at, seal(row[at] as string))) }
  }

  #eventId(sequence: number) {
    const id = this.#hub.eventIdAt(sequence, this.#seen)
    return this.#seal?.(id) ?? id
  }

  #send(event: string, data: unknown, id?: number) {
    if (
      !this.#channel.send(
        event,
        JSON.stringify(this.#shown(event, data)),
        id === undefined ? undefined : this.#eventId(id),
      )
    )
      this.#blockedSince ??= this.#context.host.clock.monotonic()
  }

  end(): void {
    this.#channel.end()
  }
}
