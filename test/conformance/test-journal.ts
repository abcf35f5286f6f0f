import type { SourceContext } from '../../src/engine/contracts.ts'
import type { Unit } from '../../src/journal/types.ts'
import { WeirError } from '../../src/model/errors.ts'
import { testContext } from './batches.ts'

export type NewUnit = Omit<Unit, 'source'>

/** A journal for sources that accepts, refuses or holds appends. `units` are synced. */
export class TestJournal {
  readonly units: NewUnit[] = []
  /** Shed rows by reason. */
  readonly shed: Record<string, number> = {}
  /** Appends that wait for `release`. */
  waiting = 0
  #mode: 'take' | 'hold' | 'refuse' = 'take'
  #free = Promise.withResolvers<void>()

  /** Appends wait. */
  hold(): void {
    this.#mode = 'hold'
  }

  /** Appends fail as with a full journal; nothing is written. */
  refuse(): void {
    this.#mode = 'refuse'
  }

  /** Appends are accepted, and waiting ones complete. */
  release(): void {
    this.#mode = 'take'
    this.#free.resolve()
    this.#free = Promise.withResolvers<void>()
  }

  get shedRows(): number {
    return Object.values(this.shed).reduce((sum, rows) => sum + rows, 0)
  }

  /** The context of a source, with the cursor of the last unit. */
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
        // The source reuses the buffer of a synced unit, so it is copied (`slice` of a Buffer does not copy).
        this.units.push({ ...unit, raw: Uint8Array.from(unit.raw) })
        return { position: { sequence: this.units.length, row: 0 }, epoch, sourceSequence: this.units.length }
      },
      shed: (reason, rows) => {
        this.shed[reason] = (this.shed[reason] ?? 0) + rows
      },
    }
  }
}
