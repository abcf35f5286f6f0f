/**
 * Positions in a shared journal, for streams that resume at another server. Servers replicate in different order, so a
 * position is a vector by partition.
 */
import type { SharedJournal } from '../../engine/control.ts'
import type { BatchKind } from '../../model/batches.ts'
import { originOf } from '../../model/origins.ts'
import type { Ring, RingFrame } from './ring.ts'

/** Last seen offset by partition. */
export type Vector = ReadonlyMap<number, number>

const mostNotedFrames = 20_000
/** An event id becomes a request header. */
const mostPartitions = 256

/** `+NAME` and an offset per partition. */
export const vectorPattern = String.raw`\+[A-Za-z0-9_-]{8}(?:\.[0-9a-z]{0,11}){1,${mostPartitions}}`

interface Noted {
  readonly sequence: number
  readonly partition: number
  readonly place: number
}

export class SharedPositions {
  readonly #journal: SharedJournal
  readonly #before: Map<number, number>
  readonly #now: Map<number, number>
  #noted: Noted[] = []
  /** Newest frames evicted, or before the ring. */
  readonly #lost: Readonly<Record<BatchKind, Map<number, number>>>

  /** @param frames those that arrived before the journal's positions were known */
  constructor(journal: SharedJournal, frames: readonly Noted[]) {
    this.#journal = journal
    const firsts = new Map<number, number>()
    for (const { partition, place } of frames) if (!firsts.has(partition)) firsts.set(partition, place)
    this.#before = new Map(
      [...journal.places].map(([partition, place]) => [
        partition,
        Math.min(place, (firsts.get(partition) ?? Infinity) - 1),
      ]),
    )
    this.#now = new Map(this.#before)
    this.#lost = { flows: new Map(this.#before), events: new Map(this.#before) }
    for (const frame of frames) this.note(frame)
  }

  note(frame: Noted): void {
    this.#noted.push(frame)
    this.#now.set(frame.partition, Math.max(this.#now.get(frame.partition) ?? 0, frame.place))
    if (this.#noted.length < 2 * mostNotedFrames) return
    for (const { partition, place } of this.#noted.slice(0, -mostNotedFrames))
      this.#before.set(partition, Math.max(this.#before.get(partition) ?? 0, place))
    this.#noted = this.#noted.slice(-mostNotedFrames)
  }

  evicted(kind: BatchKind, { origin }: RingFrame): void {
    if (origin !== undefined)
      this.#lost[kind].set(origin.partition, Math.max(this.#lost[kind].get(origin.partition) ?? 0, origin.place))
  }

  /** Suffix of an event id that any server of the journal understands. */
  text(sequence: number, seen: Vector | undefined): string {
    if (this.#journal.partitions > mostPartitions) return ''
    const places = this.#upTo(sequence)
    if (places === undefined) return ''
    const all = Array.from({ length: this.#journal.partitions }, (_, partition) =>
      Math.max(places.get(partition) ?? 0, seen?.get(partition) ?? 0),
    )
    return `+${this.#journal.name}${all.map((place) => `.${place === 0 ? '' : place.toString(36)}`).join('')}`
  }

  /** Undefined for another journal. */
  read(name: string, places: readonly string[]): Vector | undefined {
    if (name !== this.#journal.name) return undefined
    return new Map(
      places.flatMap((place, partition) => (place === '' ? [] : [[partition, Number.parseInt(place, 36)] as const])),
    )
  }

  /** The local sequence after which a ring has all unseen frames; an evicted one if some are missing. */
  from(kind: BatchKind, ring: Ring, seen: Vector, newest: number): number {
    const open = ring.after(0).find((frame) => !isSeen(seen, frame))
    const from = open === undefined ? newest : open.sequence - 1
    const gone = [...this.#lost[kind]].some(([partition, place]) => place > (seen.get(partition) ?? 0))
    return gone ? Math.max(0, Math.min(from, ring.evicted - 1)) : Math.max(from, ring.evicted)
  }

  #upTo(sequence: number): Vector | undefined {
    const last = this.#noted.at(-1)
    if (last === undefined || sequence >= last.sequence) return this.#now
    if (sequence < (this.#noted[0]?.sequence ?? 0)) return undefined
    const places = new Map(this.#before)
    for (const noted of this.#noted) {
      if (noted.sequence > sequence) break
      places.set(noted.partition, noted.place)
    }
    return places
  }
}

export function isSeen(seen: Vector, { origin }: RingFrame): boolean {
  return origin !== undefined && origin.place <= (seen.get(origin.partition) ?? 0)
}

/** Undefined for a frame of a local journal. */
export function noted(header: { readonly sequence: number; readonly cursor?: Uint8Array }): Noted | undefined {
  const origin = originOf(header.cursor)
  return origin === undefined
    ? undefined
    : { sequence: header.sequence, partition: origin.partition, place: origin.place }
}
