/** Counts pending rows from headers, independently of delivery. */
import type { Host } from '../host/index.ts'
import { checkpointSources, journalSource } from '../journal/checkpoint.ts'
import { listSegments } from '../journal/recover.ts'
import { LocalTail } from '../journal/tail.ts'
import type { FrameHeader, SourceTotals, Tail } from '../journal/types.ts'
import { Walk } from '../journal/walk.ts'
import type { Position } from '../model/positions.ts'

type Followed = Readonly<{
  after: number
  takes: (source: string) => boolean
  /** Rows by source settled at the start, plus those in headers since. */
  seen: Map<string, number>
}>

type SourceCounts = { readonly name: string } & Pick<SourceTotals, 'duplicates'> & {
    readonly shed: Readonly<Record<string, number>>
  }

export class Follower {
  readonly #tail: Tail
  readonly #walk: Walk
  readonly #sinks = new Map<string, Followed>()
  readonly #accepted = new Map<string, number>()
  readonly #shed = new Map<string, Record<string, number>>()
  readonly #duplicates = new Map<string, number>()
  #sequence: number
  #row: number
  #running: Promise<void> | undefined

  constructor(options: {
    host: Host
    directory: string
    tail: Tail
    after: Position
    accepted: Iterable<readonly [string, number]>
    before?: readonly SourceCounts[]
    bodies?: boolean
  }) {
    this.#tail = options.tail
    this.#walk = new Walk({
      disk: options.host.disk,
      directory: options.directory,
      after: options.after,
      headersOnly: options.bodies !== true,
    })
    this.#sequence = options.after.sequence
    this.#row = options.after.row
    for (const [source, rows] of options.accepted) this.#accepted.set(source, rows)
    for (const { name, duplicates, shed } of options.before ?? []) this.#more(name, duplicates, shed)
  }

  get sequence(): number {
    return this.#sequence
  }

  get row(): number {
    return this.#row
  }

  accepted(): ReadonlyMap<string, number> {
    return this.#accepted
  }
  shed(source: string): Readonly<Record<string, number>> {
    return this.#shed.get(source) ?? {}
  }
  duplicates(source: string): number {
    return this.#duplicates.get(source) ?? 0
  }

  /** Headers before the call are covered by their totals. */
  follow(
    id: string,
    after: number,
    takes: (source: string) => boolean,
    accounted: Iterable<readonly [string, number]>,
  ): void {
    const seen = new Map(accounted)
    if (after < this.#sequence) for (const [source, rows] of this.#accepted) if (takes(source)) seen.set(source, rows)
    this.#sinks.set(id, { after: Math.max(after, this.#sequence), takes, seen })
  }

  forget(id: string): void {
    this.#sinks.delete(id)
  }

  /** By source, delivered or not. */
  seen(id: string): ReadonlyMap<string, number> {
    return this.#sinks.get(id)?.seen ?? new Map()
  }

  catchUp(): Promise<void> {
    this.#running ??= this.#catchUp().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  close(): Promise<void> {
    return this.#walk.close()
  }

  async #catchUp() {
    for (;;) {
      const durable = this.#tail.durable()
      const walked = durable.sequence > this.#sequence ? await this.#walk.next(durable) : undefined
      if (walked === undefined) break
      const { header } = walked.decoded
      this.#sequence = header.sequence
      this.#count(header)
    }
    // An unreadable body was accepted nevertheless.
    const cut = this.#walk.lastDamagedHeader()
    if (cut !== undefined && cut.sequence > this.#sequence) {
      this.#sequence = cut.sequence
      this.#count(cut)
    }
  }

  #count(header: FrameHeader) {
    this.#row = header.firstRow + (header.more ? 0 : header.count)
    if (header.source === journalSource) {
      for (const [source, { accepted, duplicates, shed }] of checkpointSources(header)) {
        this.#more(source, duplicates, shed)
        this.#arrived(source, accepted, 0, header.sequence)
      }
      return
    }
    if (header.more) return
    this.#more(header.source, header.sourceDuplicates, header.sourceShed)
    this.#arrived(header.source, header.sourceRows, header.count, header.sequence)
  }

  #more(source: string, duplicates: number, shed: Readonly<Record<string, number>>) {
    this.#duplicates.set(source, Math.max(this.duplicates(source), duplicates))
    const shedRows = this.shed(source)
    this.#shed.set(
      source,
      Object.fromEntries(
        Object.keys({ ...shedRows, ...shed }).map((reason) => [
          reason,
          Math.max(shedRows[reason] ?? 0, shed[reason] ?? 0),
        ]),
      ),
    )
  }

  /** `before`: earlier rows of the source; more than counted means unreadable rows. */
  #arrived(source: string, before: number, count: number, sequence: number) {
    this.#accepted.set(source, Math.max(this.#accepted.get(source) ?? 0, before + count))
    for (const sink of this.#sinks.values()) {
      if (sequence <= sink.after || !sink.takes(source)) continue
      const seen = sink.seen.get(source) ?? 0
      if (before + count <= seen) continue
      const gap = Math.max(0, before - seen)
      sink.seen.set(source, seen + gap + count)
    }
  }
}

/** Follows a journal that this process does not write. `accepted`: rows by source, from several records. */
export async function followFolder({
  host,
  directory,
  accepted: given,
  bodies = false,
}: {
  host: Host
  directory: string
  accepted: readonly Readonly<Record<string, number>>[]
  bodies?: boolean
}): Promise<{ follower: Follower; tail: LocalTail }> {
  const last = (await listSegments(host.disk, directory)).at(-1)
  const tail = new LocalTail()
  tail.publish({ segment: last?.name ?? '', offset: last?.bytes ?? 0, sequence: Number.MAX_SAFE_INTEGER, row: 0 })
  const accepted = new Map<string, number>()
  for (const rows of given)
    for (const [source, count] of Object.entries(rows)) accepted.set(source, Math.max(accepted.get(source) ?? 0, count))
  return { follower: new Follower({ host, directory, tail, after: { sequence: 0, row: 0 }, accepted, bodies }), tail }
}
