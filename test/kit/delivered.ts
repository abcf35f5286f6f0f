// Compares the rows received at a sink's target with the acknowledged ones.
import type { Received } from './event-receiver.ts'

export interface Delivered {
  /** Different ids. */
  readonly distinct: number
  /** Arrivals of an id that had arrived before. */
  readonly repeated: number
  /** Numbers below `sent` that never arrived. */
  readonly missing: readonly number[]
  /** Ids that were never sent. */
  readonly strange: readonly string[]
  /** Keys of which an event arrived for the first time after a later one of the same key. */
  readonly disordered: readonly string[]
}

/** Checks arrivals of events numbered 0 … sent - 1 whose numbers rise within each key. */
export function judgeDelivered(received: readonly Received[], sent: number): Delivered {
  const seen = new Uint8Array(sent)
  const newest = new Map<string, number>()
  const strange: string[] = []
  const disordered = new Set<string>()
  let distinct = 0
  let repeated = 0
  for (const { id, key = '' } of received) {
    const n = Number(id)
    if (!Number.isSafeInteger(n) || n < 0 || n >= sent) {
      strange.push(id)
      continue
    }
    if (seen[n] === 1) {
      repeated++
      continue
    }
    seen[n] = 1
    distinct++
    if (n < (newest.get(key) ?? -1)) disordered.add(key)
    else newest.set(key, n)
  }
  const missing: number[] = []
  for (let n = 0; n < sent; n++) if (seen[n] === 0) missing.push(n)
  return { distinct, repeated, missing, strange, disordered: [...disordered] }
}

/** A few of many, for a message. */
export function some(items: readonly unknown[]): string {
  if (items.length === 0) return 'none'
  return items.length <= 8 ? items.join(', ') : `${items.slice(0, 8).join(', ')} … (${items.length})`
}
