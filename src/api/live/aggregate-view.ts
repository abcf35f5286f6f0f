import type { Resolver } from '../../engine/contracts.ts'
import type { BatchFilter } from './filter.ts'
import type { Ring, RingFrame } from './ring.ts'
import type { ViewSpec } from './spec.ts'
import type { ClientState, LiveMessage, LiveView } from './view.ts'

export type MessageKind = 'whole' | 'changes'

/** Bounds the time of a new view's first message. */
const maxSummedRows = 10_000

/** Adds each frame once, also while the client is paused or slow, so it has no gaps. */
export abstract class AggregateView<Spec extends ViewSpec> implements LiveView {
  readonly spec: Spec
  protected readonly resolver: Resolver | undefined
  readonly #ring: Ring
  readonly #everyMs: number
  readonly #filter: BatchFilter | undefined
  #dueAt: number | undefined
  cursor = 0
  matched = 0
  fresh = 0
  #begun = false
  /** Unix ms: sums contain every matching row received since then; Infinity before the snapshot. */
  protected since = Infinity

  constructor(
    spec: Spec,
    ring: Ring,
    filter: BatchFilter | undefined,
    resolver: Resolver | undefined,
    everyMs: number,
  ) {
    this.spec = spec
    this.resolver = resolver
    this.#ring = ring
    this.#everyMs = everyMs
    this.#filter = filter
  }

  get shown(): number {
    return this.matched
  }

  protected abstract add(frame: RingFrame, rows: readonly number[] | undefined): void
  protected abstract message(kind: MessageKind): LiveMessage | undefined

  snapshot(newest: number): LiveMessage | undefined {
    this.#take(this.#snapshotStart())
    this.matched = 0
    this.cursor = newest
    this.#begun = true
    return this.message('whole')
  }

  catchUp(_from: number, newest: number): LiveMessage | undefined {
    return this.snapshot(newest)
  }

  resume(): void {
    this.fresh = 0
  }

  countOnly(newest: number): void {
    this.fresh += this.#take(this.cursor)
    this.cursor = Math.max(this.cursor, newest)
  }

  keepUp(newest: number): void {
    this.#take(this.cursor)
    this.cursor = Math.max(this.cursor, newest)
  }

  evicting(frame: RingFrame, state: ClientState): void {
    if (!this.#begun || frame.sequence <= this.cursor) return
    const rows = this.#addFrame(frame)
    if (state === 'paused') this.fresh += rows
    this.cursor = frame.sequence
  }

  gap(): undefined {
    return undefined
  }

  tick(newest: number, now: number): LiveMessage | undefined {
    this.keepUp(newest)
    this.#dueAt ??= now + this.#everyMs
    if (now < this.#dueAt) return undefined
    this.#dueAt = Math.max(this.#dueAt + this.#everyMs, now)
    return this.message('changes')
  }

  pending(): number {
    return 0
  }

  /** The sequence after which the ring's rows fit the limit. */
  #snapshotStart(): number {
    const frames = this.#ring.after(0)
    this.since = this.#ring.since
    let rows = 0
    for (let at = frames.length - 1; at >= 0; at--) {
      rows += frames[at]?.count ?? 0
      if (rows < maxSummedRows) continue
      const before = frames[at - 1]
      if (before !== undefined) this.since = Math.max(this.since, before.frame.header.received + 1)
      return (frames[at]?.sequence ?? 0) - 1
    }
    return 0
  }

  #take(after: number) {
    let rows = 0
    for (const frame of this.#ring.after(after)) rows += this.#addFrame(frame)
    return rows
  }

  #addFrame(frame: RingFrame): number {
    const rows = this.#matching(frame)
    const count = rows?.length ?? frame.count
    this.matched += count
    if (count > 0) this.add(frame, rows)
    return count
  }

  #matching(frame: RingFrame): readonly number[] | undefined {
    if (this.#filter === undefined) return undefined
    const test = this.#filter(frame.batch, frame.frame.header, this.resolver)
    const rows: number[] = []
    for (let row = 0; row < frame.count; row++) if (test(row)) rows.push(row)
    return rows
  }
}
