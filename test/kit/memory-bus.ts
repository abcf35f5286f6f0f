// A journal bus in memory: all members see the same, and only the last claimant of a name may write under it.
import {
  Fenced,
  fenceKey,
  type BusRecord,
  type BusWriter,
  type Channel,
  type JournalBus,
} from '../../src/journal/bus.ts'

export class MemoryBus implements JournalBus {
  readonly where = 'memory'
  readonly partitions: number
  /** The bus is unreachable. */
  away = false
  readonly #channels = new Map<Channel, BusRecord[]>()
  readonly #claims = new Map<string, number>()
  readonly #forgotten = new Map<Channel, number>()
  readonly #woken = new Set<() => void>()

  constructor(partitions: number) {
    this.partitions = partitions
  }

  claim(name: string): Promise<BusWriter> {
    const claim = (this.#claims.get(name) ?? 0) + 1
    this.#claims.set(name, claim)
    const write = async (channel: Channel, records: readonly Omit<BusRecord, 'position'>[]): Promise<number> => {
      await Promise.resolve()
      if (this.away) throw new Error('the bus is away')
      if (this.#claims.get(name) !== claim) throw new Fenced(`another instance writes as ${name}`)
      for (const record of records) this.put(channel, record)
      return this.#all(channel).length
    }
    return Promise.resolve({
      write,
      fence: (channel, key) => write(channel, [{ key: `${fenceKey}${key}`, value: new Uint8Array(0) }]),
      close: () => Promise.resolve(),
    })
  }

  /** Writes without fencing. */
  put(channel: Channel, record: Omit<BusRecord, 'position'>): void {
    const all = this.#all(channel)
    all.push({ ...record, value: Uint8Array.from(record.value), position: all.length + 1 })
    for (const wake of this.#woken) wake()
  }

  /** Expires all records up to the position. */
  forget(channel: Channel, upTo: number): void {
    this.#forgotten.set(channel, upTo)
  }

  async *read(channel: Channel, after: number, signal: AbortSignal): AsyncGenerator<readonly BusRecord[]> {
    for (let place = Math.max(after, this.#forgotten.get(channel) ?? 0); !signal.aborted;) {
      if (this.away) throw new Error('the bus is away')
      const some = this.#all(channel).slice(place, place + 100)
      place += some.length
      if (some.length > 0) yield some
      else await this.#more(signal)
    }
  }

  bounds(channel: Channel): Promise<{ readonly before: number; readonly last: number }> {
    return Promise.resolve({ before: this.#forgotten.get(channel) ?? 0, last: this.#all(channel).length })
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #all(channel: Channel): BusRecord[] {
    const all = this.#channels.get(channel) ?? []
    this.#channels.set(channel, all)
    return all
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#woken.delete(wake)
        resolve()
      }
      this.#woken.add(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }
}
