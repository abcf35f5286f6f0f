/** True if all bytes or words are 0. */
export function isZero(items: Uint8Array | Uint32Array | Int32Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (items[at] !== 0) return false
  return true
}
