/**
 * Journal on a message bus, as a driver (Kafka, JetStream) provides it. Positions are numbers from 1 that increase
 * within a channel.
 */

/** A partition of the journal, or the channel of small records. */
export type Channel = number | 'records'

export interface BusRecord {
  readonly place: number
  readonly key: string
  readonly value: Uint8Array
}

export interface JournalBus {
  /** Name of the bus and topic, for messages. */
  readonly where: string
  readonly partitions: number
  /** Maximum distance of the positions of consecutive records; default 1. */
  readonly stride?: number
  /**
   * Makes this process the only writer of the name: the previous one is refused from the next `fence` or `write` on.
   */
  claim(name: string): Promise<BusWriter>
  /**
   * Records after a position, in order, until the signal aborts; starts at the oldest retained one if necessary.
   * Rejects when the bus is lost.
   */
  read(channel: Channel, after: number, signal: AbortSignal): AsyncGenerator<readonly BusRecord[]>
  /** Position of the newest record, and the one before the oldest; 0 and 0 if there was never one. */
  bounds(channel: Channel): Promise<{ readonly before: number; readonly last: number }>
  close(): Promise<void>
}

export interface BusWriter {
  /**
   * Resolves when no earlier holder of the name can write this key to the channel. Their records are before the
   * returned position.
   */
  fence(channel: Channel, key: string): Promise<number>
  /**
   * Writes in order. Resolves with the last position once every in-sync replica has all records. Rejects with `Fenced`
   * or another error; the same records must then be written next, and are stored only once.
   */
  write(channel: Channel, records: readonly Omit<BusRecord, 'place'>[]): Promise<number>
  close(): Promise<void>
}

/** Another process has acquired the name. */
export class Fenced extends Error {
  override readonly name = 'Fenced'
}

/** Markers among the records, only for drivers. */
export const fenceKey = 'fence/'
