import type { StoreReader } from '../../../engine/control.ts'
import { Permits } from '../../../host/permits.ts'
import { hasCode } from '../../../model/errors.ts'
import type { SingleIds } from '../../../query/plan/index.ts'

/** Each reads all flows. */
const mostParts = 16

/** One request at a time has so many groups: two would need the same memory, and no less time. */
const turns = new WeakMap<StoreReader, Permits>()

type Reading = Readonly<{ store: StoreReader; signal: AbortSignal }>

/** `read` with so many parts, and with twice as many after each that lacks memory. */
export async function withMoreParts<Value>(
  { store, signal }: Reading,
  parts: number,
  read: (parts: number) => Promise<Value>,
): Promise<Value> {
  return inTurn({ store, signal }, () => withParts(parts, read))
}

function inTurn<Value>({ store, signal }: Reading, read: () => Promise<Value>) {
  const turn = turns.get(store) ?? new Permits(1)
  turns.set(store, turn)
  return turn.use(read, signal)
}

/** Groups per statement, and statements. With more groups the store spills to disk. */
export type PartLimits = Readonly<{ perPart: number; parts: number }>

/** Undefined of `parts` if the ids are out of date. */
export type GroupReaders<Value> = Readonly<{
  /** In one statement, before any parts. Undefined if that does not suffice; it may also lack memory. */
  whole?: ((single: SingleIds | undefined) => Promise<Value | undefined>) | undefined
  parts: (single: SingleIds | undefined, parts: number) => Promise<Value | undefined>
}>

/** So many groups: without joins if addresses have single ids, and again if these were out of date. */
export async function readOfIds<Value>(
  reading: Reading,
  { groups, single, limits }: Readonly<{ groups: number; single: SingleIds | undefined; limits: PartLimits }>,
  { whole, parts: read }: GroupReaders<Value>,
): Promise<Value> {
  const readWith = (ids: SingleIds | undefined) => {
    // Joins of ids need memory too.
    const perPart = ids === undefined ? (2 / 3) * limits.perPart : limits.perPart
    const least = Math.max(1, Math.min(limits.parts, Math.ceil(groups / perPart)))
    return inTurn(
      reading,
      async () => (await whole?.(ids).catch(unlessMemory)) ?? withParts(least, (parts) => read(ids, parts)),
    )
  }
  const result = (single === undefined ? undefined : await readWith(single)) ?? (await readWith(undefined))
  if (result === undefined) throw new Error('ids that are joined cannot be out of date')
  return result
}

function unlessMemory(error: unknown): undefined {
  if (!hasCode(error, 'WEIR_QUERY_MEMORY')) throw error
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
