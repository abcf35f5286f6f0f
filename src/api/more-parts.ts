import type { StoreReader } from '../engine/control.ts'
import { Permits } from '../host/permits.ts'
import { hasCode } from '../model/errors.ts'
import type { SingleIds } from '../query/plan/index.ts'
import { unlessAborted } from './store-query.ts'

/** Each reads all flows. */
const mostParts = 16

/** One request at a time has so many groups: two would need the same memory, and no less time. */
const turns = new WeakMap<StoreReader, Permits>()

/**
 * `read` with so many parts, and with twice as many after each that lacks memory. Undefined when the client has
 * disconnected.
 */
export async function withMoreParts<Value>(
  { store, disconnected }: Readonly<{ store: StoreReader; disconnected: AbortSignal }>,
  parts: number,
  read: (parts: number) => Promise<Value | undefined>,
): Promise<Value | undefined> {
  const turn = turns.get(store) ?? new Permits(1)
  turns.set(store, turn)
  return unlessAborted(disconnected, () => turn.use(() => withParts(parts, read), disconnected))
}

/** Groups per statement, and statements. With more groups the store spills to disk. */
export type PartLimits = Readonly<{ perPart: number; parts: number }>

/** `read` for so many groups: without joins if addresses have single ids, and again if these were out of date. */
export async function readOfIds<Value>(
  reading: Readonly<{ store: StoreReader; disconnected: AbortSignal }>,
  { groups, single, limits }: Readonly<{ groups: number; single: SingleIds | undefined; limits: PartLimits }>,
  read: (single: SingleIds | undefined, parts: number) => Promise<Value | undefined>,
): Promise<Value | undefined> {
  const readWith = (ids: SingleIds | undefined) => {
    // Joins of ids need memory too.
    const perPart = ids === undefined ? (2 / 3) * limits.perPart : limits.perPart
    const least = Math.max(1, Math.min(limits.parts, Math.ceil(groups / perPart)))
    return withMoreParts(reading, least, (parts) => read(ids, parts))
  }
  return (single === undefined ? undefined : await readWith(single)) ?? (await readWith(undefined))
}

async function withParts<Value>(parts: number, read: (parts: number) => Promise<Value>): Promise<Value> {
  for (let number = parts; ; number *= 2) {
    try {
      return await read(number)
    } catch (error) {
      if (number >= mostParts || !hasCode(error, 'WEIR_QUERY_MEMORY')) throw error
    }
  }
}
