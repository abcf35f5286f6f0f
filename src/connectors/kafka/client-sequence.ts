export interface Producer {
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** Sequence numbers begin at 0 again behind the largest. */
const sequences = 2 ** 31

/**
 * What makes a batch that is sent again be stored once: the broker knows it by its number. A batch whose fate is not known
 * (nobody answered) keeps its number until it is sent again just as it was.
 */
export class Sequences {
  #producer: Producer | undefined
  /** Number of the next batch of a partition. */
  readonly #next = new Map<string, number>()
  /** Ids of the batch of that number where it may be stored already. */
  readonly #open = new Map<string, readonly string[]>()

  get producer(): Producer | undefined {
    return this.#producer
  }

  begin(producer: Producer): void {
    this.forget()
    this.#producer = producer
  }

  /** The numbers are void: a new producer must begin. What was open may then be stored twice. */
  forget(): void {
    this.#producer = undefined
    this.#next.clear()
    this.#open.clear()
  }

  next(partition: string): number {
    return this.#next.get(partition) ?? 0
  }

  open(partition: string): readonly string[] | undefined {
    return this.#open.get(partition)
  }

  /** Nobody knows whether these were stored. */
  keep(partition: string, ids: readonly string[]): void {
    this.#open.set(partition, ids)
  }

  stored(partition: string, count: number): void {
    this.#open.delete(partition)
    this.#next.set(partition, (this.next(partition) + count) % sequences)
  }

  refused(partition: string): void {
    this.#open.delete(partition)
  }
}
