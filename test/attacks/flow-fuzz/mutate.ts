import type { SeededRandom } from '../../kit/random.ts'

/** Values at the limits of decoders: lengths below a header, set ids, signs, variable lengths. */
const awkward = [0, 1, 2, 3, 4, 5, 7, 8, 255, 256, 257, 300, 1023, 0x7fff, 0x8000, 0xfffe, 0xffff]
/** Maximum size of a UDP datagram. */
const most = 65_507

/** Makes mutated datagrams of the corpus. All share one buffer. */
export class Mutator {
  readonly #random: SeededRandom
  readonly #bytes = Buffer.alloc(most)
  #length = 0

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** Valid until the next call. */
  next(corpus: readonly Buffer[]): Buffer {
    const random = this.#random
    this.#length = 0
    if (random.chance(0.02)) {
      this.#noise(random.integer(0, random.chance(0.02) ? 65_000 : 1500))
    } else {
      this.#append(random.pick(corpus))
      for (let changes = random.chance(0.6) ? 1 : random.integer(2, 6); changes > 0; changes--) this.#change(corpus)
    }
    return this.#bytes.subarray(0, this.#length)
  }

  #change(corpus: readonly Buffer[]) {
    const random = this.#random
    const bytes = this.#bytes
    const at = random.integer(0, Math.max(0, this.#length - 1))
    switch (random.integer(0, 9)) {
      case 0:
      case 1:
      case 2:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(0, 7))
        break
      case 3:
        bytes[at] = random.integer(0, 255)
        break
      case 4:
      case 5:
        bytes.writeUInt16BE(random.pick(awkward), at & ~1)
        break
      case 6:
        this.#length = random.integer(0, this.#length)
        break
      case 7:
        this.#noise(random.integer(1, 40))
        break
      case 8: {
        // Ends with bytes of another datagram.
        const other = random.pick(corpus)
        this.#length = at
        this.#append(other.subarray(random.integer(0, Math.max(0, other.length - 1))))
        break
      }
      default:
        this.#append(bytes.subarray(at, Math.min(this.#length, at + random.integer(1, 200))))
    }
  }

  #append(bytes: Uint8Array) {
    const count = Math.min(bytes.length, most - this.#length)
    this.#bytes.set(bytes.subarray(0, count), this.#length)
    this.#length += count
  }

  #noise(count: number) {
    const end = Math.min(most, this.#length + count)
    while (this.#length < end) this.#bytes[this.#length++] = this.#random.integer(0, 255)
  }
}
