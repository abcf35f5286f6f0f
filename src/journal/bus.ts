/**
 * A message bus, as a driver (Kafka, JetStream) provides it. Positions are numbers from 1 that increase within a
 * channel.
 */

/** A partition, or the channel of small records. */
export type Channel = number | 'records'

export interface BusRecord {
  readonly position: number
  readonly key: string
  readonly value: Uint8Array
}

export interface JournalBus {
  readonly where: string
  readonly partitions: number
  /** Maximum distance of positions; default 1. */
  readonly stride?: number
  /** From the next `fence` or `write` on, this process is the only writer of the name. */
  claim(name: string): Promise<BusWriter>
  /**
   * Records after a position until the signal aborts, or from the oldest retained one. Rejects when the bus is lost.
   */
  read(channel: Channel, after: number, signal: AbortSignal): AsyncGenerator<readonly BusRecord[]>
  /** Newest position, and the one before the oldest; 0 if there was never a record. */
  bounds(channel: Channel): Promise<{ readonly before: number; readonly last: number }>
  close(): Promise<void>
}

export interface BusWriter {
  /** Resolves when no earlier holder of the name can write this key. Their records are before the returned position. */
  fence(channel: Channel, key: string): Promise<number>
  /**
   * Resolves with the last position once every in-sync replica has all records. After another error than `Fenced` write
   * the same records next; they are stored once.
   */
  write(channel: Channel, records: readonly Omit<BusRecord, 'position'>[]): Promise<number>
  close(): Promise<void>
}

export class Fenced extends Error {
  override readonly name = 'Fenced'
}

export const fenceKey = 'fence/'
