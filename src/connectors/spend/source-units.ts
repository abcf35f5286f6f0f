import type { WeirEvent } from '../../model/events.ts'

const [rowsPerUnit, maxUnits] = [500, 8]

/** Appends units of rows while further rows are read: the sync of a unit takes longer than reading its rows. */
export class UnitQueue {
  readonly #append: (events: readonly WeirEvent[]) => Promise<unknown>
  readonly #pending = new Set<Promise<void>>()
  #events: WeirEvent[] = []
  #failure: Readonly<{ error: unknown }> | undefined

  constructor(append: (events: readonly WeirEvent[]) => Promise<unknown>) {
    this.#append = append
  }

  get isFull(): boolean {
    return this.#events.length >= rowsPerUnit
  }

  add(event: WeirEvent): void {
    this.#events.push(event)
  }

  /** Begins to append the rows. Rejects if a unit before was not appended. */
  async flush(): Promise<void> {
    while (this.#pending.size >= maxUnits) await Promise.race(this.#pending)
    this.#check()
    if (this.#events.length === 0) return
    const done: Promise<void> = this.#append(this.#events)
      .then(
        () => undefined,
        (error: unknown) => void (this.#failure ??= { error }),
      )
      .finally(() => this.#pending.delete(done))
    this.#pending.add(done)
    this.#events = []
  }

  /** Resolves when all rows are appended. */
  async end(): Promise<void> {
    await this.flush()
    await this.settled()
    this.#check()
  }

  /** Without the rows that were not flushed. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending)
  }

  #check() {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
