export const partitioners = ['murmur2', 'fnv1a'] as const
export type Partitioner = (typeof partitioners)[number]

export function partitionOf(partitioner: Partitioner, key: Uint8Array, count: number): number {
  return partitionOfHash(partitioner, hashOf(partitioner, key), count)
}

/** Signed 32 bits. */
export function hashOf(partitioner: Partitioner, bytes: Uint8Array, from = 0, to = bytes.length): number {
  return partitioner === 'murmur2' ? murmur2(bytes, from, to) : fnv1a(bytes, from, to) | 0
}

export function partitionOfHash(partitioner: Partitioner, hash: number, count: number): number {
  // Java clears the sign bit; Sarama takes the absolute remainder.
  return partitioner === 'murmur2' ? (hash & 0x7fff_ffff) % count : Math.abs(hash % count)
}

export function murmur2(bytes: Uint8Array, from = 0, to = bytes.length): number {
  const mix = 0x5bd1_e995
  const whole = from + ((to - from) & ~3)
  let hash = 0x9747_b28c ^ (to - from)
  for (let at = from; at < whole; at += 4) {
    let word = Math.imul(
      byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16) | (byte(bytes, at + 3) << 24),
      mix,
    )
    word ^= word >>> 24
    hash = Math.imul(hash, mix) ^ Math.imul(word, mix)
  }
  if (whole < to) {
    for (let at = whole; at < to; at++) hash ^= byte(bytes, at) << (8 * (at - whole))
    hash = Math.imul(hash, mix)
  }
  hash = Math.imul(hash ^ (hash >>> 13), mix)
  return hash ^ (hash >>> 15)
}

export function fnv1a(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let hash = 0x811c_9dc5
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ byte(bytes, at), 0x0100_0193)
  return hash >>> 0
}

function byte(bytes: Uint8Array, at: number) {
  return bytes[at] ?? 0
}
