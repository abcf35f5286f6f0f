/** 53 bits over bytes: two rounds of FNV-1a. Collisions of some hundred thousand keys are practically excluded. */
export function hash53(seed: number, bytes: Uint8Array, at: number, length: number): number {
  let low = 0x811c9dc5 ^ (seed | 0)
  let high = 0xcbf29ce4 ^ Math.floor(seed / 0x1_0000_0000)
  for (let i = 0; i < length; i++) {
    const byte = bytes[at + i]!
    low = Math.imul(low ^ byte, 0x01000193)
    high = Math.imul(high ^ byte ^ (low >>> 16), 0x01000193)
  }
  return ((high >>> 11) & 0x1f_ffff) * 0x1_0000_0000 + (low >>> 0)
}
