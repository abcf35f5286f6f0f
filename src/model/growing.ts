type Numbers = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array

export function withRoom<T extends Numbers>(from: T, length: number): T {
  if (length <= from.length) return from
  const to = new (from.constructor as new (length: number) => T)(Math.max(length, from.length + (from.length >> 2)))
  to.set(from)
  return to
}
