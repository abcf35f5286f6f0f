import type { Received } from './event-receiver.ts'

export interface Delivered {
  readonly distinct: number
  /** Repeated arrivals. */
  readonly repeated: number
  readonly missing: readonly number[]
  readonly strange: readonly string[]
  /** Keys with an event that arrived first after a later one. */
  readonly disordered: readonly string[]
}

/** Compares received events with the numbers 0 … sent - 1, which rise within each key. */
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

export function some(items: readonly unknown[]): string {
  if (items.length === 0) return 'none'
  return items.length <= 8 ? items.join(', ') : `${items.slice(0, 8).join(', ')} … (${items.length})`
}
