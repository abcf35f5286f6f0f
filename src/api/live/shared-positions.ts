/** Servers replicate a shared journal in different order, so a position is a vector by partition. */
import type { SharedJournal } from '../../engine/control.ts'
import type { BatchKind } from '../../model/batches.ts'
import { originOf } from '../../model/origins.ts'
import type { Ring, RingFrame } from './ring.ts'

export type Vector = ReadonlyMap<number, number>

const maxNotedFrames = 20_000
/** An event id becomes a request header. */
const maxPartitions = 256

/** `+NAME` and an offset per partition. */
export const vectorPattern = String.raw`\+[A-Za-z0-9_-]{8}(?:\.[0-9a-z]{0,11}){1,${maxPartitions}}`

type Noted = Readonly<{
  sequence: number
  partition: number
  position: number
}>

export class SharedPositions {
  readonly #journal: SharedJournal
  readonly #before: Map<number, number>
  readonly #now: Map<number, number>
  #noted: Noted[] = []
  /** Newest frames evicted, or before the ring. */
  readonly #lost: Readonly<Record<BatchKind, Map<number, number>>>

  constructor(journal: SharedJournal, frames: readonly Noted[]) {
    this.#journal = journal
    const firsts = new Map<number, number>()
    for (const { partition, position } of frames) if (!firsts.has(partition)) firsts.set(partition, position)
    this.#before = new Map(
      [...journal.places].map(([partition, position]) => [
        partition,
        Math.min(position, (firsts.get(partition) ?? Infinity) - 1),
      ]),
    )
    this.#now = new Map(this.#before)
    this.#lost = { flows: new Map(this.#before), events: new Map(this.#before) }
    for (const frame of frames) this.note(frame)
  }

  note(frame: Noted): void {
    this.#noted.push(frame)
    this.#now.set(frame.partition, Math.max(this.#now.get(frame.partition) ?? 0, frame.position))
    if (this.#noted.length < 2 * maxNotedFrames) return
    for (const { partition, position } of this.#noted.slice(0, -maxNotedFrames))
      this.#before.set(partition, Math.max(this.#before.get(partition) ?? 0, position))
    this.#noted = this.#noted.slice(-maxNotedFrames)
  }

  evicted(kind: BatchKind, { origin }: RingFrame): void {
    if (origin !== undefined)
      this.#lost[kind].set(origin.partition, Math.max(this.#lost[kind].get(origin.partition) ?? 0, origin.place))
  }

  /** Suffix of an event id that any server of the journal understands. */
  text(sequence: number, seen: Vector | undefined): string {
    if (this.#journal.partitions > maxPartitions) return ''
    const positions = this.#upTo(sequence)
    if (positions === undefined) return ''
    const all = Array.from({ length: this.#journal.partitions }, (_, partition) =>
      Math.max(positions.get(partition) ?? 0, seen?.get(partition) ?? 0),
    )
    return `+${this.#journal.name}${all.map((position) => `.${position === 0 ? '' : position.toString(36)}`).join('')}`
  }

  /** Undefined for another journal. */
  read(name: string, positions: readonly string[]): Vector | undefined {
    if (name !== this.#journal.name) return undefined
    return new Map(
      positions.flatMap((position, partition) =>
        position === '' ? [] : [[partition, Number.parseInt(position, 36)] as const],
      ),
    )
  }

  from(kind: BatchKind, ring: Ring, seen: Vector, newest: number): number {
    const open = ring.after(0).find((frame) => !isSeen(seen, frame))
    const from = open === undefined ? newest : open.sequence - 1
    const gone = [...this.#lost[kind]].some(([partition, position]) => position > (seen.get(partition) ?? 0))
    return gone ? Math.max(0, Math.min(from, ring.evicted - 1)) : Math.max(from, ring.evicted)
  }

  #upTo(sequence: number): Vector | undefined {
    const last = this.#noted.at(-1)
    if (last === undefined || sequence >= last.sequence) return this.#now
    if (sequence < (this.#noted[0]?.sequence ?? 0)) return undefined
    const positions = new Map(this.#before)
    for (const noted of this.#noted) {
      if (noted.sequence > sequence) break
      positions.set(noted.partition, noted.position)
    }
    return positions
  }
}

export function isSeen(seen: Vector, { origin }: RingFrame): boolean {
  return origin !== undefined && origin.place <= (seen.get(origin.partition) ?? 0)
}

/** Undefined for a frame of a local journal. */
export function noted(header: Readonly<{ sequence: number; cursor?: Uint8Array }>): Noted | undefined {
  const origin = originOf(header.cursor)
  return origin === undefined
    ? undefined
    : { sequence: header.sequence, partition: origin.partition, position: origin.place }
}
