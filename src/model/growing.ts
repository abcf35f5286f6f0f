export type Numbers = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array

/** The array itself where it has room for so many, else a copy with a quarter as much room again, and what is new 0. */
export function withRoom<T extends Numbers>(from: T, length: number): T {
  if (length <= from.length) return from
  const to = new (from.constructor as new (length: number) => T)(Math.max(length, from.length + (from.length >> 2)))
  to.set(from)
  return to
}
