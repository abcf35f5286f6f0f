import type { SeededRandom } from '../../kit/random.ts'

/** Values at which decoders err: lengths below a header, set ids, signs, the marks of variable length. */
const awkward = [0, 1, 2, 3, 4, 5, 7, 8, 255, 256, 257, 300, 1023, 0x7fff, 0x8000, 0xfffe, 0xffff]

/** A datagram that is not quite one of the corpus: each has at least one thing changed. */
export function mutate(random: SeededRandom, corpus: readonly Buffer[]): Buffer {
  let bytes: Buffer = Buffer.from(random.pick(corpus))
  if (random.chance(0.02)) return Buffer.from(random.bytes(random.integer(0, random.chance(0.02) ? 65_000 : 1500)))
  for (let changes = random.chance(0.6) ? 1 : random.integer(2, 6); changes > 0; changes--) bytes = change(random, bytes, corpus)
  return bytes
}

function change(random: SeededRandom, bytes: Buffer, corpus: readonly Buffer[]): Buffer {
  const anywhere = (): number => random.integer(0, Math.max(0, bytes.length - 1))
  switch (random.integer(0, 9)) {
    case 0:
    case 1:
    case 2: {
      // A bit, mostly behind the header.
      const at = anywhere()
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(0, 7))
      return bytes
    }
    case 3:
      bytes[anywhere()] = random.integer(0, 255)
      return bytes
    case 4:
    case 5: {
      const at = anywhere() & ~1
      if (at + 2 <= bytes.length) bytes.writeUInt16BE(random.pick(awkward), at)
      return bytes
    }
    case 6:
      return bytes.subarray(0, random.integer(0, bytes.length))
    case 7:
      return Buffer.concat([bytes, random.bytes(random.integer(1, 40))])
    case 8: {
      // The end of another one instead of its own.
      const other = random.pick(corpus)
      return Buffer.concat([bytes.subarray(0, anywhere()), other.subarray(random.integer(0, Math.max(0, other.length - 1)))])
    }
    default: {
      const from = anywhere()
      return Buffer.concat([bytes, bytes.subarray(from, from + random.integer(1, 200))])
    }
  }
}
