export interface Producer {
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** Sequence numbers wrap to 0. */
const sequenceLimit = 2 ** 31

/**
 * Sequence numbers let the broker recognize a repeated batch. A batch without a response keeps its number until it is
 * repeated unchanged.
 */
export class Sequences {
  #producer: Producer | undefined
  /** Number of the next batch of a partition. */
  readonly #next = new Map<string, number>()
  /** Ids of the batch with that number if it may be stored already. */
  readonly #unconfirmed = new Map<string, readonly string[]>()

  get producer(): Producer | undefined {
    return this.#producer
  }

  begin(producer: Producer): void {
    this.reset()
    this.#producer = producer
  }

  /** Invalidates the numbers: a new producer must begin. Batches without a response may then be stored twice. */
  reset(): void {
    this.#producer = undefined
    this.#next.clear()
    this.#unconfirmed.clear()
  }

  next(partition: string): number {
    return this.#next.get(partition) ?? 0
  }

  unconfirmed(partition: string): readonly string[] | undefined {
    return this.#unconfirmed.get(partition)
  }

  /** It is unknown whether these were stored. */
  markUnconfirmed(partition: string, ids: readonly string[]): void {
    this.#unconfirmed.set(partition, ids)
  }

  stored(partition: string, count: number): void {
    this.#unconfirmed.delete(partition)
    this.#next.set(partition, (this.next(partition) + count) % sequenceLimit)
  }

  rejected(partition: string): void {
    this.#unconfirmed.delete(partition)
  }
}
