import { decodeBatch, encodeBatch } from '../../journal/bodies.ts'
import type { Appended, JournalWriter, Unit } from '../../journal/types.ts'
import type { EventBatch } from '../../model/batches.ts'
import { selectRows } from '../../model/select.ts'
import type { DuplicateWindow } from './duplicates.ts'
import { idHashes, pickHashes } from './id-hashes.ts'
import { InFlight } from './in-flight.ts'

export interface Admitted extends Appended {
  readonly accepted: number
  readonly duplicates: number
  readonly repeats: readonly number[]
  /** Rows that are duplicates, ascending; undefined: none. */
  readonly seen?: Uint32Array
}

/** With an idempotent acknowledging sink, only rows that it has not settled are duplicates. */
export class Admission {
  readonly #journal: Pick<JournalWriter, 'append'>
  readonly #window: DuplicateWindow
  readonly #inFlight = new InFlight()
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(journal: Pick<JournalWriter, 'append'>, window: DuplicateWindow) {
    this.#journal = journal
    this.#window = window
  }

  get idle(): boolean {
    return this.#underWay.size === 0
  }

  /** `settled`: by the acknowledging sink; undefined: the window decides. */
  async append(unit: Unit, settled?: number): Promise<Admitted> {
    const all = hashesOf(unit)
    if (all === undefined)
      return { ...(await this.#journal.append(unit)), accepted: unit.count, duplicates: 0, repeats: [] }
    if (settled !== undefined) this.#inFlight.settled(settled)
    const { fresh, seen } = this.#window.admit(all, settled === undefined ? undefined : this.#inFlight)
    const duplicates = seen.length
    const hashes = duplicates === 0 ? all : pickHashes(all, fresh)
    const before = duplicates > 0 ? [...this.#underWay] : []
    const appending = this.#journal.append(duplicates === 0 ? unit : without(unit, duplicates, fresh))
    this.#underWay.add(appending)
    try {
      const appended = await appending
      // Appends resolve in journal order.
      this.#window.confirm(hashes)
      this.#window.reached(appended.position)
      if (settled !== undefined) this.#inFlight.add(hashes, appended.position.sequence)
      await Promise.all(before)
      const repeats = new Set<number>()
      for (const row of seen) {
        const sequence = this.#inFlight.sequenceOf(all, 4 * row)
        if (sequence !== undefined) repeats.add(sequence)
      }
      return {
        ...appended,
        accepted: fresh.length,
        duplicates,
        repeats: [...repeats],
        ...(duplicates === 0 ? {} : { seen: seen.slice() }),
      }
    } catch (error) {
      // An append with an original of a duplicate failed.
      this.#window.withdraw(hashes)
      throw error
    } finally {
      this.#underWay.delete(appending)
    }
  }
}

function hashesOf({ kind, count, raw, hashes }: Unit): Uint32Array | undefined {
  if (kind !== 'events') return undefined
  if (hashes?.length === 4 * count) return hashes
  const batch = decodeBatch('events', raw)
  return batch.kind === 'events' ? idHashes(batch) : undefined
}

function without(unit: Unit, duplicates: number, fresh: Uint32Array): Unit {
  const batch = fresh.length === 0 ? undefined : decodeBatch('events', unit.raw)
  return batch === undefined
    ? { ...unit, kind: 'empty', count: 0, raw: new Uint8Array(0), duplicates }
    : { ...unit, count: fresh.length, raw: encodeBatch(selectRows(batch as EventBatch, fresh)), duplicates }
}
