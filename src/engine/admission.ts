import { decodeBatch, encodeBatch } from '../journal/bodies.ts'
import type { Appended, JournalWriter, Unit } from '../journal/types.ts'
import { selectRows } from '../model/select.ts'
import type { DuplicateWindow } from './duplicates.ts'

export interface Admitted extends Appended {
  readonly accepted: number
  readonly duplicates: number
}

/** Appends units of sources whose clients may push twice: rows seen within the window are left out and counted. */
export class Admission {
  readonly #journal: Pick<JournalWriter, 'append'>
  readonly #window: DuplicateWindow
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

  async append(unit: Unit): Promise<Admitted> {
    const batch = unit.kind === 'events' ? decodeBatch('events', unit.raw) : undefined
    if (batch?.kind !== 'events') {
      return { ...(await this.#journal.append(unit)), accepted: unit.count, duplicates: 0 }
    }
    const { fresh, hashes } = this.#window.admit(batch)
    const duplicates = unit.count - fresh.length
    const before = duplicates > 0 ? [...this.#underWay] : []
    const appending = this.#journal.append(duplicates === 0 ? unit : without(unit, duplicates, fresh.length === 0 ? undefined : selectRows(batch, fresh)))
    this.#underWay.add(appending)
    try {
      const appended = await appending
      // Appends resolve in the order of the journal, so everything before this one was confirmed or withdrawn.
      this.#window.confirm(hashes)
      this.#window.reached(appended.position)
      await Promise.all(before)
      return { ...appended, accepted: fresh.length, duplicates }
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
