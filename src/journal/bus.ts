/** As Kafka or JetStream provide it. Positions are numbers from 1 that increase within a channel. */

/** A partition, or the channel of small records. */
export type Channel = number | 'records'

export type BusRecord = Readonly<{
  position: number
  key: string
  value: Uint8Array
}>

export type JournalBus = Readonly<{
  where: string
  partitions: number
  /** Maximum distance of consecutive positions; default 1. */
  stride?: number
  /** Makes this process the only writer of the name, from the next `fence` or `write` on. */
  claim(name: string): Promise<BusWriter>
  /** Until the signal aborts; starts at the oldest retained one if necessary. Rejects when the bus is lost. */
  read(channel: Channel, after: number, signal: AbortSignal): AsyncGenerator<readonly BusRecord[]>
  /** Newest position, and the one before the oldest; 0 and 0 if there was never a record. */
  bounds(channel: Channel): Promise<Readonly<{ before: number; last: number }>>
  close(): Promise<void>
}>

export interface BusWriter {
  /** Resolves when no earlier holder of the name can write this key. Their records are before the returned position. */
  fence(channel: Channel, key: string): Promise<number>
  /**
   * The last position once every in-sync replica has all records. After an error other than `Fenced` repeat the same
   * records.
   */
  write(channel: Channel, records: readonly Omit<BusRecord, 'position'>[]): Promise<number>
  close(): Promise<void>
}

export class Fenced extends Error {
  override readonly name = 'Fenced'
}

export const fenceKey = 'fence/'
