import { decodeBatch, encodeBatch } from '../../journal/bodies.ts'
import type { Appended, JournalWriter, Unit } from '../../journal/types.ts'
import { selectRows } from '../../model/select.ts'
import type { DuplicateWindow } from './duplicates.ts'
import { InFlight } from './in-flight.ts'

export interface Admitted extends Appended {
  readonly accepted: number
  readonly duplicates: number
  /** Sequences of the frames in flight that hold what was a duplicate. */
  readonly repeats: readonly number[]
}

/**
 * Appends units of sources whose clients may push twice: rows seen within the window are left out and counted. Where a sink acknowledges
 * that takes an event twice without harm, only rows that it has not settled count as seen: what it had settled may be gone there since.
 */
export class Admission {
  readonly #journal: Pick<JournalWriter, 'append'>
  readonly #window: DuplicateWindow
  readonly #inFlight = new InFlight()
  /** Appends under way: a duplicate of one of them is only as good as that append. */
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(journal: Pick<JournalWriter, 'append'>, window: DuplicateWindow) {
    this.#journal = journal
    this.#window = window
  }

  /** No append is under way. */
  get idle(): boolean {
    return this.#underWay.size === 0
  }

  /** `settled`: sequence up to which the acknowledging sink is done; undefined: the window decides. */
  async append(unit: Unit, settled?: number): Promise<Admitted> {
    const batch = unit.kind === 'events' ? decodeBatch('events', unit.raw) : undefined
    if (batch?.kind !== 'events') {
      return { ...(await this.#journal.append(unit)), accepted: unit.count, duplicates: 0, repeats: [] }
    }
    if (settled !== undefined) this.#inFlight.settled(settled)
    const { fresh, hashes, seen } = this.#window.admit(batch, settled === undefined ? undefined : this.#inFlight)
    const duplicates = unit.count - fresh.length
    const before = duplicates > 0 ? [...this.#underWay] : []
    const appending = this.#journal.append(
      duplicates === 0 ? unit : without(unit, duplicates, fresh.length === 0 ? undefined : selectRows(batch, fresh)),
    )
    this.#underWay.add(appending)
    try {
      const appended = await appending
      // Appends resolve in the order of the journal, so everything before this one was confirmed or withdrawn.
      this.#window.confirm(hashes)
      this.#window.reached(appended.position)
      if (settled !== undefined) this.#inFlight.add(hashes, appended.position.sequence)
      await Promise.all(before)
      const repeats = new Set(
        seen.map((hash) => this.#inFlight.sequenceOf(hash)).filter((sequence) => sequence !== undefined),
      )
      return { ...appended, accepted: fresh.length, duplicates, repeats: [...repeats] }
    } catch (error) {
      // After `confirm` there is nothing left to withdraw: then only an append that a duplicate relied on has failed.
      this.#window.withdraw(hashes)
      throw error
    } finally {
      this.#underWay.delete(appending)
    }
  }
}

function without(unit: Unit, duplicates: number, rest: ReturnType<typeof selectRows> | undefined): Unit {
  return rest === undefined
    ? { ...unit, kind: 'empty', count: 0, raw: new Uint8Array(0), duplicates }
    : { ...unit, count: rest.count, raw: encodeBatch(rest), duplicates }
}
