import { varint } from './block.ts'

const utf8 = new TextEncoder()

/** Numbers the distinct texts of a block, and encodes each once. Number 0 is absent. */
export class BlockTexts {
  readonly #numbers = new Map<string, number>()
  readonly #encoded: Uint8Array[] = [Uint8Array.of(0)]
  readonly #dictionaries = new Map<readonly string[], Uint32Array>()

  get count(): number {
    return this.#encoded.length
  }

  number(text: string): number {
    const existing = this.#numbers.get(text)
    if (existing !== undefined) return existing
    const number = this.#encoded.length
    const bytes = utf8.encode(text)
    const length = varint(bytes.length)
    const encoded = new Uint8Array(length.length + bytes.length)
    encoded.set(length)
    encoded.set(bytes, length.length)
    this.#encoded.push(encoded)
    this.#numbers.set(text, number)
    return number
  }

  encoded(number: number): Uint8Array {
    return this.#encoded[number]!
  }

  /** Numbers by code of a dictionary, filled in by {@link of}. */
  dictionary(dictionary: readonly string[]): Uint32Array {
    let numbers = this.#dictionaries.get(dictionary)
    if (numbers === undefined) this.#dictionaries.set(dictionary, (numbers = new Uint32Array(dictionary.length)))
    return numbers
  }

  /** `known`: of {@link dictionary}. Code 0 is absent. */
  of(numbers: Uint32Array, dictionary: readonly string[], code: number): number {
    if (code === 0) return 0
    const number = numbers[code]!
    return number === 0 ? (numbers[code] = this.number(dictionary[code] ?? '')) : number
  }
}
