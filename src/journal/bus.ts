/** The journal on a bus: what a driver (Kafka, JetStream) gives, and nothing more. Places are numbers from 1 on that rise within a channel. */

/** A partition of the journal, or the small records beside it. */
export type Channel = number | 'records'

export interface BusRecord {
  readonly place: number
  readonly key: string
  readonly value: Uint8Array
}

export interface JournalBus {
  /** For people: which bus, and what of it. */
  readonly where: string
  readonly partitions: number
  /** So far apart at most lie the places of records that were written one after the other; left out: 1. */
  readonly stride?: number
  /** Makes us the only one who writes under this name: whoever did before is refused from the next `fence` or `write` on. */
  claim(name: string): Promise<BusWriter>
  /** What lies behind a place and whatever comes, in order, until the signal aborts; from the oldest that is kept where more was asked for. Rejects when the bus is lost. */
  read(channel: Channel, after: number, signal: AbortSignal): AsyncGenerator<readonly BusRecord[]>
  /** Place of the newest record, and of the one before the oldest; 0 and 0 when there never was one. */
  bounds(channel: Channel): Promise<{ readonly before: number; readonly last: number }>
  close(): Promise<void>
}

export interface BusWriter {
  /** Resolves when nobody who had the name before can write this key to this channel any more: whatever they wrote lies before the place. */
  fence(channel: Channel, key: string): Promise<number>
  /**
   * In order. Resolves with the place of the last, once every replica in sync has all of them. Rejects with `Fenced`, or with what went
   * wrong: then the same records must be written next, and are stored once even where they had been already.
   */
  write(channel: Channel, records: readonly Omit<BusRecord, 'place'>[]): Promise<number>
  close(): Promise<void>
}

/** Somebody else has the name now. */
export class Fenced extends Error {
  override readonly name = 'Fenced'
}

/** Marks of drivers among the records; nobody else reads them. */
export const fenceKey = 'fence/'
