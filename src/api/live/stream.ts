import type { ServerResponse } from 'node:http'
import type { ApiContext } from '../options.ts'
import type { Hub } from './hub.ts'
import type { RingFrame } from './ring.ts'
import type { ViewSpec } from './spec.ts'
import { LiveView } from './view.ts'
import type { RowsMessage } from './view.ts'

/**
 * One connected client. It never buffers more than what one write hands to the socket: while the socket is full
 * nothing is written, rows are counted, and what left the ring meanwhile is announced as a gap.
 */
export class LiveStream {
  readonly user: string
  readonly #hub: Hub
  readonly #context: ApiContext
  readonly #answer: ServerResponse
  #views: LiveView[] = []
  #paused = false
  #blockedSince: number | undefined
  #wasSlow = false
  #statAt: number
  #commentAt: number
  #matchedAtStat = 0
  /** Counts of views that were replaced. */
  #before = { matched: 0, shown: 0 }
  #lagMs: number | null = null

  constructor(hub: Hub, context: ApiContext, answer: ServerResponse, user: string) {
    this.#hub = hub
    this.#context = context
    this.#answer = answer
    this.user = user
    this.#statAt = this.#commentAt = context.host.clock.monotonic()
    answer.on('drain', () => {
      this.#blockedSince = undefined
    })
  }

  start(specs: readonly ViewSpec[], paused: boolean, lastId: number | undefined): void {
    const { limits, version } = this.#context
    this.#send('hello', {
      protocol: 1, node: `weir/${version}`, ring: this.#hub.span(),
      limits: { views: limits.viewsPerStream, rowsPerTick: limits.rowsPerTick, tickMs: limits.tickMs, streamsPerUser: limits.streamsPerUser },
      views: specs.map(({ id, stream, columns }) => ({ id, kind: 'rows', stream, columns })), paused,
    })
    this.#paused = paused
    const newest = this.#hub.newest
    this.#views = specs.map((spec) => this.#newView(spec))
    if (lastId !== undefined && lastId <= newest) {
      for (const view of this.#views) view.catchUp(lastId, newest)
      return
    }
    for (const { id } of specs) if (lastId !== undefined) this.#send('gap', { view: id, fromSeq: 0, toSeq: newest, reason: 'unknown-position' })
    this.#sendRows(this.#views.map((view) => view.snapshot(newest)))
  }

  #newView(spec: ViewSpec): LiveView {
    return new LiveView(spec, this.#hub.rings[spec.stream], this.#context.resolver, this.#context.limits)
  }

  /** Takes over what the client asked for; a view that stays as it was keeps its place. */
  change(specs: readonly ViewSpec[], paused: boolean, resume: 'catch-up' | 'now'): void {
    const old = new Map(this.#views.map((view) => [JSON.stringify(view.spec), view]))
    const newest = this.#hub.newest
    const resumes = this.#paused && !paused
    const snapshots: RowsMessage[] = []
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
      snapshots.push(view.snapshot(newest))
      return view
    })
    this.#sendRows(snapshots)
    for (const gone of old.values()) {
      this.#before.matched += gone.matched
      this.#before.shown += gone.shown
    }
  }

  evicting(kind: string, frame: RingFrame): void {
    const state = this.#paused ? 'paused' : this.#blockedSince === undefined ? 'live' : 'slow'
    for (const view of this.#views) if (view.spec.stream === kind) view.evicting(frame, state)
  }

  /** Sends what is due. False when the client was given up. */
  tick(): boolean {
    const now = this.#context.host.clock.monotonic()
    if (this.#blockedSince !== undefined) {
      this.#wasSlow = true
      if (now - this.#blockedSince < this.#context.limits.stuckMs) return true
      this.#answer.destroy()
      return false
    }
    if (this.#paused) for (const view of this.#views) view.countOnly(this.#hub.newest)
    else this.#rows()
    if (now - this.#statAt >= 1000) this.#stat(now)
    if (now - this.#commentAt >= this.#context.limits.commentMs) {
      this.#commentAt = now
      this.#write(': still here\n\n')
    }
    return true
  }

  #rows(): void {
    const reason = this.#wasSlow ? 'slow' : 'evicted'
    this.#wasSlow = false
    const messages: RowsMessage[] = []
    for (const view of this.#views) {
      const gap = view.gap(reason)
      if (gap !== undefined) this.#send('gap', gap)
      const message = view.tick(this.#hub.newest)
      if (message !== undefined) messages.push(message)
    }
    if (messages.length > 0) this.#lagMs = Math.max(0, this.#context.host.clock.now() - this.#hub.newestReceived)
    this.#sendRows(messages)
  }

  /** The id is where a client that comes back goes on: no view may be behind it, so only the last message has one. */
  #sendRows(messages: readonly RowsMessage[]): void {
    const id = Math.min(...this.#views.map((view) => view.cursor))
    for (const [index, message] of messages.entries()) this.#send('rows', message, index === messages.length - 1 ? id : undefined)
  }

  #stat(now: number): void {
    const seconds = (now - this.#statAt) / 1000
    this.#statAt = now
    const totals = this.#views.map(({ spec, matched, shown, fresh }) => ({ id: spec.id, matched, shown, new: fresh }))
    const matched = this.#before.matched + totals.reduce((sum, view) => sum + view.matched, 0)
    const shown = this.#before.shown + totals.reduce((sum, view) => sum + view.shown, 0)
    const fresh = totals.reduce((sum, view) => sum + view.new, 0)
    const pending = this.#views.reduce((sum, view) => sum + view.pending(), 0)
    this.#send('stat', {
      rate: Math.round((matched - this.#matchedAtStat) / seconds), matched, new: fresh,
      droppedByLimit: Math.max(0, matched - shown - pending), ringFrom: this.#hub.span().fromSeq, lagMs: this.#lagMs, paused: this.#paused,
      views: Object.fromEntries(totals.map(({ id, ...counts }) => [id, counts])),
    })
    this.#matchedAtStat = matched
  }

  #send(event: string, data: unknown, id?: number): void {
    this.#write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`)
  }

  #write(text: string): void {
    if (this.#answer.destroyed || this.#answer.writableEnded) return
    if (!this.#answer.write(text)) this.#blockedSince ??= this.#context.host.clock.monotonic()
  }

  end(): void {
    this.#answer.end()
  }
}
