import type { SourceContext } from '../../src/engine/contracts.ts'
import type { Unit } from '../../src/journal/types.ts'
import { WeirError } from '../../src/model/errors.ts'
import { testContext } from './batches.ts'

export type NewUnit = Omit<Unit, 'source'>

/** A journal for sources: it takes, refuses or keeps waiting, as a test says. What is in `units` is synced. */
export class TestJournal {
  readonly units: NewUnit[] = []
  /** Rows by reason that the source said it could not take. */
  readonly shed: Record<string, number> = {}
  /** Appends that wait for `release`. */
  waiting = 0
  #mode: 'take' | 'hold' | 'refuse' = 'take'
  #free = Promise.withResolvers<void>()

  /** From now on appends wait. */
  hold(): void {
    this.#mode = 'hold'
  }

  /** From now on appends fail as a full journal does, in an instant, and nothing is written. */
  refuse(): void {
    this.#mode = 'refuse'
  }

  /** From now on appends are taken, and those that wait go through. */
  release(): void {
    this.#mode = 'take'
    this.#free.resolve()
    this.#free = Promise.withResolvers<void>()
  }

  get shedRows(): number {
    return Object.values(this.shed).reduce((sum, rows) => sum + rows, 0)
  }

  /** What a source of this epoch is built with; it finds the cursor that the last unit left. */
  context(epoch: number): SourceContext {
    return {
      ...testContext(),
      epoch,
      cursor: this.units.findLast((unit) => unit.cursor !== undefined)?.cursor,
      append: async (unit) => {
        if (this.#mode === 'refuse') throw new WeirError('WEIR_JOURNAL_FULL', 'the journal is full')
        if (this.#mode === 'hold') {
          this.waiting++
          await this.#free.promise
          this.waiting--
        }
        // What is synced has its buffer used again, so that only a copy stays as it is (`slice` of a Buffer is none).
        this.units.push({ ...unit, raw: Uint8Array.from(unit.raw) })
        return { position: { sequence: this.units.length, row: 0 }, epoch, sourceSequence: this.units.length }
      },
      shed: (reason, rows) => {
        this.shed[reason] = (this.shed[reason] ?? 0) + rows
      },
    }
  }
}
