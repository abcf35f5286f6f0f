type Hash = readonly [number, number, number, number]

/** Four lanes, and the number of bytes. */
type Lanes = Int32Array

const newLanes = (): Lanes => Int32Array.of(0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93, 0)

function rotate(value: number, by: number) {
  return (value << by) | (value >>> (32 - by))
}

function finish(value: number): number {
  let h = value ^ (value >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}

function feed(lanes: Lanes, bytes: Uint8Array, from: number, to: number) {
  let [a, b, c, d] = [lanes[0]!, lanes[1]!, lanes[2]!, lanes[3]!]
  for (let i = from; i < to; i++) {
    const byte = bytes[i]! + 1
    a = (Math.imul(rotate(a ^ byte, 13), 0xcc9e2d51) + 0x561ccd1b) | 0
    b = (Math.imul(rotate(b ^ byte, 15), 0x1b873593) + 0x0bcaa747) | 0
    c = (Math.imul(rotate(c ^ byte, 17), 0x85ebca6b) + 0x96cd1c35) | 0
    d = (Math.imul(rotate(d ^ byte, 19), 0xc2b2ae35) + 0x32ac3b17) | 0
  }
  lanes[0] = a
  lanes[1] = b
  lanes[2] = c
  lanes[3] = d
  lanes[4] = lanes[4]! + to - from
}

function digest(lanes: Lanes, into: Uint32Array, at: number) {
  const a = finish(lanes[0]! ^ lanes[4]!)
  const b = finish(lanes[1]! ^ a)
  const c = finish(lanes[2]! ^ b)
  const d = finish(lanes[3]! ^ c)
  into[at] = finish((a + d) | 0)
  into[at + 1] = b
  into[at + 2] = c
  into[at + 3] = d
}

/** 128-bit hash of concatenated pieces, finalized as in MurmurHash3; not cryptographic. */
export function murmur128(pieces: readonly Uint8Array[]): Hash {
  const lanes = newLanes()
  for (const piece of pieces) feed(lanes, piece, 0, piece.length)
  const words = new Uint32Array(4)
  digest(lanes, words, 0)
  return [words[0]!, words[1]!, words[2]!, words[3]!]
}

/** Heap items with the prefix of their row; four words per row. */
export function murmur128Rows(
  count: number,
  prefixOf: Readonly<{ codes: Uint32Array; bytes: (code: number) => Uint8Array }>,
  items: Readonly<{ offsets: Uint32Array; bytes: Uint8Array }>,
): Uint32Array {
  const words = new Uint32Array(4 * count)
  const prefixes = new Map<number, Lanes>()
  const lanes = newLanes()
  for (let row = 0; row < count; row++) {
    const code = prefixOf.codes[row]!
    let prefix = prefixes.get(code)
    if (prefix === undefined) {
      prefixes.set(code, (prefix = newLanes()))
      const bytes = prefixOf.bytes(code)
      feed(prefix, bytes, 0, bytes.length)
    }
    lanes.set(prefix)
    feed(lanes, items.bytes, items.offsets[row]!, items.offsets[row + 1]!)
    digest(lanes, words, 4 * row)
  }
  return words
}
