export type Producer = Readonly<{
  producerId: bigint
  producerEpoch: number
}>

const sequenceLimit = 2 ** 31

/** A repeated batch has the same sequence number. A batch without a response keeps its number until it is repeated. */
export class Sequences {
  #producer: Producer | undefined
  readonly #next = new Map<string, number>()
  readonly #unconfirmed = new Map<string, readonly string[]>()

  get producer(): Producer | undefined {
    return this.#producer
  }

  begin(producer: Producer): void {
    this.reset()
    this.#producer = producer
  }

  /** A new producer must begin. Batches without a response may then be stored twice. */
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
